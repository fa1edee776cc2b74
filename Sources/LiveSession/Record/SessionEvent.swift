import Diffraction

/// What happened. Every event is appended to the session file first and then folded into the
/// `SessionState`; replay and resume fold the same events through the same function.
///
/// `file` events in a passing state (`FileStatus.isTransient`) are the one exception: they say what the
/// folder looks like at this moment, are folded like the others, and are not written.
public enum SessionEvent: Sendable, Equatable {
  case session(SessionRecord)
  case resume(SessionRecord)
  case file(FileRecord)
  case result(ResultRecord)
  case accept(AcceptRecord)
  case note(NoteRecord)
  case setting(SettingRecord)
  case acknowledge(AcknowledgeRecord)
  case event(IncidentRecord)
  case checkpoint(CheckpointRecord)
  case end(EndRecord)

  /// The word that stands in the line's `type`.
  public var type: String {
    switch self {
    case .session: "session"
    case .resume: "resume"
    case .file: "file"
    case .result: "result"
    case .accept: "accept"
    case .note: "note"
    case .setting: "setting"
    case .acknowledge: "acknowledge"
    case .event: "event"
    case .checkpoint: "checkpoint"
    case .end: "end"
    }
  }

  public var isDurable: Bool {
    if case .file(let file) = self { !file.status.isTransient } else { true }
  }

  /// A person typed it: it goes to the disk at once, not within the second.
  public var isPersonal: Bool {
    switch self {
    case .note, .accept, .setting, .acknowledge: true
    default: false
    }
  }
}

/// A text as it is recorded. Cut before it is shown, too: a replay shows what the live session did.
private func bounded(_ text: String) -> String {
  text.utf8.count <= 4096 ? text : String(text.unicodeScalars.prefix(4096))
}

/// The beginning of a session, or its continuation by a later run of the program.
public struct SessionRecord: Sendable, Equatable {
  public var id: Identifier
  public var program: String
  public var version: String
  public var commit: String
  public var system: String
  public var host: String?
  public var user: String?
  public var operatorName: String?
  public var sample: String?
  public var folders: [String]
  /// Every effective setting, as text.
  public var settings: [String: String]
  public var models: [ModelIdentity]

  public init(
    id: Identifier, program: String, version: String, commit: String, system: String, host: String? = nil,
    user: String? = nil, operatorName: String? = nil, sample: String? = nil, folders: [String],
    settings: [String: String] = [:], models: [ModelIdentity] = []
  ) {
    self.id = id
    self.program = program
    self.version = version
    self.commit = commit
    self.system = system
    self.host = host
    self.user = user
    self.operatorName = operatorName
    self.sample = sample
    self.folders = folders
    self.settings = settings
    self.models = models
  }
}

/// How far a file has come. The first four pass; the others are history.
public enum FileStatus: String, Sendable, CaseIterable {
  case waiting, settling, queued, reading
  case done, partial, refused, gone, skipped, duplicate
  case timedOut = "timeout"

  public var isTransient: Bool {
    switch self {
    case .waiting, .settling, .queued, .reading: true
    default: false
    }
  }

  var awaitsReading: Bool { self == .settling || self == .queued || self == .reading }
  var canBeTriedAgain: Bool { self == .refused || self == .timedOut }
}

/// A file of the watched folder, at one moment of its life.
public struct FileRecord: Sendable, Equatable {
  /// So many are recorded, and shown.
  static let warningLimit = 20

  public var fileID: Int
  /// Relative to the watched folder; bytes that are not UTF-8 stand as `\xNN`.
  public var path: String
  /// Counts overwrites of the same name, from 1.
  public var revision: Int
  public var size: Int
  public var modifiedNanoseconds: Int
  public var device: Int
  public var inode: Int
  public var content: String?
  public var status: FileStatus
  public var format: String?
  public var frames: Int?
  public var declaredFrames: Int?
  /// Slowest axis first.
  public var shape: [Int]
  public var sample: String?
  public var metadata: [MetadataItem]
  public var warnings: [String]
  public var reason: String?
  /// For `refused`: the kind of refusal.
  public var kind: String?
  public var offset: Int?
  /// For `duplicate`: the file whose content this is.
  public var sameAs: Int?

  public init(
    fileID: Int, path: String, revision: Int = 1, size: Int = 0, modifiedNanoseconds: Int = 0,
    device: Int = 0,
    inode: Int = 0, content: String? = nil, status: FileStatus, format: String? = nil, frames: Int? = nil,
    declaredFrames: Int? = nil, shape: [Int] = [], sample: String? = nil, metadata: [MetadataItem] = [],
    warnings: [String] = [], reason: String? = nil, kind: String? = nil, offset: Int? = nil,
    sameAs: Int? = nil
  ) {
    self.fileID = fileID
    self.path = path
    self.revision = revision
    self.size = size
    self.modifiedNanoseconds = modifiedNanoseconds
    self.device = device
    self.inode = inode
    self.content = content
    self.status = status
    self.format = format
    self.frames = frames
    self.declaredFrames = declaredFrames
    self.shape = shape
    self.sample = sample
    self.metadata = metadata
    self.warnings = warnings
    self.reason = reason
    self.kind = kind
    self.offset = offset
    self.sameAs = sameAs
  }
}

/// What an engine found, with everything that is needed to find it again.
@dynamicMemberLookup
public struct ResultRecord: Sendable {
  public var resultID: Identifier
  public var fileID: Int
  public var file: String
  /// Which image of the file; nil for a scan taken as a whole.
  public var frame: Int?
  public var engine: String
  /// Without its exhibits, which are not recorded.
  public var finding: Finding
  public var parameters: [String: String]
  public var durationMilliseconds: Double
  public var supersedes: Identifier?
  /// The result that served as "the frame before", so that a replay has the same past.
  public var previous: Identifier?

  public init(
    resultID: Identifier, fileID: Int, file: String, frame: Int?, engine: String, finding: Finding,
    parameters: [String: String], durationMilliseconds: Double, supersedes: Identifier? = nil,
    previous: Identifier? = nil
  ) {
    self.resultID = resultID
    self.fileID = fileID
    self.file = file
    self.frame = frame
    self.engine = engine
    self.finding = finding
    self.finding.exhibits = []
    self.parameters = parameters
    self.durationMilliseconds = durationMilliseconds
    self.supersedes = supersedes
    self.previous = previous
  }

  /// What was found, read as the result's own.
  public subscript<Value>(dynamicMember part: KeyPath<Finding, Value>) -> Value { finding[keyPath: part] }
}

extension ResultRecord: Equatable {
  public static func == (a: ResultRecord, b: ResultRecord) -> Bool {
    a.resultID == b.resultID && a.fileID == b.fileID && a.file == b.file && a.frame == b.frame
      && a.engine == b.engine && a.finding.isRecordedLike(b.finding) && a.parameters == b.parameters
      && a.durationMilliseconds == b.durationMilliseconds && a.supersedes == b.supersedes
      && a.previous == b.previous
  }
}

extension Finding {
  /// The same but for the exhibits.
  fileprivate func isRecordedLike(_ other: Finding) -> Bool {
    values == other.values && histograms == other.histograms && profiles == other.profiles
      && verdict == other.verdict && reasons == other.reasons && model == other.model
      && artifacts == other.artifacts
  }
}

/// Which of a file's runs counts: undo and redo move it, nothing is removed.
public struct AcceptRecord: Sendable, Equatable {
  public var fileID: Int
  public var resultID: Identifier

  public init(fileID: Int, resultID: Identifier) {
    self.fileID = fileID
    self.resultID = resultID
  }
}

/// What a person says of a file.
public struct NoteRecord: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable { case note, tag, untag, mark, unmark, exclude, include }

  public var fileID: Int
  public var kind: Kind
  public var text: String

  public init(fileID: Int, kind: Kind, text: String = "") {
    self.fileID = fileID
    self.kind = kind
    self.text = bounded(text)
  }
}

/// A setting that holds for all frames from now on.
public struct SettingRecord: Sendable, Equatable {
  public var engine: String
  public var name: String
  public var old: String
  public var new: String

  public init(engine: String, name: String, old: String, new: String) {
    self.engine = engine
    self.name = name
    self.old = old
    self.new = new
  }
}

/// An operator has seen an alarm.
public struct AcknowledgeRecord: Sendable, Equatable {
  /// Stands for all of them.
  static let everyAlarm = "*"

  public var code: String

  public init(code: String) { self.code = code }
}

/// Something that befell the session itself: a folder missing, an overflow, a full disk.
public struct IncidentRecord: Sendable, Equatable {
  public var name: String
  public var text: String

  public init(name: String, text: String) {
    self.name = name
    self.text = bounded(text)
  }
}

/// The counts so far and the digest of every byte before this line.
public struct CheckpointRecord: Sendable, Equatable {
  public var files: Int
  public var results: Int
  public var sha256: String

  public init(files: Int, results: Int, sha256: String) {
    self.files = files
    self.results = results
    self.sha256 = sha256
  }
}

/// A clean close.
public struct EndRecord: Sendable, Equatable {
  public var files: Int
  public var results: Int
  public var sha256: String

  public init(files: Int, results: Int, sha256: String) {
    self.files = files
    self.results = results
    self.sha256 = sha256
  }
}
