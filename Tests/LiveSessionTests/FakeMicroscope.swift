import System
import Diffraction
import FolderWatch
import FrameFormats
import Glibc
import LiveSession
import Synchronization
import Testing
import Workers

/// A file of the tests: its first byte is its one pixel; a second and a third byte are how many frames it has
/// and how many it will have; `X` in front is a file that no one can read.
final class FakeSource: FrameSource {
  let summary: FileSummary
  private let value: UInt8

  init(path: String) throws(FileRefusal) {
    let bytes = TestFolder.read(path)
    guard let first = bytes.first else { throw FileRefusal(.truncated, "empty") }
    if first == UInt8(ascii: "X") { throw FileRefusal(.damaged, "FAKE: begins with X", offset: 0) }
    value = first
    summary = FileSummary(
      format: "FAKE", width: 1, height: 1, sample: .uint8, frames: bytes.count > 1 ? Int(bytes[1]) : 1,
      declaredFrames: bytes.count > 2 ? Int(bytes[2]) : nil)
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    Frame(pixels: Pixels(width: 1, height: 1, values: [value]), index: index)
  }
}

/// Reports the pixel times a gain, and how far it is from the frame before.
struct FakeEngine: AnalysisEngine {
  var name = "fake"
  let label = "FAKE"
  let outputs = [Output(name: "dose", unit: "counts", symbol: "d", decimals: 0)]
  var parameters: [Parameter] {
    let gain = Parameter(
      name: "gain", title: "gain", unit: "1", domain: .number(0...100), standard: .number(1))
    let told = Parameter(name: "told", title: "told", unit: "1", domain: .text, standard: .automatic)
    let others = Parameter(
      name: "with", title: "further files", unit: "1", domain: .text, standard: .automatic)
    return [gain] + (learns ? [told] : []) + (addsFiles ? [others] : [])
  }
  /// Whether it answers with what the two best frames before taught.
  var learns = false
  var lessonSetting: String? { learns ? "told" : nil }
  /// What another version of it would add to every answer.
  var offset = 0.0
  /// How far a scan without end says it is.
  var fraction: @Sendable () -> Double = { 0.25 }
  var hurriedSettings: [String: String] = [:]
  var readsSeries = false
  /// Whether it adds the files of a series.
  var addsFiles = false
  var seriesSetting: String? { addsFiles ? "with" : nil }
  /// Called while a frame is analysed.
  var during: @Sendable (Double) -> Void = { _ in }

  func suitability(for file: FileSummary) -> Int { 1 }

  func lesson(from findings: [Finding]) -> String? {
    findings.count < 2
      ? nil
      : findings.compactMap { $0["dose"]?.value }.sorted().suffix(2).map { "\(Int($0))" }.joined(
        separator: " ")
  }

  func analyze(
    _ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext
  ) throws(AnalysisError) -> Finding {
    let frame: Frame
    switch subject {
    case .frame(let one): frame = one
    case .scan(let source):
      do throws(FileRefusal) {
        frame = try source.frame(at: 0)
      } catch {
        throw .file(error)
      }
    }
    let gain = if case .number(let said)? = parameters["gain"] { said } else { 1.0 }
    var dose = frame.pixels.doubles()[0] * gain + offset
    if addsFiles, case .scan(let source) = subject {
      do throws(FileRefusal) {
        for index in 1..<max(1, source.summary.frames) {
          dose += try source.frame(at: index).pixels.doubles()[0]
        }
      } catch {
        throw .file(error)
      }
    }
    during(dose)
    if dose == Double(UInt8(ascii: "S")) {
      // A scan without end.
      while !context.isCancelled() {
        context.progress(fraction())
        // Blocked, not busy: busy threads count against the few that all sessions share.
        usleep(100)
      }
      throw .cancelled
    }
    if dose == Double(UInt8(ascii: "F")) { throw .failed("did not converge") }
    var values = [Quantity("dose", dose, unit: "counts")]
    if let before = context.previous?["dose"]?.value {
      values.append(Quantity("drift", dose - before, unit: "counts"))
    }
    if case .text(let told)? = parameters["told"] { values.append(Quantity("told", Double(told.count))) }
    let isAlarming = dose == Double(UInt8(ascii: "A"))
    return Finding(
      values: values,
      histograms: [Histogram(name: "dose", unit: "1", centres: [1, 2], probabilities: [0.5, dose])],
      profiles: [Profile(name: "radial", unit: "px", values: [dose, 0.1, 2])],
      verdict: isAlarming ? .doubtful : .accept,
      reasons: isAlarming ? [Reason("ONE", "the one"), Reason("TWO", "the other")] : [])
  }
}

/// A folder that says what a test says.
final class FakeWatcher: FolderWatching {
  let changes: AsyncStream<[FileChange]>
  private let continuation: AsyncStream<[FileChange]>.Continuation
  private let outcomes = Mutex<[FileID: [ReadOutcome]]>([:])

  init() { (changes, continuation) = AsyncStream.makeStream() }

  func say(_ changes: FileChange...) { continuation.yield(changes) }
  func report(_ outcome: ReadOutcome, for file: FileID, read: FileIdentity?) {
    outcomes.withLock { $0[file, default: []].append(outcome) }
  }
  func stop() { continuation.finish() }
  func outcomes(for file: UInt64) -> [ReadOutcome] { outcomes.withLock { $0[FileID(rawValue: file)] ?? [] } }
}

/// A session on a folder of its own, with everything about it in a test's hands.
final class FakeMicroscope: Sendable {
  let folder: TestFolder
  let watcher = FakeWatcher()
  let clock: TestClock
  let session: Session
  let path: String
  private let running: Task<Void, Never>

  /// Continues the session in `folder` if there is one.
  init(
    _ folder: TestFolder = TestFolder(), engine: FakeEngine = FakeEngine(), disk: TestDisk = TestDisk(),
    clock: TestClock = TestClock(), inFlight: Int = 2
  ) throws {
    self.folder = folder
    self.clock = clock
    path = folder["session.jsonl"]
    let log: SessionLog
    var state = SessionState()
    if access(path, F_OK) == 0 {
      (log, state, _) = try SessionLog.resume(path: path, clock: clock.clock, write: disk.write)
    } else {
      log = try SessionLog.create(path: path, clock: clock.clock, write: disk.write)
    }
    var options = Session.Options()
    options.clock = clock.clock
    options.tick = .milliseconds(2)
    options.inFlight = inFlight
    options.timeLimit = .seconds(60)
    session = Session(
      log: log, state: state, analyst: Self.analyst(engine), folder: folder.path, watcher: watcher,
      options: options, random: SplitMix64(seed: UInt64(state.files.count)))
    var record = LiveSessionTests.session
    record.folders = [folder.path]
    running = Task { [session, record] in await session.run(record) }
  }

  static func analyst(_ engine: FakeEngine = FakeEngine()) -> Analyst {
    Analyst(
      engines: [engine],
      files: FileAccess(opening: { path throws(FileRefusal) in try FakeSource(path: path) }))
  }

  func file(_ id: UInt64, _ name: String, _ offer: Offer = .first, atStart: Bool = false) -> WatchedFile {
    let disk = try? FileIdentity(path: folder[name])
    return WatchedFile(
      id: FileID(rawValue: id), folder: RawPath(folder.path), path: RawPath(name),
      identity: disk ?? FileIdentity(device: 0, inode: 0, size: 0, modified: 0), offer: offer,
      atStart: atStart)
  }

  /// Writes a file and offers it as a watcher would.
  func expose(_ id: UInt64, _ name: String, _ bytes: [UInt8]) {
    folder.write(name, bytes)
    watcher.say(.appeared(file(id, name), .waiting(.settling)))
    watcher.say(.ready(file(id, name)))
  }

  /// The first state that is as described. A test that waits in vain ends by its time limit.
  @discardableResult
  func wait(_ condition: (Snapshot) -> Bool) async -> Snapshot {
    let now = await session.snapshot
    if condition(now) { return now }
    for await snapshot in session.snapshots where condition(snapshot) { return snapshot }
    let last = await session.snapshot
    Issue.record("the session ended at \(last.live) with \(last.state.files.map { $0 })")
    return last
  }

  /// Waits for what no state shows.
  func until(_ condition: () -> Bool) async { while !condition(), !Task.isCancelled { await Task.yield() } }

  func wait(forResults count: Int) async -> SessionState {
    await wait { $0.state.resultCount >= count }.state
  }

  /// Ends the session and has its file checked.
  @discardableResult
  func close() async throws -> CheckReport {
    await session.close()
    await running.value
    let report = try SessionCheck.check(path: path)
    #expect(report.isSound, "\(report.text)")
    let replayed = try SessionFile(path: path).state().state
    let live = await session.snapshot.state
    #expect(replayed.files.map(\.runs) == live.files.prefix(replayed.files.count).map(\.runs))
    return report
  }
}
