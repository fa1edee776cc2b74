import Foundation
import System
import Testing

/// A folder of one test, gone with it.
private final class Scratch {
  let path: String
  init() throws { path = try Folder.makeTemporary("ewald-system") }
  deinit { Folder.removeTree(path) }

  var names: [String] { FolderNames(path).filter { $0 != "." && $0 != ".." }.sorted() }
}

@Suite struct FileTests {
  @Test func `A file appears whole, over the old one, and nothing is left beside it`() throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/a.bin"
    try NewFile.write([1, 2], to: path)
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
    try NewFile.write(bytes, to: path, durability: .cached)
    #expect(try WholeFile.bytes(path) == bytes)
    #expect(scratch.names == ["a.bin"])
  }

  @Test func `A file that is written in pieces holds them in their order`() throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/a.bin"
    let file = try NewFile(path: path)
    try file.write(Array("first, ".utf8))
    let large = [UInt8](repeating: 65, count: 100_000)
    try large.withUnsafeBytes { try file.write($0) }
    try file.write(", last".utf8)
    #expect(!FilePath.exists(path))
    try file.finish()
    #expect(file.byteCount == 100_013)
    #expect(try WholeFile.bytes(path) == Array("first, ".utf8) + large + Array(", last".utf8))
  }

  @Test func `A file that is not finished leaves the old one and nothing else`() throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/a.bin"
    try NewFile.write([1], to: path)
    do {
      let file = try NewFile(path: path)
      try file.write([2, 3])
      #expect(scratch.names.count == 2)
    }
    #expect(scratch.names == ["a.bin"])
    #expect(try WholeFile.bytes(path) == [1])
  }

  @Test func `A name that is taken is not overwritten unless asked`() throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/a.bin"
    let late = try NewFile(path: path, overwrite: .refuse)
    try NewFile.write([1], to: path)
    #expect(throws: SystemError(path, "write", .exists)) { try NewFile(path: path, overwrite: .refuse) }
    try late.write([2])
    #expect(throws: SystemError(path, "write", .exists)) { try late.finish() }
    #expect(try WholeFile.bytes(path) == [1])
  }

  @Test func `Writers of one name at the same time each write a whole file`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/a.bin"
    try await withThrowingTaskGroup(of: Void.self) { group in
      for value in 0..<16 as Range<UInt8> {
        group.addTask {
          try NewFile.write([UInt8](repeating: value, count: 70_000), to: path, durability: .cached)
        }
      }
      try await group.waitForAll()
    }
    let bytes = try WholeFile.bytes(path)
    #expect(bytes.count == 70_000 && Set(bytes).count == 1)
    #expect(scratch.names == ["a.bin"])
  }

  @Test func `A file that cannot be written says where and why`() throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/absent/a.bin"
    #expect(throws: SystemError(path, "write", .system(Errno(ENOENT)))) { try NewFile.write([1], to: path) }
    let error = SystemError(path, "write", .system(Errno(ENOENT)))
    #expect(error.description == "\(path): cannot write: No such file or directory")
  }

  @Test func `Only regular files of a bearable size are read, also those that say they are empty`() throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/a.bin"
    for count in [0, 1, 4095, 4096, 4097, 100_000] {
      try NewFile.write([UInt8](repeating: 7, count: count), to: path, durability: .cached)
      #expect(try WholeFile.bytes(path, limit: count).count == count)
    }
    #expect(throws: SystemError(path, "read", .tooLarge(bytes: 100_000))) {
      try WholeFile.bytes(path, limit: 99_999)
    }
    #expect(try WholeFile.text("/proc/self/cmdline", limit: 1 << 20).isEmpty == false)
    #expect(throws: SystemError.self) { try WholeFile.bytes("/proc/self/maps", limit: 10) }
    let pipe = "\(scratch.path)/pipe"
    mkfifo(pipe, 0o600)
    #expect(throws: SystemError(pipe, "open", .notRegular)) { try WholeFile.bytes(pipe) }
    #expect(throws: SystemError(scratch.path, "open", .notRegular)) { try WholeFile.bytes(scratch.path) }
    #expect(throws: SystemError("", "open", .system(Errno(ENOENT)))) { try WholeFile.bytes("") }
  }

  @Test func `A name with a NUL stands for no file`() throws {
    let scratch = try Scratch()
    try NewFile.write([1], to: "\(scratch.path)/a")
    #expect(throws: SystemError.self) { try WholeFile.bytes("\(scratch.path)/a\0b") }
    #expect(!FilePath.exists("\(scratch.path)/a\0b"))
  }

  @Test func `Names that are not text are listed, read, written and removed`() throws {
    let scratch = try Scratch()
    let name = PathText.text([0x61, 0xFF, 0xE9, 0x62])
    try NewFile.write([9], to: "\(scratch.path)/\(name)")
    #expect(scratch.names == [name])
    #expect(try WholeFile.bytes("\(scratch.path)/\(name)") == [9])
    Folder.removeTree(scratch.path)
    #expect(!FilePath.exists(scratch.path))
  }

  @Test func `A folder is made with those above it, and removed without following links`() throws {
    let scratch = try Scratch()
    let kept = "\(scratch.path)/kept"
    try NewFile.write([1], to: kept)
    try Folder.makeWithParents("\(scratch.path)/a/b/c")
    try Folder.makeWithParents("\(scratch.path)/a/b/c")
    try Folder.make("\(scratch.path)/a")
    #expect(throws: SystemError.self) { try Folder.make("\(scratch.path)/x/y") }
    #expect(throws: SystemError.self) { try Folder.makeWithParents("\(kept)/y") }
    symlink(scratch.path, "\(scratch.path)/a/b/link")
    Folder.removeTree("\(scratch.path)/a")
    #expect(scratch.names == ["kept"])
  }

  @Test func `An identity tells files and contents apart`() throws {
    let scratch = try Scratch()
    let (a, b) = ("\(scratch.path)/a", "\(scratch.path)/b")
    try NewFile.write([1], to: a)
    try NewFile.write([1], to: b)
    let first = try FileIdentity(path: a)
    #expect(try FileIdentity(path: a) == first)
    #expect(try FileIdentity(path: b) != first)
    #expect(first.size == 1)
    var mounted = first
    mounted.device += 1
    #expect(mounted != first && mounted.isSameContent(as: first))
    #expect(throws: SystemError("\(a)x", "look at", .system(Errno(ENOENT)))) {
      try FileIdentity(path: "\(a)x")
    }
  }
}

@Suite struct PathTests {
  @Test(arguments: [
    ("a.tif", "/data", "/data/a.tif"), ("a.tif", "/data/", "/data/a.tif"), ("a.tif", "/", "/a.tif"),
    ("/b/a.tif", "/data", "/b/a.tif"), ("a.tif", "", "a.tif"), ("s/a.tif", "d", "d/s/a.tif"),
  ])
  func `A relative path is one inside the folder`(path: String, folder: String, whole: String) {
    #expect(FilePath.absolute(path, in: folder) == whole)
    let raw = RawPath(folder).appending(RawPath(path))
    #expect(path.hasPrefix("/") || raw.string == whole)
  }

  @Test func `A resolved path has no links and no dots`() throws {
    let scratch = try Scratch()
    let real = try #require(FilePath.resolved(scratch.path))
    try Folder.make("\(real)/inner")
    symlink("\(real)/inner", "\(real)/link")
    #expect(FilePath.resolved("\(real)/link/../inner/.") == "\(real)/inner")
    #expect(FilePath.resolved("\(real)/absent") == nil)
  }

  @Test func `The folders above a program go up to the root`() throws {
    let scratch = try Scratch()
    let real = try #require(FilePath.resolved(scratch.path))
    try NewFile.write([], to: "\(real)/program")
    let folders = Program.folders(above: "\(real)/program")
    #expect(folders.first == real)
    #expect(folders.last == "")
    #expect(zip(folders, folders.dropFirst()).allSatisfy { $0.hasPrefix($1 + "/") })
  }

  @Test func `Any bytes survive the way through a name`() {
    var random = SplitMix64(seed: 1)
    for length in 0..<200 {
      let bytes = (0..<length).map { _ in UInt8.random(in: 1...255, using: &random) }
      #expect(PathText.bytes(PathText.text(bytes)) == bytes)
    }
    let tricky: [UInt8] = [0xF4, 0x8F, 0xBC, 0x80, 0xE6, 0x97, 0xC3]
    #expect(PathText.bytes(PathText.text(tricky)) == tricky)
    #expect(PathText.text(Array("日本語µ".utf8)) == "日本語µ")
  }
}

@Suite struct EnvironmentTests {
  @Test func `A variable is what the program was started with, and nothing where it is empty`() {
    let variables = ProcessInfo.processInfo.environment
    #expect(Environment["PATH"] == variables["PATH"])
    #expect(Environment["EWALD_NO_SUCH_VARIABLE"] == nil)
    for folder in [UserFolders.data, UserFolders.cache] { #expect(folder?.hasPrefix("/") != false) }
  }

  @Test func `The monotonic clock never goes back, and the other one knows the year`() {
    let moments = (0..<1000).map { _ in SystemClock.monotonic.nanoseconds }
    #expect(moments == moments.sorted())
    #expect(SystemClock.unix.seconds > 1.7e9)
    #expect(SystemClock.process.nanoseconds > 0 && SystemClock.thread.nanoseconds >= 0)
    let (a, b) = (MonotonicTime.now(), MonotonicTime.now())
    #expect(b >= a && a + .milliseconds(3) - a == .milliseconds(3))
  }
}
