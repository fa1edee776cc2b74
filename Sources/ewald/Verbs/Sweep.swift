import Glibc
import JSON
import Sweep
import System

let sweepVerb = Verb(
  name: "sweep", operands: "FILE|status DIR|collect DIR|retry DIR",
  summary: "one command for many crystals, zones, voltages: as a job array of Slurm, or here",
  options: [
    Verb.Option("--output", "DIR", "the sweep's folder (FILE without its ending, and .sweep)"),
    Verb.Option("--here", nil, "on this machine, without Slurm"),
    Verb.Option("--jobs", "N", "parts at a time, with --here (1)"),
    Verb.Option("--plan-only", nil, "write the folder and begin nothing"),
    Verb.Option("--all", nil, "retry: also what failed by its own fault"),
    Verb.Option("--json", nil, "status, collect: a JSON line a part"),
    Verb.Option("--part", "N", "part DIR: do this part; what every task runs"),
    Verb.Option("--submission", "NAME", "part DIR: the array that a task belongs to"),
    Verb.Option("--task", "N", "part DIR: its number in the array"),
  ],
  run: { arguments in
    do {
      switch (arguments.operands.first, arguments.operands.count) {
      case (let path?, 1): return try SweepBeginning(path, arguments).run()
      case ("status", 2): return try SweepReport.status(arguments.operands[1], arguments)
      case ("collect", 2): return try SweepReport.collect(arguments.operands[1], arguments)
      case ("retry", 2): return try retry(arguments.operands[1], arguments)
      case ("part", 2): return try part(arguments.operands[1], arguments)
      default:
        throw UsageError("sweep: a plan's FILE, or status, collect or retry with the sweep's DIR is needed")
      }
    } catch let error as SweepError {
      throw Failure("sweep: \(error)")
    }
  })

/// From a plan's file to a sweep that is under way.
private struct SweepBeginning {
  private let path: String
  private let arguments: Arguments

  init(_ path: String, _ arguments: Arguments) {
    self.path = path
    self.arguments = arguments
  }

  func run() throws -> ExitCode {
    guard let text = try? WholeFile.bytes(path, limit: 1 << 24) else {
      throw UsageError(
        "\(path): cannot be read; a plan's FILE, or status, collect or retry with a DIR is needed")
    }
    let plan: SweepPlan
    var list: PartList
    var files = PlanFiles(folder: path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "")
    do {
      plan = try SweepPlan(try entries(text), file: path, tasks: SweepTask.all, hint: Spelling.hint)
      guard let task = SweepTask.all.first(where: { $0.name == plan.task }) else {
        throw UsageError("\(path): \(plan.task): is no task")
      }
      list = try PartList(plan, task: task, files: &files)
      do {
        try task.finished(&list, plan, files)
      } catch {
        throw UsageError("\(path): \(error)")
      }
    } catch let error as SweepError {
      throw UsageError(error.description)
    }
    let output = arguments["--output"] ?? Self.standardOutput(path)
    let folder = try SweepFolder.make(output, plan: text, list: list, files: Array(files.files.values))
    let starts = list.parts.count { $0.parent == nil }
    Console.message(
      "\(output): \(list.parts.count) parts of \(list.task)"
        + (starts < list.parts.count ? ", \(list.parts.count - starts) start from a neighbour's network" : "")
    )
    if arguments.has("--plan-only") { return .ok }
    // The same command again goes on with what is not done.
    return try go(folder, SweepStatus(folder), arguments, isHere: arguments.has("--here"))
  }

  private func entries(_ text: [UInt8]) throws -> [PlanEntry] {
    if path.hasSuffix(".json") {
      do {
        return try PlanEntry.list(try JSONValue(text), file: path)
      } catch let error as JSONError {
        throw UsageError("\(path): \(error)")
      }
    }
    return try SettingsFile.lines(path).map {
      try PlanEntry($0.name, text: $0.value, place: "\(path), line \($0.number)")
    }
  }

  private static func standardOutput(_ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return path + ".sweep" }
    return String(path.dropLast(name[dot...].count)) + ".sweep"
  }
}

private func retry(_ path: String, _ arguments: Arguments) throws -> ExitCode {
  let folder = try SweepFolder(path)
  let status = SweepStatus(folder, verify: true)
  let isHere = arguments.has("--here") || Submission.all(in: folder.path).isEmpty
  return try go(folder, status, arguments, isHere: isHere)
}

/// Does what is to be done, or hands it to Slurm.
private func go(
  _ folder: SweepFolder, _ status: SweepStatus, _ arguments: Arguments, isHere: Bool
) throws -> ExitCode {
  let parts = status.forRetry(everything: arguments.has("--all"))
  guard !parts.isEmpty else {
    if status.isComplete {
      Console.line("complete: \(folder.list.parts.count) of \(folder.list.parts.count) parts are done")
      return .ok
    }
    Console.line("nothing to do again: \(SweepReport.counts(status))")
    return status.count(.failed) > 0 ? .someRefused : .ok
  }
  if isHere { return try doHere(folder, parts, status, arguments) }
  guard !status.isSlurmSilent else {
    throw Failure("sweep: Slurm does not answer, and what it has of this sweep is not known; try again later")
  }
  guard let program = FilePath.resolved("/proc/self/exe") else {
    throw Failure("sweep: cannot tell where this program lies")
  }
  let made = try Slurm().submit(parts, of: folder, program: program) { status.jobs(before: $0) }
  for submission in made {
    Console.line("submitted: \(submission.parts.count) parts as job \(submission.job ?? "")")
  }
  return .ok
}

private func doHere(
  _ folder: SweepFolder, _ parts: [Int], _ status: SweepStatus, _ arguments: Arguments
) throws -> ExitCode {
  let jobs = Int(try arguments.number("--jobs", 1, in: 1...1024))
  let interruption = Interruption()
  let done = Set(status.rows.filter { $0.state.kind == .done }.map(\.part.number))
  let run = HereRun(
    folder, parts: parts, done: done, isStopped: { interruption.came }, report: { Console.message($0) })
  switch run.run(jobs: jobs) {
  case .interrupted:
    Console.message("stopped; ewald sweep retry \(folder.path) goes on")
    return .interrupted
  case .complete, .incomplete:
    let after = SweepStatus(folder)
    Console.line(SweepReport.counts(after))
    return after.isComplete ? .ok : .someRefused
  }
}

/// What a task of the array runs.
private func part(_ path: String, _ arguments: Arguments) throws -> ExitCode {
  let folder = try SweepFolder(path)
  let most = Double(SweepTaskNumber.most)
  let number: Int
  if let name = arguments["--submission"] {
    guard let index = Int(name), let submission = Submission(index, in: folder.path) else {
      throw UsageError("sweep part: --submission \(name): is none of \(path)/submissions")
    }
    let task = Int(try arguments.number("--task", -1, in: 0...most))
    guard submission.parts.indices.contains(task) else {
      throw UsageError("sweep part: --task \(task): the submission has \(submission.parts.count) parts")
    }
    number = submission.parts[task]
  } else {
    number = Int(try arguments.number("--part", 0, in: 0...most))
  }
  guard let part = folder.list.part(number) else {
    throw UsageError("sweep part: --part \(number): the sweep has parts 1 to \(folder.list.parts.count)")
  }
  let interruption = Interruption()
  switch try PartRun(folder, part, isStopped: { interruption.came }).run() {
  case .done:
    Console.message("\(part.name): done")
    return .ok
  case .interrupted:
    Console.message("\(part.name): told to stop; another try goes on from its checkpoint")
    return .interrupted
  case .failed(let why): throw Failure("\(part.name): \(why)")
  case .busy(let host):
    Console.message("\(part.name): is being done on \(host)")
    return .someRefused
  case .waits(let parent):
    Console.message("\(part.name): starts from \(parent), which is not done")
    return .someRefused
  }
}

private enum SweepTaskNumber {
  static let most = 10_000_000
}

/// The process of a part's work, see `Step`.
let sweepStepVerb = Verb(
  name: PartRun.stepVerb, operands: "", summary: "", options: [], isHidden: true,
  run: { arguments in
    let words = arguments.operands
    guard words.count > 2, let program = FilePath.resolved("/proc/self/exe") else {
      throw UsageError("\(PartRun.stepVerb): is started by sweep part")
    }
    throw Failure("\(Step.become(program, parent: words[0], folder: words[1], words: Array(words[2...])))")
  })

/// How it stands, for people and for programs.
private enum SweepReport {
  static func counts(_ status: SweepStatus) -> String {
    PartState.Kind.allCases.compactMap { kind in
      let count = status.count(kind)
      return count > 0 ? "\(count) \(kind.rawValue)" : nil
    }.joined(separator: ", ")
  }

  static func status(_ path: String, _ arguments: Arguments) throws -> ExitCode {
    let folder = try SweepFolder(path)
    let status = SweepStatus(folder)
    if arguments.has("--json") {
      for row in status.rows {
        var json = JSONWriter()
        json.object { json in
          json.member("part", row.part.number)
          json.member("name", row.part.name)
          json.member("state", row.state.kind.rawValue)
          json.member("detail", row.state.detail)
          json.member("attempts", row.attempts.count)
        }
        Console.line(json.text)
      }
      return .ok
    }
    if status.isSlurmSilent { Console.message("Slurm does not answer: what waits there cannot be told") }
    Console.line("\(folder.list.parts.count) parts of \(folder.list.task): \(counts(status))")
    for row in status.rows where ![.done, .queued, .planned].contains(row.state.kind) {
      let detail = row.state.detail.isEmpty ? "" : ": \(row.state.detail)"
      Console.line("  \(row.part.name)  \(row.state.kind.rawValue)\(detail)")
    }
    let again = status.forRetry().count
    if again > 0 { Console.message("ewald sweep retry \(path) does \(again) of them (again)") }
    return .ok
  }

  static func collect(_ path: String, _ arguments: Arguments) throws -> ExitCode {
    let folder = try SweepFolder(path)
    let harvest = Harvest(folder)
    try harvest.write(to: folder)
    if arguments.has("--json") {
      for result in harvest.results {
        var json = JSONWriter()
        json.object { json in
          json.member("name", result.part)
          json.member("sha256", result.sha256)
          json.member("bytes", result.size)
        }
        Console.line(json.text)
      }
    }
    for (part, why) in harvest.missing { Console.message("\(part.name): \(why)") }
    func short(_ x: Double, _ places: Double = 100) -> String { String((x * places).rounded() / places) }
    let all = folder.list.parts.count
    Console.line("\(harvest.results.count) of \(all) results, \(short(Double(harvest.bytes) / 1e6)) MB")
    Console.line(
      "\(harvest.attempts) attempts, \(short(harvest.seconds / 3600, 1000)) h, "
        + "\(short(harvest.processorSeconds / 3600, 1000)) h of processors, at most \(short(harvest.peakMegabytes, 1)) MB of memory"
    )
    Console.line("sha256 \(harvest.sha256)")
    return harvest.missing.isEmpty ? .ok : .someRefused
  }
}
