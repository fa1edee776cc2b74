import System

/// How it stands with all parts of a sweep.
package struct SweepStatus: Sendable {
  package struct Row: Sendable {
    package var part: Part
    package var state: PartState
    package var attempts: [Attempt]
  }

  package private(set) var rows: [Row] = []
  /// Where nobody could be asked, tasks that wait look as if nobody had them.
  package private(set) var isSlurmSilent = false
  private var submissions: [Submission] = []

  /// `verify`: whether results are read through, or only their records.
  package init(_ folder: SweepFolder, slurm: Slurm = Slurm(), verify: Bool = false) {
    let submissions = Submission.all(in: folder.path)
    let told = slurm.tasks(of: submissions.compactMap(\.job))
    self.init(folder, submissions, told, verify: verify)
  }

  package init(_ folder: SweepFolder, _ submissions: [Submission], _ told: SlurmTasks?, verify: Bool) {
    self.submissions = submissions
    isSlurmSilent = told == nil && !submissions.isEmpty
    let now = folder.now()
    var newest: [Int: Submission] = [:]
    for submission in submissions { for part in submission.parts { newest[part] = submission } }
    var isDone = Set<Int>()
    var evidence: [PartState.Evidence] = []
    for part in folder.list.parts {
      let one = Self.evidence(of: part, in: folder, newest[part.number], told, now, verify: verify)
      if case .sound = one.result { isDone.insert(part.number) }
      evidence.append(one)
    }
    for (part, var one) in zip(folder.list.parts, evidence) {
      if let parent = part.parent, !isDone.contains(parent) {
        one.missingParent = folder.list.part(parent)?.name
      }
      rows.append(Row(part: part, state: PartState(one), attempts: one.attempts))
    }
  }

  private static func evidence(
    of part: Part, in folder: SweepFolder, _ submission: Submission?, _ told: SlurmTasks?, _ now: Int64?,
    verify: Bool
  ) -> PartState.Evidence {
    var evidence = PartState.Evidence()
    let there = folder.result(of: part)
    if FilePath.exists(there) {
      do throws(SweepError) {
        if verify {
          _ = try folder.soundResult(of: part)
        } else {
          _ = try PartResult(folder: there)
        }
        evidence.result = .sound
        if !verify { return evidence }
      } catch {
        evidence.result = .damaged(error.description)
      }
    }
    let place = folder.place(of: part)
    let book = LeaseBook(folder: place)
    let epochs = book.epochs
    evidence.attempts = epochs.compactMap { Attempt($0, in: place) }
    if let last = epochs.last {
      evidence.lease = book.lease(last)
      if let now, let written = try? FileIdentity(path: book.path(last)).modified {
        evidence.age = Double(now - written) / 1e9
      }
    }
    evidence.vanished = epochs.count - evidence.attempts.count
    evidence.wasSubmitted = submission != nil && told != nil
    evidence.job = submission?.task(of: part.number)
    evidence.task = evidence.job.flatMap { told?[$0] }
    return evidence
  }

  package func count(_ kind: PartState.Kind) -> Int { rows.count { $0.state.kind == kind } }
  package var isComplete: Bool { rows.allSatisfy { $0.state.kind == .done } }

  /// The parts to be done again. `everything`: also those that failed.
  package func forRetry(everything: Bool = false) -> [Int] {
    rows.filter { $0.state.isForRetry || (everything && $0.state.kind == .failed) }.map(\.part.number)
  }

  /// The arrays that are at work on what a part starts from.
  package func jobs(before part: Part) -> [String] {
    guard let parent = part.parent, rows.indices.contains(parent - 1),
      [.running, .queued].contains(rows[parent - 1].state.kind)
    else { return [] }
    return submissions.last { $0.parts.contains(parent) }?.job.map { [$0] } ?? []
  }
}
