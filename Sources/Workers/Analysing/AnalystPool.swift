import Diffraction
import Dispatch
import Synchronization

/// The analysing processes: one that works, and a spare that takes over when it dies, with its models warm.
///
/// What a process was doing when it died is done again in a process of its own, where it can harm nobody; an
/// analysis that dies there, too, is not tried a third time. Several frames may have been in the first process:
/// the second try finds out which of them it was.
package final class AnalystPool: Sendable {
  package struct Limits: Sendable {
    /// An analysis that shows no sign of life for so long is given up.
    package var standstill: Duration = .seconds(120)
    /// How long a cancelled analysis may take to notice.
    package var patience: Duration = .seconds(2)

    package init() {}
  }

  private struct State {
    var active: WorkerProcess?
    var spare: WorkerProcess?
    /// The last frame that each engine and model answered: a spare is warmed by analysing it, too.
    var rehearsals: [Rehearsal.Key: Rehearsal] = [:]
  }

  private let state = Mutex(State())
  private let executable: String
  private let arguments: [String]
  private let limits: Limits
  private let incidents: IncidentLog?
  private let background = DispatchQueue(label: "spare", qos: .background)

  /// `executable` run with `arguments` has to end in `AnalysingMain.run()`.
  package init(
    executable: String, arguments: [String], limits: Limits = Limits(), incidents: IncidentLog? = nil
  ) {
    self.executable = executable
    self.arguments = arguments
    self.limits = limits
    self.incidents = incidents
  }

  /// The process that works now, and the spare.
  package var processIDs: [Int32] { state.withLock { [$0.active?.id, $0.spare?.id].compactMap { $0 } } }

  /// Begins before the first frame comes, which then need not wait for a process to start.
  package func start() {
    state.withLock { state in
      if state.active == nil { state.active = spawn() }
    }
  }

  // MARK: - One analysis

  /// So many deaths are charged to the frame.
  private static let deaths = 2
  /// So many ends from outside are not.
  private static let kills = 5

  func analyze(_ call: AnalysisCall) throws(AnalysisError) -> Finding {
    var deaths = 0
    var kills = 0
    while true {
      let isFirst = deaths + kills == 0
      // After a death: alone, in a process of its own. Nobody waits for it, so it need not be warm.
      guard let process = isFirst ? working() : spawn() else {
        throw .failed("the analysing process cannot be started")
      }
      switch AnalysisExchange(call, process, limits).run() {
      case .finding(let finding):
        remember(call, finding)
        if !isFirst { keep(process) }
        return finding
      case .failure(let error):
        if !isFirst { keep(process) }
        throw error
      case .cancelled: throw .cancelled
      case .ignoredCancel:
        // Whatever else it was doing is done again.
        process.end()
        replace(process)
        throw .cancelled
      case .standstill:
        process.end()
        replace(process)
        let text = "gave no sign of life for \(limits.standstill.components.seconds) s"
        incidents?.record("\(subject(call)): \(text)", details: call.details, LastWords(""))
        throw .died(text)
      case .died:
        // The next frame has its process before this one's end is looked into.
        replace(process)
        if process.cause.isFromOutside { kills += 1 } else { deaths += 1 }
        if deaths == Self.deaths || kills == Self.kills {
          let end = tell(process, "\(subject(call)) is not tried again", call.details)
          throw .died("the analysing process \(end), \(deaths == Self.deaths ? "twice" : "again and again")")
        }
        // Its report takes a second, the frame need not wait for it.
        let (text, details) = ("\(subject(call)) is analysed again", call.details)
        DispatchQueue.global(qos: .background).async { [self] in _ = tell(process, text, details) }
      }
      if call.context.isCancelled() { throw .cancelled }
    }
  }

  /// Reports the end of a process over a frame and says how it came.
  private func tell(_ process: WorkerProcess, _ consequence: String, _ details: [String]) -> String {
    let ending = process.ending()
    let text = ending.lastWords.cause.map { "\(ending): \($0)" } ?? "\(ending)"
    incidents?.record("the analysing process \(text); \(consequence)", details: details, ending.lastWords)
    return text
  }

  private func subject(_ call: AnalysisCall) -> String {
    call.context.file?.split(separator: "/").last.map(String.init) ?? "the frame"
  }

  // MARK: - Processes

  private func spawn() -> WorkerProcess? {
    WorkerProcess(executable: executable, arguments: arguments) { [weak self] process in
      // Where it was at work, whoever waits for its answer sees to its end.
      if process.isIdle, !process.hasDiedAtWork { self?.bury(process) }
    }
  }

  private func working() -> WorkerProcess? {
    if let active = state.withLock({ $0.active }), !active.isAlive { bury(active) }
    return state.withLock { state in
      if state.active == nil { state.active = spawn() }
      return state.active
    }
  }

  /// A process ended while it had nothing to do.
  private func bury(_ process: WorkerProcess) {
    guard replace(process) else { return }
    DispatchQueue.global(qos: .background).async { [self] in
      let ending = process.ending(patience: .seconds(0))
      incidents?.record("the analysing process \(ending), between two frames", details: [], ending.lastWords)
    }
  }

  /// The spare takes the place of a process that died. False where that was seen to before.
  @discardableResult
  private func replace(_ dead: WorkerProcess) -> Bool {
    let isOurs = state.withLock { state in
      if state.spare === dead {
        state.spare = nil
        return true
      }
      guard state.active === dead else { return false }
      takeOver(&state)
      return true
    }
    if isOurs { prepareSpare() }
    return isOurs
  }

  private func takeOver(_ state: inout sending State) {
    state.active = nil
    if let spare = state.spare, spare.isAlive { state.active = spare }
    state.spare = nil
    if state.active == nil { state.active = spawn() }
  }

  /// A process that outlived a second try is as good as any.
  private func keep(_ process: WorkerProcess) {
    state.withLock { state in
      if state.spare == nil { state.spare = process }
    }
  }

  // MARK: - The spare

  private func remember(_ call: AnalysisCall, _ finding: Finding) {
    guard let rehearsal = Rehearsal(call, finding) else { return }
    let isNew = state.withLock { state in
      if state.rehearsals.count >= Rehearsal.limit, state.rehearsals[rehearsal.key] == nil {
        state.rehearsals.removeAll()
      }
      return state.rehearsals.updateValue(rehearsal, forKey: rehearsal.key) == nil
    }
    if isNew { prepareSpare(rehearsal) }
  }

  /// Starts a spare if there is none and lets it analyse what was answered last: all of it, or what is new.
  private func prepareSpare(_ new: Rehearsal? = nil) {
    background.async { [weak self] in
      guard let self else { return }
      let isFresh = state.withLock { state in
        if let spare = state.spare, spare.isAlive { return false }
        state.spare = spawn()
        return true
      }
      guard let spare = state.withLock({ $0.spare }) else { return }
      let rehearsals = isFresh ? state.withLock { Array($0.rehearsals.values) } : [new].compactMap { $0 }
      for rehearsal in rehearsals {
        let isNeeded = { @Sendable [weak self] in
          self?.state.withLock { $0.spare === spare } ?? false
        }
        if case .died = AnalysisExchange(rehearsal.call(isNeeded), spare, limits).run() {
          // It answered before; whatever it was, it must not be met again by the next spare.
          state.withLock { state in
            state.rehearsals[rehearsal.key] = nil
            if state.spare === spare { state.spare = nil }
          }
          return
        }
      }
    }
  }
}
