import Glibc

/// An error number of the system.
package struct Errno: Error, Sendable, Hashable, CustomStringConvertible {
  package var code: Int32

  package init(_ code: Int32) { self.code = code }

  package var description: String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }
}

/// Why something could not be done with a file.
package struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Cause: Sendable, Hashable {
    case system(Errno)
    case notRegular
    case tooLarge(bytes: Int)
    case exists
  }

  package var path: String
  /// What was tried, as in "cannot open".
  package var action: String
  package var cause: Cause

  package init(_ path: String, _ action: String, _ cause: Cause) {
    self.path = path
    self.action = action
    self.cause = cause
  }

  /// What `errno` says; taken at once, before another call changes it.
  package init(_ path: String, _ action: String, code: Int32 = errno) {
    self.init(path, action, .system(Errno(code)))
  }

  package var description: String { "\(path): cannot \(action): \(reason)" }

  package var reason: String {
    switch cause {
    case .system(let error): error.description
    case .notRegular: "not a regular file"
    case .tooLarge(let bytes): "\(bytes) bytes are too many"
    case .exists: "exists already"
    }
  }
}
