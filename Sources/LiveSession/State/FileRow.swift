import Diffraction

/// One file of the session as the list shows it.
public struct FileRow: Sendable, Equatable {
  public var id: Int
  private var packedPath = Packed<UInt8>()
  public var revision = 1
  public var size = 0
  public var modifiedNanoseconds = 0
  public var device = 0
  public var inode = 0
  /// Nil for a number that was given to a file of which nothing durable was ever said.
  public var status: FileStatus?
  /// Why it waits, why it was refused, whose duplicate it is.
  public var reason = ""
  public var frames = 0
  public var declaredFrames = 0
  public var runs = Runs()
  /// Which of the runs counts.
  public var accepted: Int?
  public var isMarked = false
  public var isExcluded = false
  public var tags: [String] = []
  public var notes: [String] = []
  /// The session file has a line of it; a file that only waits is on the screen alone.
  public internal(set) var isRecorded = false
  /// When it was last heard of, for the list's time column.
  public var unixMilliseconds = 0

  public init(id: Int) { self.id = id }

  public var path: String { packedPath.text }

  mutating func setPath(_ path: String, _ texts: inout Packer<UInt8>) {
    if !packedPath.elementsEqual(path.utf8) { packedPath = texts.pack(path.utf8) }
  }

  public var run: RunRow? { accepted.flatMap { runs.indices.contains($0) ? runs[$0] : nil } }

  /// The last part of the path.
  public var name: Substring {
    let path = path
    return path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
  }
}

/// One analysis of a file, as the list and the trend need it. Its curves stay in the session file.
public struct RunRow: Sendable {
  public var id: Identifier
  public var engine: String
  public var verdict: Verdict
  /// The codes of the verdict's reasons, most important first.
  public var codes: [String]
  /// The engine's values in the order of the state's `columns`; NaN where it said nothing.
  public var values: Packed<Float>
  public var probability: Float?
  /// The byte of the session file where the whole record begins; nil while it waits for a full disk.
  public var offset: Int?
  public var frame: Int?
}

extension RunRow: Equatable {
  /// Unknown equals unknown: two states of the same history are equal.
  public static func == (a: RunRow, b: RunRow) -> Bool {
    a.id == b.id && a.engine == b.engine && a.verdict == b.verdict && a.codes == b.codes
      && a.values.elementsEqual(b.values) { $0 == $1 || ($0.isNaN && $1.isNaN) }
      && a.probability == b.probability && a.offset == b.offset && a.frame == b.frame
  }
}

/// The name and unit of a value that an engine reports.
public struct Column: Sendable, Equatable {
  public var name: String
  public var unit: String
}

/// Something an operator must see, and stays until it is acknowledged.
public struct Alarm: Sendable, Equatable {
  public enum Severity: String, Sendable, Comparable {
    case warning = "WARN"
    case alarm = "ALARM"
    case bad = "BAD"

    public static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }
    private var rank: Int { self == .warning ? 0 : self == .alarm ? 1 : 2 }
  }

  public var code: String
  public var severity: Severity
  public var text: String
  /// The last file that raised it.
  public var fileID: Int?
  public var count: Int
  public var unixMilliseconds: Int
  public var isAcknowledged: Bool
  /// Results since then that came without it.
  public var quiet: Int
}

/// A line of the events pane.
public struct LogLine: Sendable, Equatable {
  public var unixMilliseconds: Int
  public var severity: Alarm.Severity?
  public var code: String
  public var fileID: Int?
  public var text: String
}
