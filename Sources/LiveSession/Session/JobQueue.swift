/// One analysis of one file that is to be made.
package struct Job: Sendable {
  package enum Kind: Sendable, Equatable {
    case first
    case rerun(engine: String, settings: [String: String])
    /// In full, what was answered in a hurry.
    case refinement(engine: String)
  }

  package var fileID: Int
  package var path: String
  package var kind: Kind
  package var readyAt: Int
  /// The file was in the folder before the session began.
  package var isOld: Bool
  /// Runs of the file when a refinement was asked for: with more of them it is no longer wanted.
  package var runs: Int

  package init(
    fileID: Int, path: String, kind: Kind, readyAt: Int, isOld: Bool = false, runs: Int = 0
  ) {
    self.fileID = fileID
    self.path = path
    self.kind = kind
    self.readyAt = readyAt
    self.isOld = isOld
    self.runs = runs
  }

  package var isRefinement: Bool { if case .refinement = kind { true } else { false } }

  /// Whether the session goes on with it, and not back: it is told what was learnt, and teaches.
  var isLearning: Bool { if case .rerun = kind { false } else { true } }
}

/// What waits to be analysed, and what comes next: live frames, newest first, and what operators ask for, in their
/// order, in turns, so that neither waits for the other's end; then old files, newest first; then, one at a time and in
/// quiet moments, frames that were answered in a hurry.
package struct JobQueue: Sendable {
  private var live: [Job] = []
  private var asked: ArraySlice<Job> = []
  private var old: [Job] = []
  private var hurried: [Job] = []
  /// So many live frames a second make an engine hurry; the largest of all numbers lets it never do so.
  private let rush: Int
  private var arrivals = ArrivalRate(over: .seconds(1))
  /// A live frame went before what someone asked for.
  private var owesAsked = false

  package init(rush: Int) { self.rush = rush }

  /// Those that someone waits for: refinements are a service.
  package var count: Int { live.count + asked.count + old.count }
  /// Since when the first of the live frames waits.
  package var waitsSince: Int? { live.map(\.readyAt).min() }
  package var hasRefinements: Bool { !hurried.isEmpty }
  package var isEmpty: Bool { count == 0 && hurried.isEmpty }

  package mutating func add(_ job: Job) {
    switch job.kind {
    case .first where job.isOld: old.append(job)
    case .first: live.append(job)
    case .rerun: asked.append(job)
    case .refinement: hurried.append(job)
    }
  }

  /// A file came, now.
  package mutating func noteArrival(at now: Int) { arrivals.note(at: now) }

  /// Frames come faster than they can be analysed in full: so many a second, or one of them waits too long.
  package func isRushed(at now: Int) -> Bool {
    arrivals.count(at: now) >= rush || waitsSince.map { isLate($0, at: now) } ?? false
  }

  /// Whether this one is to be answered in a hurry.
  package func hurries(_ job: Job, at now: Int) -> Bool {
    job.kind == .first && (isRushed(at: now) || !job.isOld && isLate(job.readyAt, at: now))
  }

  private func isLate(_ since: Int, at now: Int) -> Bool {
    rush < .max && now - since > Duration.seconds(2).nanoseconds
  }

  /// Takes out what is to be done next. Refinements are left where they are while one is being made (live frames
  /// must find a place), and forgotten where they are no longer `wanted`.
  package mutating func next(at now: Int, isRefining: Bool, wanted: (Job) -> Bool) -> Job? {
    if owesAsked, let job = asked.popFirst() {
      owesAsked = false
      return job
    }
    if let job = live.popLast() {
      owesAsked = true
      return job
    }
    if let job = asked.popFirst() ?? old.popLast() { return job }
    guard !isRefining, !isRushed(at: now) else { return nil }
    while let job = hurried.popLast() {
      if wanted(job) { return job }
    }
    return nil
  }
}
