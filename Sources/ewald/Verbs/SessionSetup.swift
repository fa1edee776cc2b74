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
  /// Said once on the screen: continued, lines that could not be read.
  var notices: [String] = []

  /// Opens `path`, or the folder's unfinished session, or a new one under the data folder.
  static func open(
    folder: String, path: String?, options: Session.Options, operatorName: String?, sample: String?
  ) throws -> SessionSetup {
    let clock = options.clock
    let path = path ?? unfinished(for: folder) ?? fresh(for: folder, clock)
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
    var random = SystemRandomNumberGenerator()
    var settings: [String: String] = [:]
    for (engine, values) in options.settings {
      for (name, value) in values { settings["\(engine).\(name)"] = value }
    }
    settings["existing"] = options.existing.rawValue
    let record = SessionRecord(
      id: state.sessionID
        ?? Identifier(unixMilliseconds: clock.unixMilliseconds(), random: (random.next(), random.next())),
      program: "ewald", version: Ewald.version, commit: Checkout.commit(), system: Self.system,
      operatorName: operatorName,
      sample: sample, folders: [folder], settings: settings)
    return SessionSetup(folder: folder, log: log, state: state, record: record, notices: notices)
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

  /// The newest session of this folder, if it was never closed: the program or the machine went down.
  private static func unfinished(for folder: String) -> String? {
    let names = FolderNames(dataFolder).filter {
      $0.hasPrefix(stem(folder) + "-") && $0.hasSuffix(".session.jsonl")
    }
    guard let newest = names.max() else { return nil }
    let path = "\(dataFolder)/\(newest)"
    guard let (first, last) = SessionFile.ends(of: path), case .session(let record)? = first,
      record.folders.first == folder
    else { return nil }
    if case .end? = last { return nil }
    return path
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
