import System
import Glibc

extension SessionLog {
  /// Starts a new session file. An existing file is never touched: the name is taken or it is not.
  package static func create(path: String, clock: SessionClock) throws(SessionFileError) -> SessionLog {
    try create(path: path, clock: clock) { Glibc.write($0, $1, $2) }
  }

  package static func create(
    path: String, clock: SessionClock, write: @escaping WriteBytes
  ) throws(SessionFileError) -> SessionLog {
    try makeFolder(of: path)
    let lock = try SessionLock(for: path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else {
      if errno == EEXIST { throw SessionFileError(.exists, "\(path): exists already") }
      throw .system(path, "create")
    }
    syncFolder(of: path)
    return SessionLog(path: path, descriptor: descriptor, lock: lock, clock: clock, write: write)
  }

  /// Continues an existing session file behind its last byte.
  package static func resume(
    path: String, clock: SessionClock
  ) throws(SessionFileError) -> (log: SessionLog, state: SessionState, problems: [LineProblem]) {
    try resume(path: path, clock: clock) { Glibc.write($0, $1, $2) }
  }

  package static func resume(
    path: String, clock: SessionClock, write: @escaping WriteBytes
  ) throws(SessionFileError) -> (log: SessionLog, state: SessionState, problems: [LineProblem]) {
    let lock = try SessionLock(for: path)
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw .system(path, "open for appending") }
    do throws(SessionFileError) {
      let file = try SessionFile(path: path)
      var contents = ContentIndex()
      let (state, problems) = file.state { record in
        if record.status == .done || record.status == .partial, let content = record.content {
          contents[content] = record.fileID
        }
      }
      guard state.sessionID != nil || file.endsBeforeItsFirstLine else {
        throw SessionFileError(.notASession, "\(path): not a session file: it has no session line")
      }
      let log = SessionLog(
        path: path, descriptor: descriptor, lock: lock, clock: clock, write: write, length: file.byteCount,
        endsTorn: file.endsTorn, digest: file.digest(), nextSequence: state.lastSequence + 1,
        contents: contents)
      return (log, state, problems)
    } catch {
      close(descriptor)
      throw error
    }
  }

  private static func makeFolder(of path: String) throws(SessionFileError) {
    guard let slash = path.lastIndex(of: "/") else { return }
    do {
      try Folder.makeWithParents(String(path[..<slash]))
    } catch {
      throw SessionFileError(.unreadable, error.description)
    }
  }

  private static func syncFolder(of path: String) {
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor >= 0 {
      fsync(descriptor)
      close(descriptor)
    }
  }
}
