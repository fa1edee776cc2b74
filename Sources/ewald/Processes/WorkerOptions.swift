import System
import FrameFormats
import Glibc
import LiveSession
import Workers

/// The processes that read and analyse for this one: what they are told and what they may take.
struct WorkerOptions {
  static let raw = Verb.Option(
    "--raw", "WxH:TYPE[:HEADER[:GAP]]",
    "files of bare numbers, such as 256x256:uint16 (>uint16: big end first)")
  static let memory = Verb.Option(
    "--max-memory", "MB", "what the analysing process may take (half of the machine's)")
  static let standstill = Verb.Option(
    "--give-up-after", "SECONDS", "how long an analysis may stand still (120)")

  static let options = [raw, memory, standstill]

  private let reading: [String]
  private let analysing: [String]
  /// As they were given: so another ewald is told the same.
  let words: [String]
  private var limits = AnalystPool.Limits()

  /// As the demo has them.
  init() {
    reading = [readWorkerVerb.name]
    analysing = [analysisWorkerVerb.name]
    words = []
  }

  init(_ arguments: Arguments) throws {
    _ = try Self.layout(arguments)
    words = Self.options.flatMap { option in arguments[option.name].map { [option.name, $0] } ?? [] }
    reading = [readWorkerVerb.name] + (arguments["--raw"].map { ["--raw", $0] } ?? [])
    analysing = [analysisWorkerVerb.name, "--max-memory", "\(try Self.memoryBytes(arguments) >> 20)"]
    limits.standstill = .milliseconds(
      Int64(try arguments.number("--give-up-after", 120, in: 0.1...86_400) * 1000))
  }

  static func layout(_ arguments: Arguments) throws -> RawLayout? {
    guard let text = arguments["--raw"] else { return nil }
    guard let layout = RawLayout(text) else {
      throw UsageError("--raw \(text): WxH:TYPE is needed, such as 256x256:uint16, and bytes to skip")
    }
    return layout
  }

  static func memoryBytes(_ arguments: Arguments) throws -> Int {
    let megabytes = try arguments.number("--max-memory", Double(halfOfTheMachine >> 20), in: 64...1e8)
    return Int(megabytes) << 20
  }

  private static var halfOfTheMachine: Int {
    max(2 << 30, sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) / 2)
  }

  func reader(timeLimit: Duration = .seconds(20), incidents: IncidentLog? = nil) -> WorkerReader {
    WorkerReader(
      executable: "/proc/self/exe", arguments: reading, timeLimit: timeLimit, incidents: incidents)
  }

  /// Reads and analyses in processes of their own, which are started now. `reports` is where their ends are
  /// written down.
  func analyst(engine: String, reports: String?) -> Analyst {
    let incidents = IncidentLog(path: reports)
    let pool = AnalystPool(
      executable: "/proc/self/exe", arguments: analysing, limits: limits, incidents: incidents)
    pool.start()
    return Analyst(
      engines: Ewald.everyEngine.map { WorkerEngine($0, in: pool) }, choice: engine,
      files: FileAccess(reader(incidents: incidents)), incidents: incidents)
  }
}
