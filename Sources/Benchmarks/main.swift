import Glibc
import Learning

// swift run -c release Benchmarks [SUITE…] [--json]
// swift run -c release Benchmarks sped FOLDER NAME [live|vdf|nmf…]  (a set of files with truth)
// swift run -c release Benchmarks imaging FOLDER [OPERATION] (writes its inputs there, for the script in Peers)
// swift run -c release Benchmarks formats FOLDER              (for the script in Peers, which fills FOLDER)

OpenMPPolicy.ensurePassive()

/// The one list of suites.
let suites: [(name: String, run: @Sendable () async -> [Measurement])] = [
  ("live", liveSuite),
  ("watcher", { await withTemporaryFolder { await WatcherSuite.run(in: $0) } }),
  ("session", { await withTemporaryFolder { sessionSuite(in: $0) } }),
  ("memory", { await withTemporaryFolder { await MemorySuite.run(in: $0) } }),
  ("digest", { await withTemporaryFolder { digestSuite(in: $0) } }),
  ("networks", networksSuite),
  ("pacbed", { await withTemporaryFolder { await PACBEDSuite.run(in: $0) } }),
  ("pacbed-frame", PACBEDFrameSuite.run),
  ("pacbed-accuracy", PACBEDAccuracySuite.run),
  ("pacbed-references", PACBEDReferenceSuite.run),
  ("pacbed-swaps", PACBEDSwapSuite.run),
  ("pacbed-fit", PACBEDFitSuite.run),
  ("cbleed", cbleedSuite),
  ("cbleed-reading", cbleedReadingSuite),
  ("cbleed-published", cbleedPublishedSuite),
  ("cbleed-latents", cbleedLatentsSuite),
  ("sped", SPEDSuite.run),
]

let words = Array(CommandLine.arguments.dropFirst())
if words.count >= 2, words[0] == "formats" {
  FormatsSuite.run(folder: words[1], worker: Array(words.dropFirst(2)))
  exit(0)
}
if words.count >= 3, words[0] == "sped" {
  SPEDSuite.score(folder: words[1], name: words[2], methods: Array(words.dropFirst(3)))
  exit(0)
}
if words.first == "imaging" {
  ImagingSuite.run(exportingTo: words.count > 1 ? words[1] : nil, only: words.count > 2 ? words[2] : "")
  exit(0)
}
let isJSON = words.contains("--json")
let wanted = words.filter { $0 != "--json" }
for name in wanted where !suites.contains(where: { $0.name == name }) {
  print("Benchmarks: \(name) is none of \(suites.map(\.name).joined(separator: ", ")), imaging, formats")
  exit(2)
}
for suite in suites where wanted.isEmpty || wanted.contains(suite.name) {
  if !isJSON { print("\n\(suite.name)") }
  for row in await suite.run() {
    if isJSON {
      print(row.line(suite.name))
    } else {
      let value = row.median.isFinite ? "\((row.median * 1000).rounded() / 1000)" : "null"
      let pad = String(repeating: " ", count: max(1, 58 - row.name.count))
      let goal = row.goal.isEmpty ? "" : "   (goal \(row.goal))"
      print("  \(row.name)\(pad)\(value) \(row.unit)\(goal)")
    }
  }
}
