import Diffraction

/// What happened. Every event is appended to the session file first and then folded into the
/// `SessionState`; replay and resume fold the same events through the same function.
///
/// `file` events in a passing state (`FileStatus.isTransient`) are the one exception: they say what the
/// folder looks like at this moment, are folded like the others, and are not written.
package enum SessionEvent: Sendable, Equatable {
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
  package var type: String {
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

  package var isDurable: Bool {
    if case .file(let file) = self { !file.status.isTransient } else { true }
  }

  /// A person typed it: it goes to the disk at once, not within the second.
  package var isPersonal: Bool {
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
package struct SessionRecord: Sendable, Equatable {
  package var id: Identifier
  package var program: String
  package var version: String
  package var commit: String
  package var system: String
  package var host: String?
  package var user: String?
  package var operatorName: String?
  package var sample: String?
  package var folders: [String]
  /// Every effective setting, as text.
  package var settings: [String: String]
  package var models: [ModelIdentity]

  package init(
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
package enum FileStatus: String, Sendable, CaseIterable {
  case waiting, settling, queued, reading
  case done, partial, refused, gone, skipped, duplicate
  case timedOut = "timeout"

  package var isTransient: Bool {
    switch self {
    case .waiting, .settling, .queued, .reading: true
    default: false
    }
  }

  var awaitsReading: Bool { self == .settling || self == .queued || self == .reading }
  var canBeTriedAgain: Bool { self == .refused || self == .timedOut }
}

/// A file of the watched folder, at one moment of its life.
package struct FileRecord: Sendable, Equatable {
  /// So many are recorded, and shown.
  static let warningLimit = 20

  package var fileID: Int
  /// Relative to the watched folder; bytes that are not UTF-8 stand as `\xNN`.
  package var path: String
  /// Counts overwrites of the same name, from 1.
  package var revision: Int
  package var size: Int
  package var modifiedNanoseconds: Int
  package var device: Int
  package var inode: Int
  package var content: String?
  package var status: FileStatus
  package var format: String?
  package var frames: Int?
  package var declaredFrames: Int?
  /// Slowest axis first.
  package var shape: [Int]
  package var sample: String?
  package var metadata: [MetadataItem]
  package var warnings: [String]
  package var reason: String?
  /// For `refused`: the kind of refusal.
  package var kind: String?
  package var offset: Int?
  /// For `duplicate`: the file whose content this is.
  package var sameAs: Int?

  package init(
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
package struct ResultRecord: Sendable {
  package var resultID: Identifier
  package var fileID: Int
  package var file: String
  /// Which image of the file; nil for a scan taken as a whole.
  package var frame: Int?
  package var engine: String
  /// Without its exhibits, which are not recorded.
  package var finding: Finding
  package var parameters: [String: String]
  package var durationMilliseconds: Double
  package var supersedes: Identifier?
  /// The result that served as "the frame before", so that a replay has the same past.
  package var previous: Identifier?

  package init(
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
  package subscript<Value>(dynamicMember part: KeyPath<Finding, Value>) -> Value { finding[keyPath: part] }
}

extension ResultRecord: Equatable {
  package static func == (a: ResultRecord, b: ResultRecord) -> Bool {
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
package struct AcceptRecord: Sendable, Equatable {
  package var fileID: Int
  package var resultID: Identifier

  package init(fileID: Int, resultID: Identifier) {
    self.fileID = fileID
    self.resultID = resultID
  }
}

/// What a person says of a file.
package struct NoteRecord: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable { case note, tag, untag, mark, unmark, exclude, include }

  package var fileID: Int
  package var kind: Kind
  package var text: String

  package init(fileID: Int, kind: Kind, text: String = "") {
    self.fileID = fileID
    self.kind = kind
    self.text = bounded(text)
  }
}

/// A setting that holds for all frames from now on.
package struct SettingRecord: Sendable, Equatable {
  package var engine: String
  package var name: String
  package var old: String
  package var new: String

  package init(engine: String, name: String, old: String, new: String) {
    self.engine = engine
    self.name = name
    self.old = old
    self.new = new
  }
}

/// An operator has seen an alarm.
package struct AcknowledgeRecord: Sendable, Equatable {
  /// Stands for all of them.
  static let everyAlarm = "*"

  package var code: String

  package init(code: String) { self.code = code }
}

/// Something that befell the session itself: a folder missing, an overflow, a full disk.
package struct IncidentRecord: Sendable, Equatable {
  /// What this version tells of; a session of another one may hold more.
  enum Kind: String, Sendable {
    case changed, error, inventory, overflow, polling
    case folderBack = "folder_back"
    case folderMissing = "folder_missing"
    case logFailed = "log_failed"
    case notResponding = "not_responding"
    case processEnded = "process_ended"
    case tooDeep = "too_deep"

    /// Nil where it is news, no alarm.
    var severity: Alarm.Severity? {
      switch self {
      case .error, .logFailed: .alarm
      case .folderMissing, .overflow, .notResponding, .processEnded, .changed: .warning
      case .inventory, .polling, .folderBack, .tooDeep: nil
      }
    }
  }

  package var name: String
  package var text: String

  init(_ kind: Kind, text: String) { self.init(name: kind.rawValue, text: text) }

  package init(name: String, text: String) {
    self.name = name
    self.text = bounded(text)
  }
}

/// The counts so far and the digest of every byte before this line.
package struct CheckpointRecord: Sendable, Equatable {
  package var files: Int
  package var results: Int
  package var sha256: String

  package init(files: Int, results: Int, sha256: String) {
    self.files = files
    self.results = results
    self.sha256 = sha256
  }
}

/// A clean close.
package struct EndRecord: Sendable, Equatable {
  package var files: Int
  package var results: Int
  package var sha256: String

  package init(files: Int, results: Int, sha256: String) {
    self.files = files
    self.results = results
    self.sha256 = sha256
  }
}
