import Glibc

/// Paths as text (see `PathText`).
package enum FilePath {
  /// A path as it stands, or inside a folder where it is relative.
  package static func absolute(_ path: String, in folder: String) -> String {
    if path.hasPrefix("/") || folder.isEmpty { return path }
    return folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
  }

  package static func name(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  /// What the path says before the name; `.` where it says nothing.
  package static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The name without its folder and its ending.
  package static func stem(of path: String) -> String {
    let name = name(of: path)
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return String(name) }
    return String(name[..<dot])
  }

  package static func exists(_ path: String) -> Bool { PathText.withCString(path) { access($0, F_OK) == 0 } }

  /// Without `.`, `..` and links; nil, with the reason in `errno`, where nothing is there.
  package static func resolved(_ path: String) -> String? {
    guard let resolved = PathText.withCString(path, { realpath($0, nil) }) else { return nil }
    defer { free(resolved) }
    return PathText.text(UnsafeRawBufferPointer(start: resolved, count: strlen(resolved)))
  }
}
