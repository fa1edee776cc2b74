import System
import Diffraction
import Dispatch
import FolderWatch
import FrameFormats
import Glibc

/// A day at the microscope: takes files as they come, has them analysed, records what happened, and tells
/// the screen. All order and all history are decided here, on one actor; files are read and frames are
/// analysed on threads of their own.
package actor Session {
  package struct Options: Sendable {
    /// Files that were in the folder before the session began: newest first, or only listed.
    package var existing = Existing.analyse
    package var inFlight = 2
    /// So many live frames a second make an engine hurry.
    package var rush = 4
    /// A file that takes longer is given up, and said so.
    package var timeLimit: Duration = .seconds(120)
    /// Settings from the command line and the settings file: engine, name, value.
    package var settings: [String: [String: String]] = [:]
    package var clock = SessionClock.system
    /// A screenful of steps back and forth; more would only be a larger session for hours.
    package var cacheBytes = 6 << 20
    /// How often deadlines and the disk are looked at; a full disk is tried again every fourth time.
    package var tick: Duration = .milliseconds(500)

    /// Told of every durable event, in order, after it was recorded: for output that is no screen.
    package var observer: (@Sendable (SessionEvent, Stamp) -> Void)?

    package enum Existing: String, Sendable, CaseIterable { case analyse, skip }

    package init() {}
  }

  /// The newest whole state; a slow screen skips states and loses no data.
  package nonisolated let snapshots: AsyncStream<Snapshot>
  let publisher: AsyncStream<Snapshot>.Continuation

  let log: SessionLog
  let analyst: Analyst
  let watcher: (any FolderWatching)?
  let options: Options
  let folder: String
  /// Of another quality of service than tasks have, so of other threads: analyses that fill every core must not
  /// keep the session from taking what comes.
  let workQueue = DispatchQueue(label: "frames", qos: .utility, attributes: .concurrent)

  var state: SessionState
  var live = LiveStatus()
  var cache: FrameCache
  var settings: [String: [String: String]]

  var queue: JobQueue
  var index: FileIndex
  var series: SeriesIndex
  var running: [Int: Running] = [:]
  var nextToken = 0

  var results = ArrivalRate(over: .seconds(10))
  var resting = RestingQuantities()
  var lessons = Lessons()
  /// Files that were written to while they were analysed in full.
  var outrun: Set<Int> = []
  var linesSinceCheckpoint = 0
  var isClosing = false
  var isPublishScheduled = false
  var lastPublished = 0
  private var heapIsDue = 0
  /// Of the last frame: nanoseconds from its being ready to its result.
  var lastLag = 0
  var random: any RandomNumberGenerator & Sendable

  struct Running {
    var job: Job
    /// Moves on while a scan moves on: only what stands still is given up.
    var deadline: Int
    let monitor = JobMonitor()
    var fraction: Double?
  }

  package init(
    log: SessionLog, state: SessionState, analyst: Analyst, folder: String, watcher: (any FolderWatching)?,
    options: Options, random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
  ) {
    self.log = log
    self.state = state
    self.analyst = analyst
    self.folder = folder
    self.watcher = watcher
    self.options = options
    self.random = random
    cache = FrameCache(bytes: options.cacheBytes)
    settings = options.settings
    // What is given now goes before what was.
    for (engine, values) in state.settings {
      settings[engine, default: [:]].merge(values) { given, _ in given }
    }
    queue = JobQueue(rush: options.rush)
    index = FileIndex(state, contents: log.takeContents())
    series = SeriesIndex(state)
    live.folder = watcher == nil ? .none : .looking
    (snapshots, publisher) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Writes the first line and works until the session is closed.
  package func run(_ record: SessionRecord, changes: [SettingRecord] = []) async {
    recallLessons()
    note(state.sessionID == nil ? .session(record) : .resume(record))
    for change in changes { note(.setting(change)) }
    log.synchronize()
    changed()
    async let ticking: Void = tick()
    let telling = Task { await tellIncidents() }
    defer { telling.cancel() }
    if let watcher {
      for await changes in watcher.changes {
        if isClosing { break }
        take(changes)
      }
    }
    await ticking
  }

  /// Whoever goes on with a session begins with what its last answers taught.
  private func recallLessons() {
    let engines = analyst.engines.filter { $0.lessonSetting != nil }
    guard state.sessionID != nil, !engines.isEmpty, let file = try? SessionFile(path: log.path) else {
      return
    }
    // The lines of twice as many answers as are remembered; the newest files, in the file's order.
    let offsets = state.files.suffix(2 * Lessons.frames).compactMap { $0.runs.first?.offset }
    guard let start = offsets.min() else { return }
    var events: [SessionEvent] = []
    _ = file.forEachEvent(.full, from: state.files.count <= 2 * Lessons.frames ? 0 : start) { recorded, _ in
      if let event = recorded.event { events.append(event) }
    }
    lessons.take(events, engines)
  }

  /// Ends the session: waits for the frames in flight, at most `patience`, and writes the last line.
  package func close(patience: Duration = .seconds(2)) async {
    guard !isClosing else { return }
    isClosing = true
    watcher?.stop()
    let deadline = now + patience.nanoseconds
    // A scan of minutes is not waited for: the next start does it again.
    for long in running.values where long.fraction != nil { long.monitor.cancel() }
    while !running.isEmpty, now < deadline { try? await Task.sleep(for: .milliseconds(5)) }
    // What comes later is too late: nothing may follow the last line.
    for late in running.values { late.monitor.cancel() }
    running.removeAll()
    retryLog()
    // A session with lines that the disk never took is not closed cleanly, and its digest would be wrong.
    if log.failure == nil {
      note(
        .end(EndRecord(files: state.recordedFileCount, results: state.resultCount, sha256: log.sha256)))
    }
    log.finish()
    publish()
    publisher.finish()
  }

  package var snapshot: Snapshot { Snapshot(state: state, live: live) }
  package var isIdle: Bool { running.isEmpty && queue.isEmpty }

  var now: Int { options.clock.monotonicNanoseconds() }

  func identifier() -> Identifier {
    Identifier(unixMilliseconds: options.clock.unixMilliseconds(), random: (random.next(), random.next()))
  }

  /// Log before show: the line is in the file, or waits in order for a full disk, before anyone sees it.
  func note(_ event: SessionEvent) {
    guard event.isDurable else {
      let stamp = Stamp(
        sequence: state.lastSequence, unixMilliseconds: options.clock.unixMilliseconds(),
        monotonicNanoseconds: now)
      state.apply(event, stamp)
      changed()
      return
    }
    let wasWritten = log.failure == nil
    let (stamp, offset) = log.append(event)
    state.apply(event, stamp, offset: offset)
    options.observer?(event, stamp)
    if wasWritten, let failure = log.failure {
      note(.event(IncidentRecord(.logFailed, text: failure)))
    }
    linesSinceCheckpoint += 1
    if linesSinceCheckpoint >= 1000, log.failure == nil {
      linesSinceCheckpoint = -1
      note(
        .checkpoint(
          CheckpointRecord(files: state.recordedFileCount, results: state.resultCount, sha256: log.sha256)))
    }
    changed()
  }

  private func retryLog() {
    for placed in log.retry() { state.place(placed) }
  }

  // MARK: Publishing

  /// Lets the screen know, at most forty times a second.
  func changed() {
    guard !isPublishScheduled else { return }
    isPublishScheduled = true
    let wait = lastPublished + 25_000_000 - now
    Task {
      if wait > 0 { try? await Task.sleep(for: .nanoseconds(wait)) }
      publish()
    }
  }

  private func publish() {
    isPublishScheduled = false
    lastPublished = now
    live.queued = queue.count
    live.running = running.count
    // While files wait the oldest of them says how far behind the screen is.
    live.lag = Double(max(lastLag, queue.waitsSince.map { now - $0 } ?? 0)) / 1e9
    live.progress = progress
    live.logFailure = log.failure
    live.linesWaiting = log.queued
    publisher.yield(snapshot)
  }

  /// How far the analyses are that say so, by file.
  private var progress: [Int: Double] {
    running.values.reduce(into: [:]) { progress, running in
      if let fraction = running.monitor.fraction { progress[running.job.fileID] = fraction }
    }
  }

  /// The end of a process that reads or analyses is an event of the session.
  private func tellIncidents() async {
    guard let incidents = analyst.incidents?.incidents else { return }
    for await incident in incidents where !isClosing {
      note(.event(IncidentRecord(.processEnded, text: incident.text)))
    }
  }

  /// Twice a second: retries, deadlines, the disk, the age of the last frame, long analyses.
  private func tick() async {
    var ticks = 0
    while !isClosing {
      try? await Task.sleep(for: options.tick)
      ticks += 1
      if log.failure != nil, ticks % 4 == 0 {
        retryLog()
        changed()
        pump()
      }
      giveUpLateFrames()
      if queue.hasRefinements { pump() }
      giveBackMemory()
      if updateStatus(checkDisk: ticks % 4 == 1) || progress != live.progress { changed() }
    }
  }

  /// Every ten seconds: analyses leave nine parts of ten of their heaps free.
  private func giveBackMemory() {
    guard now >= heapIsDue else { return }
    heapIsDue = now + 10_000_000_000
    workQueue.async { Heap.giveBack() }
  }

  private func updateStatus(checkDisk: Bool) -> Bool {
    let before = live
    live.rate = results.perSecond(at: now)
    if checkDisk {
      var status = statvfs()
      if statvfs(log.path, &status) == 0 {
        // In steps of 64 MiB: a disk's last bytes never rest, and a screen must not be drawn for them.
        live.freeBytes = (Int(status.f_bavail) * Int(status.f_frsize)) & ~((1 << 26) - 1)
      }
    }
    return live != before
  }
}

extension Duration {
  var nanoseconds: Int {
    Int(components.seconds) * 1_000_000_000 + Int(components.attoseconds / 1_000_000_000)
  }
}
