import Glibc
import System

/// The cluster's commands, as far as this machine has them.
package struct Slurm: Sendable {
  private let sbatch: String?
  private let squeue: String?
  private let sacct: String?
  private static let jobName = "ewald-sweep"

  package init() {
    sbatch = Self.find("sbatch")
    squeue = Self.find("squeue")
    sacct = Self.find("sacct")
  }

  /// Whether something can be submitted.
  package var isThere: Bool { sbatch != nil }

  private static func find(_ name: String) -> String? {
    (Environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }.first {
      PathText.withCString($0) { access($0, X_OK) == 0 }
    }
  }

  // MARK: - Asking

  /// What is known of these arrays. Nil where nobody answers: then the files alone tell.
  package func tasks(of jobs: [String]) -> SlurmTasks? {
    guard !jobs.isEmpty else { return SlurmTasks() }
    var tasks = SlurmTasks()
    // All of this user's sweeps: who asks for the number of an array that is forgotten is refused.
    let question = ["-h", "-r", "-t", "all", "--me", "-n", Self.jobName, "-o", "%i|%T|%r"]
    guard let squeue, let lines = Self.answer(squeue, question) else { return nil }
    tasks.add(squeue: lines)
    for some in stride(from: 0, to: jobs.count, by: 200).map({ jobs[$0..<min($0 + 200, jobs.count)] }) {
      let list = some.joined(separator: ",")
      if let sacct, let lines = Self.answer(sacct, ["-n", "-P", "-X", "-j", list, "-o", "JobID,State"]) {
        tasks.add(sacct: lines)
      }
    }
    return tasks
  }

  private static func answer(_ program: String, _ words: [String]) -> [String]? {
    guard let process = Companion(program, words) else { return nil }
    var lines: [String] = []
    return process.lines { if lines.count < 4_000_000 { lines.append($0) } } == 0 ? lines : nil
  }

  // MARK: - Submitting

  /// The script of every array. It stays the process that Slurm knows, so that signals reach it.
  package static func script(program: String, folder: String) -> String {
    """
    #!/bin/sh
    # One task of a sweep: line $SLURM_ARRAY_TASK_ID of submission $1. Written by `ewald sweep`.
    exec \(quoted(program)) sweep part \(quoted(folder)) --submission "$1" --task "$SLURM_ARRAY_TASK_ID"

    """
  }

  /// As one word of a shell.
  static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  /// Submits parts, each level behind those that its parts start from. `waitingFor`: arrays that are at work on such
  /// parts already. Returns Slurm's numbers.
  package func submit(
    _ numbers: [Int], of folder: SweepFolder, program: String, waitingFor: (Part) -> [String]
  ) throws(SweepError) -> [Submission] {
    guard let sbatch else {
      throw SweepError("sbatch is not on this machine; --here does the parts without Slurm")
    }
    let script = "\(folder.path)/array.sh"
    do {
      try NewFile.write(Array(Self.script(program: program, folder: folder.path).utf8), to: script)
    } catch {
      throw SweepError(error)
    }
    let parts = numbers.compactMap { folder.list.part($0) }
    var made: [Submission] = []
    for level in Set(parts.map(\.level)).sorted() {
      let here = parts.filter { $0.level == level }
      for start in stride(from: 0, to: here.count, by: folder.list.slurm.arraySize) {
        let some = Array(here[start..<min(start + folder.list.slurm.arraySize, here.count)])
        let parents = Set(some.compactMap(\.parent))
        let behind =
          made.filter { !parents.isDisjoint(with: $0.parts) }.compactMap(\.job) + some.flatMap(waitingFor)
        made.append(try submit(some.map(\.number), of: folder, sbatch, script, behind: behind))
      }
    }
    return made
  }

  private func submit(
    _ numbers: [Int], of folder: SweepFolder, _ sbatch: String, _ script: String, behind: [String]
  ) throws(SweepError) -> Submission {
    // Before it is handed over: a task may begin at once, and reads which part is its own.
    var submission = try Submission.make(numbers, in: folder.path)
    let words = Self.words(submission, of: folder, behind: behind) + [script, submission.name]
    guard let process = Companion(sbatch, words) else {
      submission.withdraw(in: folder.path)
      throw SweepError("\(sbatch): cannot be started: \(Errno(errno))")
    }
    var said: [String] = []
    let code = process.lines { said.append($0) }
    // `123`, or `123;cluster`.
    let job = said.last.map { String($0.prefix { $0 != ";" }) } ?? ""
    guard code == 0, !job.isEmpty, job.allSatisfy(\.isNumber) else {
      submission.withdraw(in: folder.path)
      throw SweepError("sbatch refused it: \(said.joined(separator: " ").prefix(300))")
    }
    try submission.note(job, in: folder.path)
    submission.job = job
    return submission
  }

  package static func words(_ submission: Submission, of folder: SweepFolder, behind: [String]) -> [String] {
    let request = folder.list.slurm
    let most = request.atOnce.map { "%\($0)" } ?? ""
    var words = [
      "--parsable", "--array=0-\(submission.parts.count - 1)\(most)", "--job-name=\(jobName)",
      "--output=\(folder.path)/logs/%A_%a", "--open-mode=append", "--requeue",
    ]
    var once = Set<String>()
    let jobs = behind.filter { once.insert($0).inserted }
    if !jobs.isEmpty { words.append("--dependency=afterany:\(jobs.joined(separator: ":"))") }
    return words + request.words
  }
}
