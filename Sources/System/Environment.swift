import Glibc

/// The variables that the program was started with.
package enum Environment {
  /// Nil where a variable is not set, or set to nothing.
  package static subscript(name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }
}

/// Where a user's files go (XDG Base Directory Specification: a path that is not absolute does not count).
package enum UserFolders {
  package static var data: String? { folder("XDG_DATA_HOME", or: ".local/share") }
  package static var configuration: String? { folder("XDG_CONFIG_HOME", or: ".config") }
  package static var cache: String? { folder("XDG_CACHE_HOME", or: ".cache") }

  private static func folder(_ variable: String, or place: String) -> String? {
    if let folder = Environment[variable], folder.hasPrefix("/") { return folder }
    return Environment["HOME"].flatMap { $0.hasPrefix("/") ? "\($0)/\(place)" : nil }
  }
}
