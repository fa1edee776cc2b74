import Glibc
import System
import Synchronization

/// The files that were sent, each once, under the digest of its content: an answer can be computed again from them.
/// Where they take more room than they may, those that were used longest ago go.
package final class InputStore: Sendable {
  private let folder: String
  private let limit: Int
  private let held: Mutex<Int>

  package init(folder: String, limit bytes: Int) throws {
    self.folder = folder
    limit = bytes
    try Folder.makeWithParents(folder)
    held = Mutex(Self.files(in: folder).reduce(0) { $0 + $1.size })
  }

  /// Moves a file in and returns where it is; `name` gives the ending that tells its format.
  package func keep(_ path: String, digest: String, name: String) throws -> String {
    let place = self.place(digest, name)
    let size = Self.size(of: path)
    if FilePath.exists(place) {
      unlink(path)
      utimes(place, nil)
      return place
    }
    guard rename(path, place) == 0 else { throw SystemError(place, "keep the file") }
    let total = held.withLock { held in
      held += size
      return held
    }
    if total > limit { makeRoom(besides: place) }
    return place
  }

  /// Nil where it had to go.
  package func find(digest: String, name: String) -> String? {
    let place = self.place(digest, name)
    guard FilePath.exists(place) else { return nil }
    utimes(place, nil)
    return place
  }

  private func place(_ digest: String, _ name: String) -> String {
    "\(folder)/\(digest)\(Self.ending(of: name))"
  }

  /// Of a client's name only the ending counts, and only a plain one.
  package static func ending(of name: String) -> String {
    guard let dot = name.lastIndex(of: ".") else { return "" }
    let ending = name[dot...].lowercased()
    let isPlain = ending.dropFirst().utf8.allSatisfy {
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
        || $0 == UInt8(ascii: "_")
    }
    return isPlain && 2...10 ~= ending.utf8.count ? ending : ""
  }

  private func makeRoom(besides newest: String) {
    held.withLock { held in
      for file in Self.files(in: folder).sorted(by: { $0.used < $1.used }) where held > limit * 9 / 10 {
        if file.path == newest { continue }
        if unlink(file.path) == 0 { held -= file.size }
      }
    }
  }

  private static func size(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  private static func files(in folder: String) -> [(path: String, size: Int, used: Int)] {
    FolderNames(folder).filter { !$0.hasPrefix(".") }.compactMap { name in
      var status = stat()
      guard stat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
      return ("\(folder)/\(name)", Int(status.st_size), status.st_mtim.tv_sec)
    }
  }
}
