import Glibc
import System

/// The folder without `.`, `..` and links, so that a session knows it again from anywhere.
func realFolder(_ path: String) throws -> String {
  guard let resolved = FilePath.resolved(path) else {
    throw Failure("\(path): \(Errno(errno).description.lowercased())")
  }
  var status = stat()
  guard stat(resolved, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
    throw Failure("\(path): is not a folder")
  }
  return resolved
}
