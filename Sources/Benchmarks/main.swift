import Glibc

// swift run -c release Benchmarks [SUITE…] [--json]

/// The one list of suites.
let suites: [(name: String, run: () async -> [Measurement])] = [
  ("cbleed", cbleedSuite)
]

let words = CommandLine.arguments.dropFirst()
let isJSON = words.contains("--json")
let wanted = words.filter { $0 != "--json" }
for name in wanted where !suites.contains(where: { $0.name == name }) {
  print("Benchmarks: \(name) is none of \(suites.map(\.name).joined(separator: ", "))")
  exit(2)
}
for suite in suites where wanted.isEmpty || wanted.contains(suite.name) {
  if !isJSON { print("\n\(suite.name)") }
  for row in await suite.run() {
    let value = row.median.isFinite ? "\((row.median * 1000).rounded() / 1000)" : "null"
    if isJSON {
      print(#"{"suite":"\#(suite.name)","case":"\#(row.name)","median":\#(value),"unit":"\#(row.unit)"}"#)
    } else {
      let pad = String(repeating: " ", count: max(1, 58 - row.name.count))
      let goal = row.goal.isEmpty ? "" : "   (goal \(row.goal))"
      print("  \(row.name)\(pad)\(value) \(row.unit)\(goal)")
    }
  }
}
