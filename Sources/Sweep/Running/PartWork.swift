import Glibc
import System

/// The folder in which one attempt works. Each has its own, so that one who does not know yet that he has lost his
/// part writes where nobody reads; what the attempt before had reached is linked into it.
struct PartWork {
  let path: String
  private let place: String
  private let epoch: Int

  private static let prefix = "work-"

  init(place: String, epoch: Int) {
    self.place = place
    self.epoch = epoch
    path = "\(place)/\(Self.prefix)\(epoch)"
  }

  /// `parent`: the folder of the result that it starts from.
  func prepare(_ part: Part, inputs: String, parent: String?) throws(SweepError) {
    do throws(SystemError) {
      try Folder.make(path)
    } catch {
      throw SweepError(error)
    }
    let before = FolderNames(place).compactMap { name in
      name.hasPrefix(Self.prefix) ? Int(name.dropFirst(Self.prefix.count)) : nil
    }
    if let last = before.filter({ $0 < epoch }).max() { carry("\(place)/\(Self.prefix)\(last)", to: path) }
    for input in part.inputs {
      let source = "\(inputs)/\(input.name)"
      guard try Disk.digest(source) == input.sha256 else {
        throw SweepError("\(source): has been changed since the sweep was planned; plan it anew")
      }
      try link(source, "\(path)/\(input.name)")
    }
    if let parent { try point("\(path)/\(PartList.parentName)", to: parent) }
  }

  /// Everything of a part that is done can go.
  func removeAll() {
    for name in FolderNames(place) where name.hasPrefix(Self.prefix) { Folder.removeTree("\(place)/\(name)") }
  }

  /// Files get their names when they are whole and are never changed afterwards: a link is as good as a copy. What
  /// begins with a dot or ends in `.part` was being written.
  private func carry(_ from: String, to: String, depth: Int = 0) {
    for name in FolderNames(from) where !name.hasPrefix(".") && !name.hasSuffix(".part") && depth < 4 {
      let (source, target) = ("\(from)/\(name)", "\(to)/\(name)")
      var status = stat()
      guard PathText.withCString(source, { lstat($0, &status) }) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR {
        guard (try? Folder.make(target)) != nil else { continue }
        carry(source, to: target, depth: depth + 1)
      } else if status.st_mode & S_IFMT == S_IFREG {
        try? link(source, target)
      }
    }
  }

  private func link(_ source: String, _ target: String) throws(SweepError) {
    let isLinked = PathText.withCString(source) { from in
      PathText.withCString(target) { Glibc.link(from, $0) == 0 || errno == EEXIST }
    }
    if isLinked { return }
    // Some shares know no links.
    do throws(SystemError) {
      try NewFile.write(try WholeFile.bytes(source), to: target, durability: .cached)
    } catch {
      throw SweepError(error)
    }
  }

  private func point(_ name: String, to target: String) throws(SweepError) {
    let isDone = PathText.withCString(target) { target in
      PathText.withCString(name) { symlink(target, $0) == 0 || errno == EEXIST }
    }
    if !isDone { throw SweepError(SystemError(name, "write")) }
  }
}
