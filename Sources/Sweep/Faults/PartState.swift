import System

/// How it stands with a part, told from its files and, where there is one, from Slurm.
package struct PartState: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    case done, running, queued, waiting, planned, stopped, died, failed, damaged
  }

  package var kind: Kind
  /// In words, for those who look.
  package var detail: String

  package init(_ kind: Kind, _ detail: String = "") {
    self.kind = kind
    self.detail = detail
  }

  /// Whether it is done again without being asked for by name: what failed would fail again.
  package var isForRetry: Bool {
    switch kind {
    case .waiting, .planned, .stopped, .died, .damaged: true
    case .done, .running, .queued, .failed: false
    }
  }
}

extension PartState {
  /// What is known of a part; each of it may be missing.
  package struct Evidence: Sendable {
    package enum Result: Sendable { case none, sound, damaged(String) }

    package var result = Result.none
    package var lease: Lease?
    /// Seconds since its last sign of life, by the clock of the files.
    package var age: Double?
    package var attempts: [Attempt] = []
    /// Attempts that left no record.
    package var vanished = 0
    /// Of the last submission with it; nil where Slurm says nothing of it, or nobody asked.
    package var task: SlurmTasks.State?
    /// Its number.
    package var job: String?
    package var wasSubmitted = false
    /// The part that it starts from, unless that is done.
    package var missingParent: String?

    package init() {}
  }

  /// Who dies so often without a word will die again.
  package static let mostDeaths = 5

  package init(_ evidence: Evidence) {
    switch evidence.result {
    case .sound:
      self.init(.done)
      return
    case .damaged(let why):
      self.init(.damaged, why)
      return
    case .none: break
    }
    if case .running? = evidence.task {
      self.init(.running, evidence.job.map { "task \($0)" } ?? "")
      return
    }
    let hasEnded: String? = if case .ended(let word)? = evidence.task { word } else { nil }
    if let lease = evidence.lease, !lease.isReleased, (evidence.age ?? 0) < Double(lease.term),
      hasEnded == nil || lease.owner.job != evidence.job, !ThisProcess.isDead(lease.owner)
    {
      self.init(.running, "on \(lease.owner.host)")
      return
    }
    if case .pending(let reason)? = evidence.task {
      self.init(.queued, reason)
      return
    }
    let last = evidence.attempts.last
    let isLastKnown = evidence.lease.map { $0.epoch == last?.epoch } ?? false
    if isLastKnown, let last {
      switch last.end {
      case .failed:
        self.init(.failed, last.message)
        return
      case .interrupted, .lost:
        self.init(.stopped, hasEnded.map(Self.word) ?? last.message)
        return
      case .killed, .done:
        self = Self.dead(evidence, hasEnded.map(Self.word) ?? last.message)
        return
      }
    }
    if evidence.lease != nil {
      self = Self.dead(evidence, hasEnded.map(Self.word) ?? "no sign of life any more")
    } else if let parent = evidence.missingParent {
      self.init(.waiting, "for \(parent)")
    } else if let hasEnded {
      self.init(.died, "\(Self.word(hasEnded)) before it began")
    } else if evidence.wasSubmitted {
      self.init(.died, "Slurm does not know it any more")
    } else {
      self.init(.planned)
    }
  }

  private static func dead(_ evidence: Evidence, _ how: String) -> PartState {
    let deaths = evidence.vanished + evidence.attempts.count { $0.end == .killed }
    return deaths >= mostDeaths ? PartState(.failed, "\(how), \(deaths) times") : PartState(.died, how)
  }

  /// Slurm's words as a sentence's.
  private static func word(_ state: String) -> String {
    switch state {
    case "TIMEOUT", "DEADLINE": "out of time"
    case "PREEMPTED": "preempted"
    case "NODE_FAIL", "BOOT_FAIL": "its node failed"
    case "OUT_OF_MEMORY": "out of memory"
    case "CANCELLED", "REVOKED": "cancelled"
    case "COMPLETED": "ended without a result"
    case "FAILED": "ended without a word"
    default: state.lowercased()
    }
  }
}
