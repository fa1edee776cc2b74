import Glibc
import System

import Sweep

/// A folder that goes with its test.
final class Scratch {
  let path: String

  init() throws { path = try Folder.makeTemporary("ewald-sweep-test") }
  deinit { Folder.removeTree(path) }

  func write(_ text: String, to name: String) throws {
    try NewFile.write(Array(text.utf8), to: "\(path)/\(name)", durability: .cached)
  }
}

/// Two tasks as the program might have them; nothing of it is run.
let tasks = [
  SweepTask(
    name: "train thing",
    settings: [
      "crystal": true, "zone": true, "voltage_kv": true, "steps": true, "foreground": false, "output": true,
      "from": true,
    ], files: ["crystal"], required: ["crystal"], reserved: ["output", "from"], always: ["--timeless"],
    learns: true, check: { _ in }),
  SweepTask(
    name: "simulate thing", settings: ["samples": true, "output": true], reserved: ["output"], check: { _ in }
  ),
]

/// A plan as a file's lines say it: `name = value`.
func plan(_ text: String, hint: (String, [String]) -> String = { _, _ in "" }) throws -> SweepPlan {
  var entries: [PlanEntry] = []
  for (number, line) in text.split(separator: "\n").enumerated() {
    let parts = line.split(separator: "=", maxSplits: 1).map(\.trimmed)
    entries.append(try PlanEntry(parts[0], text: parts[1], place: "plan, line \(number + 1)"))
  }
  return try SweepPlan(entries, file: "plan", tasks: tasks, hint: hint)
}

func owner(_ nonce: String, job: String? = nil) -> Lease.Owner {
  Lease.Owner(nonce: nonce, host: "node-\(nonce)", space: "elsewhere", process: 7, begun: "1", job: job)
}

/// A sweep of three parts, of which the last two start from the first.
func family(in scratch: Scratch, lease: Int = 90) throws -> SweepFolder {
  var parts = (1...3).map {
    Part(number: $0, name: "part-\($0)", words: ["train", "thing", "--steps", "9"], inputs: [])
  }
  for index in 1...2 {
    parts[index].parent = 1
    parts[index].level = 1
  }
  let list = PartList(
    task: "train thing", parts: parts, transferSteps: "3", lease: lease, slurm: SlurmRequest())
  return try SweepFolder.make("\(scratch.path)/sweep", plan: [], list: list, files: [])
}

/// Puts a result there as a part would.
func finish(_ part: Part, of folder: SweepFolder, text: String = "weights") throws {
  let place = folder.result(of: part)
  try Folder.make(place)
  try NewFile.write(Array(text.utf8), to: "\(place)/network", durability: .cached)
  let parent = try part.parent.flatMap { folder.list.part($0) }.map {
    (name: $0.name, sha256: try PartResult(folder: folder.result(of: $0)).sha256)
  }
  let result = PartResult(
    part: part.name, command: folder.list.command(part), inputs: part.inputs, parent: parent,
    files: try PartResult.files(in: place))
  try NewFile.write(result.bytes, to: "\(place)/part.json", durability: .cached)
}
