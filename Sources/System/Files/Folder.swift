import Glibc

/// Making and removing folders.
package enum Folder {
  /// One that is there already is as good.
  package static func make(_ path: String) throws(SystemError) {
    let isThere = PathText.withCString(path) { mkdir($0, 0o755) == 0 || errno == EEXIST }
    if !isThere { throw SystemError(path, "make the folder") }
  }

  /// The folder and those above it.
  package static func makeWithParents(_ path: String) throws(SystemError) {
    var partial = ""
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      partial += part + "/"
      // A part may be there and yet answer otherwise: the root, or what may only be passed through.
      let isThere = PathText.withCString(partial) {
        mkdir($0, 0o755) == 0 || errno == EEXIST || access($0, F_OK) == 0
      }
      if !isThere { throw SystemError(partial, "make the folder") }
    }
  }

  /// A new one for files that nobody needs later.
  package static func makeTemporary(_ name: String) throws(SystemError) -> String {
    let path = "\(Environment["TMPDIR"] ?? "/tmp")/\(name)-XXXXXX"
    var template = Array(path.utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError(path, "make a temporary folder") }
    return String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// A folder and all that is in it; links are removed, not followed.
  package static func removeTree(_ path: String) {
    for name in FolderNames(path) where name != "." && name != ".." {
      let inner = "\(path)/\(name)"
      if PathText.withCString(inner, { unlink($0) }) != 0 { removeTree(inner) }
    }
    PathText.withCString(path) { _ = rmdir($0) }
  }
}
