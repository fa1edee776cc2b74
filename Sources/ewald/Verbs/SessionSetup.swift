import System
import Diffraction
import FrameFormats
import Glibc
import LiveSession

/// What `watch` and `demo` have in common: the session file, the analyst, the session.
struct SessionSetup {
  var folder: String
  var log: SessionLog
  var state: SessionState
  var record: SessionRecord
  /// Said once on the screen: continued, changed settings, lines that could not be read.
  var notices: [String] = []
  /// The settings in force: those of the session so far, then those given now.
  var settings: [String: [String: String]] = [:]
  var engine: String
  /// What was given now and differs from what the session had.
  var changes: [SettingRecord] = []

  /// Opens `path`, or goes on with the folder's last session, or begins a new one under the data folder.
  static func open(
    folder: String, path: String?, isNew: Bool, engine given: String?, options: Session.Options,
    operatorName: String?, sample: String?
  ) throws -> SessionSetup {
    let clock = options.clock
    let path = path ?? (isNew ? nil : latest(for: folder)) ?? fresh(for: folder, clock)
    var notices: [String] = []
    let log: SessionLog
    var state = SessionState()
    if access(path, F_OK) == 0 {
      let resumed = try SessionLog.resume(path: path, clock: clock)
      log = resumed.log
      state = resumed.state
      if let before = state.session?.folders.first, before != folder {
        throw Failure("\(path): is a session of \(before), not of \(folder)")
      }
      notices.append("session continued: \(state.fileCount) files, \(state.resultCount) results")
      for problem in resumed.problems.prefix(3) { notices.append("\(path): \(problem)") }
    } else {
      log = try SessionLog.create(path: path, clock: clock)
    }
    let earlier = earlierSettings(state)
    var inForce = earlier
    var changes: [SettingRecord] = []
    for (engine, values) in options.settings.sorted(by: { $0.key < $1.key }) {
      for (name, value) in values.sorted(by: { $0.key < $1.key }) {
        let old = earlier[engine]?[name]
        if state.sessionID != nil, old != value {
          changes.append(SettingRecord(engine: engine, name: name, old: old ?? "", new: value))
        }
        inForce[engine, default: [:]][name] = value
      }
    }
    if !changes.isEmpty {
      let text = changes.prefix(3).map { "\($0.name) \($0.old.isEmpty ? "" : "\($0.old) → ")\($0.new)" }
      notices.append("given now: \(text.joined(separator: ", "))")
    }
    let engine = given ?? state.session?.settings["engine"] ?? Analyst.suitable
    var random = SystemRandomNumberGenerator()
    var settings: [String: String] = [:]
    for (engine, values) in inForce {
      for (name, value) in values { settings["\(engine).\(name)"] = value }
    }
    settings["existing"] = options.existing.rawValue
    settings["engine"] = engine
    let record = SessionRecord(
      id: state.sessionID
        ?? Identifier(unixMilliseconds: clock.unixMilliseconds(), random: (random.next(), random.next())),
      program: "ewald", version: Ewald.version, commit: Checkout.commit(), system: Self.system,
      operatorName: operatorName,
      sample: sample, folders: [folder], settings: settings)
    return SessionSetup(
      folder: folder, log: log, state: state, record: record, notices: notices, settings: inForce,
      engine: engine, changes: changes)
  }

  /// Beside the session: what befell the processes that read and analyse.
  static func reports(of session: String) -> String {
    let suffix = ".session.jsonl"
    return (session.hasSuffix(suffix) ? String(session.dropLast(suffix.count)) : session) + ".incidents.txt"
  }

  static var dataFolder: String {
    (UserFolders.data ?? "./.local/share") + "/ewald/sessions"
  }

  private static func fresh(for folder: String, _ clock: SessionClock) -> String {
    "\(dataFolder)/\(stem(folder))-\(Timestamp.compact(unixMilliseconds: clock.unixMilliseconds())).session.jsonl"
  }

  /// What held when the session was left: flags of its last start, then what was changed from then on.
  private static func earlierSettings(_ state: SessionState) -> [String: [String: String]] {
    var settings: [String: [String: String]] = [:]
    for (key, value) in state.session?.settings ?? [:] {
      let parts = key.split(separator: ".", maxSplits: 1).map(String.init)
      if parts.count == 2 { settings[parts[0], default: [:]][parts[1]] = value }
    }
    for (engine, values) in state.settings { settings[engine, default: [:]].merge(values) { $1 } }
    return settings
  }

  /// The newest session of this folder, closed or not: marks, notes and runs go on where they were.
  private static func latest(for folder: String) -> String? {
    let names = FolderNames(dataFolder).filter {
      $0.hasPrefix(stem(folder) + "-") && $0.hasSuffix(".session.jsonl")
    }
    // Folders of one name share their sessions' first words: the line inside says which it is.
    for name in names.sorted(by: >).prefix(50) {
      let path = "\(dataFolder)/\(name)"
      if case .session(let record)? = SessionFile.ends(of: path)?.first, record.folders.first == folder {
        return path
      }
    }
    return nil
  }

  /// The folder's own name, made fit for a file name.
  private static func stem(_ folder: String) -> String {
    let name = folder.split(separator: "/").last ?? "root"
    return String(name.map { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" ? $0 : "_" }.prefix(40))
  }

  private static var system: String {
    var name = utsname()
    uname(&name)
    func text<T>(_ field: T) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    return "\(text(name.sysname)) \(text(name.release)) \(text(name.machine))"
  }
}
