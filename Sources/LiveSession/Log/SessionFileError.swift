import Glibc

/// Why a session file cannot be opened or continued, in one line.
package struct SessionFileError: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Kind: Sendable { case inUse, unreadable, unwritable, notASession, newer, exists }

  package var kind: Kind
  package var description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  static func system(_ path: String, _ what: String, _ code: Int32 = errno) -> SessionFileError {
    SessionFileError(.unreadable, "\(path): cannot \(what): \(String(cString: strerror(code)))")
  }
}
