import Glibc
import Learning

// swift run -c release Benchmarks [SUITE…] [--json | --check | --record]
//   --check: is any figure worse than thresholds.tsv allows, or any answer another? Then it exits with 1.
//   --record: the figures of these suites, and somewhat more of time and memory, are what is allowed.
// swift run -c release Benchmarks sped FOLDER NAME [live|vdf|nmf…]  (a set of files with truth)
// swift run -c release Benchmarks imaging FOLDER [OPERATION] (writes its inputs there, for the script in Peers)
// swift run -c release Benchmarks formats FOLDER              (for the script in Peers, which fills FOLDER)

OpenMPPolicy.ensurePassive()

/// The one list of suites.
let suites: [(name: String, run: @Sendable () async -> [Measurement])] = [
  ("live", liveSuite),
  ("full-folder", fullFolderSuite),
  ("slow-link", { await withTemporaryFolder { slowLinkSuite(in: $0) } }),
  ("watcher", { await withTemporaryFolder { await WatcherSuite.run(in: $0) } }),
  ("session", { await withTemporaryFolder { sessionSuite(in: $0) } }),
  ("memory", { await withTemporaryFolder { await MemorySuite.run(in: $0) } }),
  ("engine-memory", EngineMemorySuite.run),
  ("digest", { await withTemporaryFolder { digestSuite(in: $0) } }),
  ("networks", networksSuite),
  ("pacbed", { await withTemporaryFolder { await PACBEDSuite.run(in: $0) } }),
  ("pacbed-frame", PACBEDFrameSuite.run),
  ("pacbed-accuracy", PACBEDAccuracySuite.run),
  ("pacbed-references", PACBEDReferenceSuite.run),
  ("pacbed-foreign", PACBEDForeignSuite.run),
  ("pacbed-real", PACBEDRealSuite.run),
  ("pacbed-robust", PACBEDRobustSuite.run),
  ("pacbed-series", PACBEDSeriesSuite.run),
  ("pacbed-swaps", PACBEDSwapSuite.run),
  ("pacbed-fit", PACBEDFitSuite.run),
  ("transfer", TransferSuite.run),
  ("cbleed", cbleedSuite),
  ("cbleed-reading", cbleedReadingSuite),
  ("cbleed-published", cbleedPublishedSuite),
  ("cbleed-latents", cbleedLatentsSuite),
  ("sped", SPEDSuite.run),
  ("atoms", AtomsSuite.run),
  ("atoms-space", AtomsSpaceSuite.run),
  ("frame-scaling", FrameScalingSuite.run),
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
let options: Set<String> = ["--json", "--check", "--record"]
let chosen = Set(words).intersection(options)
let wanted = words.filter { !options.contains($0) }
for name in wanted where !suites.contains(where: { $0.name == name }) {
  print("Benchmarks: \(name) is none of \(suites.map(\.name).joined(separator: ", ")), imaging, formats")
  exit(2)
}
var thresholds = Thresholds()
if chosen.contains("--check"), thresholds == nil {
  print("Benchmarks: \(Thresholds.path) cannot be read; --record writes it")
  exit(2)
}
let pace = chosen.isSubset(of: ["--json"]) ? .nan : yardstick()
var worse: [String] = []
for suite in suites where wanted.isEmpty || wanted.contains(suite.name) {
  if !chosen.contains("--json") { print("\n\(suite.name)") }
  for row in await suite.run() {
    let ratio = thresholds?.ratio(row, of: suite.name, yardstick: pace)
    if chosen.contains("--json") {
      print(row.line(suite.name))
    } else if chosen.contains("--check") {
      if let ratio, ratio > 1 { worse.append("\(suite.name): \(row.name)") }
      print(row.text + (ratio.map { "   \(($0 * 100).rounded() / 100) of what is allowed" } ?? "   new"))
    } else {
      print(row.text + (row.goal.isEmpty ? "" : "   (goal \(row.goal))"))
    }
    if chosen.contains("--record") {
      // Other suites keep their limits; they are of the pace that the file says.
      if thresholds == nil { thresholds = Thresholds(yardstick: pace) }
      thresholds?.note(row, of: suite.name, yardstick: pace)
    }
  }
}
if chosen.contains("--record") { try thresholds?.write() }
for name in worse { print("worse than allowed: \(name)") }
exit(worse.isEmpty ? 0 : 1)
