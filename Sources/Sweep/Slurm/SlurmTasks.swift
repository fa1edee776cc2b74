import System

/// What Slurm says of tasks, by their number (`123_4`).
package struct SlurmTasks: Sendable, Equatable {
  package enum State: Sendable, Equatable {
    case pending(reason: String)
    case running
    /// It ended, in Slurm's word: COMPLETED, FAILED, TIMEOUT, PREEMPTED, NODE_FAIL, CANCELLED, OUT_OF_MEMORY …
    case ended(String)
  }

  package private(set) var states: [String: State] = [:]

  package init() {}

  package subscript(task: String) -> State? { states[task] }

  /// `squeue -h -r -t all -o '%i|%T|%r'`: what waits and runs, and for some minutes what has ended.
  package mutating func add(squeue lines: some Sequence<some StringProtocol>) {
    for line in lines {
      let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(\.trimmed)
      guard fields.count >= 2 else { continue }
      for task in Self.tasks(fields[0]) {
        states[task] = Self.state(fields[1], fields.count > 2 ? fields[2] : "")
      }
    }
  }

  /// `sacct -n -P -X -o JobID,State`. What squeue knows is newer: a task that was queued again has an old end, too.
  package mutating func add(sacct lines: some Sequence<some StringProtocol>) {
    for line in lines {
      let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(\.trimmed)
      guard fields.count >= 2, !fields[0].contains(".") else { continue }
      for task in Self.tasks(fields[0]) where states[task] == nil { states[task] = Self.state(fields[1], "") }
    }
  }

  private static func state(_ word: String, _ reason: String) -> State {
    // `CANCELLED by 1000`, and a plus behind what was cut.
    let word = word.prefix { $0.isLetter || $0 == "_" }.uppercased()
    switch word {
    case "PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD":
      return .pending(reason: reason)
    case "RUNNING", "COMPLETING", "CONFIGURING", "STAGE_OUT", "SIGNALING", "SUSPENDED", "STOPPED", "RESIZING":
      return .running
    default: return .ended(word)
    }
  }

  /// `12_3` is one task, `12_[3,5-9%2]` are those of an array that have no number of their own yet.
  static func tasks(_ text: String) -> [String] {
    guard let open = text.firstIndex(of: "[") else { return text.isEmpty ? [] : [text] }
    let array = text[..<open]
    let list = text[text.index(after: open)...].prefix { $0 != "]" && $0 != "%" }
    var tasks: [String] = []
    for piece in list.split(separator: ",") {
      let ends = piece.split(separator: "-").compactMap { Int($0) }
      guard let low = ends.first, let high = ends.last, low >= 0, low <= high, high - low < 1_000_000,
        tasks.count < 1_000_000
      else { continue }
      for number in low...high { tasks.append("\(array)\(number)") }
    }
    return tasks
  }
}
