import Diffraction

/// One file of the session as the list shows it.
package struct FileRow: Sendable, Equatable {
  package var id: Int
  private var packedPath = Packed<UInt8>()
  package var revision = 1
  package var size = 0
  package var modifiedNanoseconds = 0
  package var device = 0
  package var inode = 0
  /// Nil for a number that was given to a file of which nothing durable was ever said.
  package var status: FileStatus?
  /// Why it waits, why it was refused, whose duplicate it is.
  package var reason = ""
  package var frames = 0
  package var declaredFrames = 0
  package var runs = Runs()
  /// Which of the runs counts.
  package var accepted: Int?
  package var isMarked = false
  package var isExcluded = false
  package var tags: [String] = []
  package var notes: [String] = []
  /// The session file has a line of it; a file that only waits is on the screen alone.
  package internal(set) var isRecorded = false
  /// When it was last heard of, for the list's time column.
  package var unixMilliseconds = 0

  package init(id: Int) { self.id = id }

  package var path: String { packedPath.text }

  mutating func setPath(_ path: String, _ texts: inout Packer<UInt8>) {
    if !packedPath.elementsEqual(path.utf8) { packedPath = texts.pack(path.utf8) }
  }

  package var run: RunRow? { accepted.flatMap { runs.indices.contains($0) ? runs[$0] : nil } }

  /// The last part of the path.
  package var name: Substring {
    let path = path
    return path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
  }
}

/// One analysis of a file, as the list and the trend need it. Its curves stay in the session file.
package struct RunRow: Sendable {
  package var id: Identifier
  package var engine: String
  package var verdict: Verdict
  /// The codes of the verdict's reasons, most important first.
  package var codes: [String]
  /// The engine's values in the order of the state's `columns`; where any has an interval, the lower ends of all of
  /// them, then the upper ends. NaN where it said nothing.
  fileprivate var numbers: Packed<Float>
  private var width: Int32
  package var probability: Float?
  /// The byte of the session file where the whole record begins; nil while it waits for a full disk.
  package var offset: Int?
  package var frame: Int?

  /// `numbers` hold `width` values, or three times as many with both ends of their intervals.
  init(
    id: Identifier, engine: String, verdict: Verdict, codes: [String], numbers: Packed<Float>, width: Int,
    probability: Float?, offset: Int?, frame: Int?
  ) {
    self.id = id
    self.engine = engine
    self.verdict = verdict
    self.codes = codes
    self.numbers = numbers
    self.width = Int32(clamping: min(width, numbers.count))
    self.probability = probability
    self.offset = offset
    self.frame = frame
  }

  package var values: Packed<Float> { numbers.part(0..<Int(width)) }

  /// The 95 % interval of the value in a column.
  package func interval(_ column: Int) -> (low: Float, high: Float)? {
    let width = Int(width)
    guard column >= 0, column < width, numbers.count == 3 * width else { return nil }
    let (low, high) = (numbers[width + column], numbers[2 * width + column])
    return low <= high ? (low, high) : nil
  }
}

extension RunRow: Equatable {
  /// Unknown equals unknown: two states of the same history are equal.
  package static func == (a: RunRow, b: RunRow) -> Bool {
    a.id == b.id && a.engine == b.engine && a.verdict == b.verdict && a.codes == b.codes
      && a.width == b.width && a.numbers.elementsEqual(b.numbers) { $0 == $1 || ($0.isNaN && $1.isNaN) }
      && a.probability == b.probability && a.offset == b.offset && a.frame == b.frame
  }
}

/// The name and unit of a value that an engine reports.
package struct Column: Sendable, Equatable {
  package var name: String
  package var unit: String
}

/// Something an operator must see, and stays until it is acknowledged.
package struct Alarm: Sendable, Equatable {
  package enum Severity: String, Sendable, Comparable {
    case warning = "WARN"
    case alarm = "ALARM"
    case bad = "BAD"

    package static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }
    private var rank: Int { self == .warning ? 0 : self == .alarm ? 1 : 2 }
  }

  package var code: String
  package var severity: Severity
  package var text: String
  /// The last file that raised it.
  package var fileID: Int?
  package var count: Int
  package var unixMilliseconds: Int
  package var isAcknowledged: Bool
  /// Results since then that came without it.
  package var quiet: Int
}

/// A line of the events pane.
package struct LogLine: Sendable, Equatable {
  package var unixMilliseconds: Int
  package var severity: Alarm.Severity?
  package var code: String
  package var fileID: Int?
  package var text: String
}
