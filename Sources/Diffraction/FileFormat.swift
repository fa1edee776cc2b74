/// A file format: how to know it and how to open it. One conforming type a format, one line in the list.
public protocol FileFormat: Sendable {
  /// `TIFF`, `DM4`: as it stands in messages and in the session file.
  var name: String { get }
  /// Lower case, without the dot. Content decides first; a suffix only where content cannot.
  var suffixes: [String] { get }
  /// Whether `head`, the first bytes of the file (up to 4096), is this format's.
  func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool
  func open(path: String, limits: ReadLimits) throws(FileRefusal) -> any FrameSource
}

/// An opened file. Reading happens on one thread at a time.
public protocol FrameSource: AnyObject {
  var summary: FileSummary { get }
  /// Throws when the frame's bytes are missing or damaged; never returns half a frame.
  func frame(at index: Int) throws(FileRefusal) -> Frame
}

/// What a file holds, known after its headers were read.
public struct FileSummary: Sendable, Equatable {
  public var format: String
  public var width: Int
  public var height: Int
  public var sample: SampleType
  /// Frames that are wholly there.
  public var frames: Int
  /// Frames that the file says it will have; more than `frames` while a scan grows.
  public var declaredFrames: Int
  public var scan: Sourced<ScanShape>?
  public var calibration: Calibration
  public var beam: Beam
  public var metadata: [MetadataItem]
  /// One plain sentence each: 8-bit export of a display, lossy compression, mixed page sizes …
  public var warnings: [String]

  public var isComplete: Bool { frames >= declaredFrames }

  public init(
    format: String, width: Int, height: Int, sample: SampleType, frames: Int, declaredFrames: Int? = nil,
    scan: Sourced<ScanShape>? = nil, calibration: Calibration = Calibration(), beam: Beam = Beam(),
    metadata: [MetadataItem] = [], warnings: [String] = []
  ) {
    self.format = format
    self.width = width
    self.height = height
    self.sample = sample
    self.frames = frames
    self.declaredFrames = declaredFrames ?? frames
    self.scan = scan
    self.calibration = calibration
    self.beam = beam
    self.metadata = metadata
    self.warnings = warnings
  }
}

/// What a reader may take from a file before it has to refuse it.
public struct ReadLimits: Sendable, Equatable {
  /// Pixels of one frame. 16384 x 16384 is four times the largest camera.
  public var pixels: Int
  /// Bytes that one decoded frame may take.
  public var frameBytes: Int
  /// Directories, tags, records: how many of each a reader follows.
  public var entries: Int

  public init(pixels: Int = 1 << 28, frameBytes: Int = 1 << 30, entries: Int = 100_000) {
    self.pixels = pixels
    self.frameBytes = frameBytes
    self.entries = entries
  }
}

/// Why a file or a frame cannot be used: one line, and whether waiting may help.
public struct FileRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: String, Sendable {
    /// Ends too early: perhaps it is still being written. Tried again.
    case truncated
    /// Broken in a way that waiting does not mend.
    case damaged
    /// Whole, but of a kind that is not read (complex pixels, colour, an unknown compression).
    case unsupported
    /// Beyond `ReadLimits`.
    case tooLarge = "too_large"
    /// The operating system said no.
    case unreadable
  }

  public var kind: Kind
  /// What and where, for an operator: `TIFF: strip 3 ends past the end of the file`.
  public var reason: String
  /// The byte where it went wrong, where known.
  public var offset: Int?

  public init(_ kind: Kind, _ reason: String, offset: Int? = nil) {
    self.kind = kind
    self.reason = reason
    self.offset = offset
  }

  public var description: String { reason }
}
