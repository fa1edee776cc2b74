import System
import FolderWatch
import Foundation
import Glibc
import Testing

@Suite(.serialized) struct WatchingFiles {
  @Test func aFileWrittenAndClosedIsOffered() async throws {
    let folder = try WatchedFolder()
    try await folder.folderState { $0 == .inventory(files: 0) }
    try folder.make("a.tif", "pixels")
    let (file, text) = try await folder.readWhenReady("a.tif")
    #expect(text == "pixels")
    #expect(file.offer == .first && !file.atStart && file.revision == 1)
  }

  @Test func aFileThatWasThereIsOfferedAndMarked() async throws {
    let folder = try WatchedFolder { path in
      try "old".write(toFile: path + "/old.tif", atomically: false, encoding: .utf8)
    }
    try await folder.folderState { $0 == .inventory(files: 1) }
    #expect(try await folder.ready("old.tif").atStart)
  }

  @Test func aFileRenamedIntoPlaceIsOfferedOnce() async throws {
    let folder = try WatchedFolder()
    for i in 0..<20 {
      try folder.make("\(i).tif.tmp", "frame \(i)")
      folder.move("\(i).tif.tmp", to: "\(i).tif")
    }
    for i in 0..<20 {
      #expect(try await folder.readWhenReady("\(i).tif").text == "frame \(i)")
    }
    #expect(folder.files.count == 20 && folder.offers.count == 20)
  }

  @Test func aCompleteHeaderMakesAFileReadyAtOnce() async throws {
    var options = WatchedFolder.quick
    options.settle = .seconds(3600)
    options.settleAfterClose = .seconds(3600)
    options.isComplete = { $0.name == RawPath("a.tif") }
    let folder = try WatchedFolder(options)
    try await folder.folderState { $0 == .inventory(files: 0) }
    try folder.make("a.tif")
    _ = try await folder.ready("a.tif")
  }

  @Test func aFileWrittenInPiecesIsReadWhole() async throws {
    let folder = try WatchedFolder()
    try await folder.folderState { $0 == .inventory(files: 0) }
    let descriptor = open(folder.path + "/slow.tif", O_CREAT | O_WRONLY, 0o644)
    #expect(descriptor >= 0)
    let piece = [UInt8](repeating: 65, count: 1024)
    for i in 0..<50 {
      #expect(write(descriptor, piece, piece.count) == piece.count)
      // Between two pieces the watcher is known to have looked.
      if i % 10 == 0 {
        try folder.make("tick-\(i).tif")
        _ = try await folder.ready("tick-\(i).tif")
      }
    }
    close(descriptor)
    try await folder.until { folder.offers.contains { $0.path == RawPath("slow.tif") } }
    var start = 0
    var text = ""
    while text.utf8.count < 50 * 1024 {
      text = try await folder.readWhenReady("slow.tif", from: start).text
      start = folder.log.count
    }
    #expect(text.utf8.count == 50 * 1024)
  }

  @Test func aMappedWriteIsSeen() async throws {
    var options = WatchedFolder.quick
    options.poll = true
    let folder = try WatchedFolder(options)
    try folder.make("a.tif", String(repeating: "a", count: 4096))
    #expect(try await folder.readWhenReady("a.tif").text.hasPrefix("aaaa"))
    let start = folder.log.count
    let descriptor = open(folder.path + "/a.tif", O_RDWR)
    let memory = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    let bytes = try #require(memory == MAP_FAILED ? nil : memory)
    memset(bytes, 98, 4096)
    msync(bytes, 4096, MS_SYNC)
    munmap(bytes, 4096)
    close(descriptor)
    let again = try await folder.readWhenReady("a.tif", from: start)
    #expect(again.text.hasPrefix("bbbb") && again.file.revision == 2)
  }

  @Test func aFileThatIsOverwrittenIsANewRevision() async throws {
    let folder = try WatchedFolder()
    try folder.make("a.tif", "one")
    let first = try await folder.readWhenReady("a.tif").file
    let start = folder.log.count
    try folder.make("a.tif", "two")
    let (second, text) = try await folder.readWhenReady("a.tif", from: start)
    #expect(text == "two" && second.revision == 2 && second.id != first.id)
    #expect(folder.files[first.id]?.state == .done)
  }

  @Test func theLastOfFiftyRewritesIsTheOneThatCounts() async throws {
    let folder = try WatchedFolder()
    for i in 1...50 { try folder.make("live.tif", "frame \(i)") }
    var start = 0
    var text = ""
    while text != "frame 50" {
      text = try await folder.readWhenReady("live.tif", from: start).text
      start = folder.log.count
    }
    #expect(text == "frame 50")
  }

  @Test func hardAndSymbolicLinksAreTheSameFile() async throws {
    let folder = try WatchedFolder()
    try folder.make("a.tif", "one")
    let first = try await folder.readWhenReady("a.tif").file
    #expect(link(folder.path + "/a.tif", folder.path + "/hard.tif") == 0)
    #expect(symlink("a.tif", folder.path + "/soft.tif") == 0)
    try await folder.until { folder.files.values.filter { $0.state == .sameAs(first.id) }.count == 2 }
    #expect(folder.offers.count == 1)
  }

  @Test func loopsPipesAndLinksToFoldersAreRefused() async throws {
    let folder = try WatchedFolder()
    #expect(symlink("loop.tif", folder.path + "/loop.tif") == 0)
    #expect(symlink(".", folder.path + "/here") == 0)
    #expect(mkfifo(folder.path + "/pipe.tif", 0o600) == 0)
    try await folder.until { folder.files.count == 3 }
    for (_, file) in folder.files {
      guard case .refused = file.state else {
        Issue.record("\(file.path) is \(file.state)")
        continue
      }
    }
  }

  @Test func namesOfAnyBytesAreRead() async throws {
    let folder = try WatchedFolder()
    let names: [[UInt8]] = [
      [0xFF, 0xFE, 0x2E, 0x74, 0x69, 0x66], Array("new\nline.tif".utf8), Array("\u{1B}[31mred.tif".utf8),
      Array("-rf.tif".utf8), Array("quote'\"`$(id).tif".utf8),
      Array(repeating: 0x61, count: 251) + Array(".tif".utf8),
    ]
    for name in names {
      let path = (Array(folder.path.utf8) + [47] + name + [0]).map { CChar(bitPattern: $0) }
      let descriptor = open(path, O_CREAT | O_WRONLY, 0o644)
      #expect(write(descriptor, name, name.count) == name.count)
      close(descriptor)
    }
    try await folder.until { folder.offers.count == names.count }
    for file in folder.offers {
      let held = try HeldFile(file)
      let data = try Data(contentsOf: URL(fileURLWithPath: held.path))
      #expect(Array(data) == file.path.bytes)
    }
  }

  @Test func twoWatchersOnOneFolderDoNotDisturbEachOther() async throws {
    let folder = try WatchedFolder()
    let other = DirectoryWatcher(folder: folder.path, options: WatchedFolder.quick)
    defer { other.stop() }
    try folder.make("a.tif", "one")
    _ = try await folder.readWhenReady("a.tif")
    var offered = 0
    for await batch in other.changes {
      for case .ready(let file) in batch {
        offered += 1
        #expect(file.path == RawPath("a.tif"))
      }
      if offered > 0 { break }
    }
    #expect(offered == 1)
  }

  @Test func nothingInTheFolderIsTouched() async throws {
    let folder = try WatchedFolder { path in
      try "old".write(toFile: path + "/old.tif", atomically: false, encoding: .utf8)
    }
    func times() throws -> [Int] {
      try ["", "/old.tif"].flatMap { name -> [Int] in
        var status = stat()
        try #require(stat(folder.path + name, &status) == 0)
        return [status.st_atim, status.st_mtim, status.st_ctim].flatMap { [$0.tv_sec, $0.tv_nsec] }
      }
    }
    let before = try times()
    let file = try await folder.ready("old.tif")
    let held = try HeldFile(file)
    let isUnchanged = held.isUnchanged()
    #expect(isUnchanged)
    #expect(try times() == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["old.tif"])
  }
}
