import System
import FolderWatch
import Foundation
import Glibc
import Synchronization
import Testing

@Suite(.serialized) struct WatchingFolders {
  @Test func aFolderThatIsMovedInIsLookedThrough() async throws {
    let folder = try WatchedFolder()
    try await folder.folderState { $0 == .inventory(files: 0) }
    let outside = folder.outside("series")
    try FileManager.default.createDirectory(atPath: outside + "/deep", withIntermediateDirectories: true)
    try "1".write(toFile: outside + "/1.tif", atomically: false, encoding: .utf8)
    try "2".write(toFile: outside + "/deep/2.tif", atomically: false, encoding: .utf8)
    #expect(rename(outside, folder.path + "/series") == 0)
    #expect(try await folder.readWhenReady("series/1.tif").text == "1")
    #expect(try await folder.readWhenReady("series/deep/2.tif").text == "2")
  }

  @Test func noFileIsLostInAFolderThatWasJustMade() async throws {
    let folder = try WatchedFolder()
    try await folder.folderState { $0 == .inventory(files: 0) }
    for i in 0..<1000 {
      #expect(mkdir(folder.path + "/\(i)", 0o755) == 0)
      let descriptor = open(folder.path + "/\(i)/a.tif", O_CREAT | O_WRONLY, 0o644)
      _ = write(descriptor, "x", 1)
      close(descriptor)
    }
    try await folder.until { folder.offers.count == 1000 }
    #expect(Set(folder.offers.map(\.path)).count == 1000)
  }

  @Test func whatWasThereBeforeAppearsInTheOrderOfItsAgeThenOfItsName() async throws {
    let ages = ["z.tif": 1, "sub/y.tif": 2, "b.tif": 3, "c.tif": 3, "sub/a.tif": 3, "a.tif": 4, "m.tif": 5]
    let folder = try WatchedFolder { path in
      try FileManager.default.createDirectory(atPath: path + "/sub", withIntermediateDirectories: true)
      for (name, age) in ages {
        let file = "\(path)/\(name)"
        try name.write(toFile: file, atomically: false, encoding: .utf8)
        let date = Date(timeIntervalSince1970: 1_700_000_000 + Double(age))
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file)
      }
      // Older than what it leads to, and yet only another name of it.
      try FileManager.default.createSymbolicLink(atPath: path + "/0.tif", withDestinationPath: "m.tif")
    }
    try await folder.folderState { $0 == .inventory(files: 8) }
    let order = folder.log.compactMap { change -> RawPath? in
      if case .appeared(let file, _) = change { file.path } else { nil }
    }
    let names = ["z.tif", "sub/y.tif", "b.tif", "c.tif", "sub/a.tif", "a.tif", "m.tif", "0.tif"]
    #expect(order == names.map { RawPath($0) })
  }

  @Test func deepFoldersMadeAtOnceAreFollowed() async throws {
    let folder = try WatchedFolder()
    try await folder.folderState { $0 == .inventory(files: 0) }
    try folder.makeFolder("a/b/c/d")
    try folder.make("a/b/c/d/x.tif", "deep")
    #expect(try await folder.readWhenReady("a/b/c/d/x.tif").text == "deep")
  }

  @Test func foldersBelowTheDepthAreNamed() async throws {
    var options = WatchedFolder.quick
    options.depth = 2
    let folder = try WatchedFolder(options) { path in
      try FileManager.default.createDirectory(atPath: path + "/1/2/3", withIntermediateDirectories: true)
      try "x".write(toFile: path + "/1/2/x.tif", atomically: false, encoding: .utf8)
      try "y".write(toFile: path + "/1/2/3/y.tif", atomically: false, encoding: .utf8)
    }
    try await folder.folderState { $0 == .subfolderTooDeep(RawPath("1/2/3")) }
    _ = try await folder.ready("1/2/x.tif")
    #expect(folder.files.count == 1)
  }

  @Test func filesKeepTheirResultsWhenTheirFolderIsRenamed() async throws {
    let folder = try WatchedFolder()
    try folder.makeFolder("a/b")
    try folder.make("a/b/x.tif")
    let file = try await folder.readWhenReady("a/b/x.tif").file
    folder.move("a", to: "c")
    try await folder.until { folder.files[file.id]?.path == RawPath("c/b/x.tif") }
    #expect(folder.offers.count == 1)
    // The watch moved along.
    try folder.make("c/b/y.tif")
    _ = try await folder.ready("c/b/y.tif")
  }

  @Test func aFolderThatIsNotThereYetIsAwaited() async throws {
    let folder = try WatchedFolder(existing: false)
    try await folder.folderState { $0 == .missing }
    try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
    try folder.make("a.tif")
    _ = try await folder.ready("a.tif")
  }

  @Test(arguments: [false, true])
  func filesAreNotGoneBecauseTheirFolderIsAway(polling: Bool) async throws {
    var options = WatchedFolder.quick
    options.poll = polling
    let folder = try WatchedFolder(options)
    try folder.make("a.tif")
    let file = try await folder.readWhenReady("a.tif").file
    #expect(rename(folder.path, folder.outside("away")) == 0)
    try await folder.folderState { $0 == .missing }
    #expect(rename(folder.outside("away"), folder.path) == 0)
    try await folder.folderState { $0 == .back }
    try folder.make("b.tif")
    _ = try await folder.readWhenReady("b.tif")
    #expect(folder.states(of: file.id) == [.done])
    #expect(folder.offers.count == 2)
  }

  @Test func aFolderThatIsDeletedAndMadeAnewIsWatchedAgain() async throws {
    let folder = try WatchedFolder()
    try folder.make("a.tif", "old")
    let old = try await folder.readWhenReady("a.tif").file
    let start = folder.log.count
    try FileManager.default.removeItem(atPath: folder.path)
    try await folder.folderState(from: start) { $0 == .missing }
    try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: false)
    try folder.make("a.tif", "new content")
    let (new, text) = try await folder.readWhenReady("a.tif", from: start)
    #expect(text == "new content" && new.id != old.id && new.revision == 2)
  }

  @Test func aFolderThatIsReplacedByRenamingIsLookedThroughAnew() async throws {
    let folder = try WatchedFolder()
    try folder.make("a.tif", "old")
    let old = try await folder.readWhenReady("a.tif").file
    let next = folder.outside("next")
    try FileManager.default.createDirectory(atPath: next, withIntermediateDirectories: false)
    try "b".write(toFile: next + "/b.tif", atomically: false, encoding: .utf8)
    // Exchanged in one step: the path never leads nowhere.
    #expect(renameat2Exchange(next, folder.path))
    #expect(try await folder.readWhenReady("b.tif").text == "b")
    try await folder.until { folder.files[old.id]?.state == .gone }
    try folder.make("c.tif")
    _ = try await folder.ready("c.tif")
  }

  private func renameat2Exchange(_ a: String, _ b: String) -> Bool {
    // Without the exchange the moment in which the folder is missing is as short as it can be.
    rename(b, a + ".old") == 0 && rename(a, b) == 0
  }

  @Test(.enabled(if: geteuid() != 0, "needs a user whom permissions bind"))
  func aFolderThatMayNotBeReadForAWhileIsWatchedAfterwards() async throws {
    let folder = try WatchedFolder()
    try folder.make("a.tif")
    let file = try await folder.readWhenReady("a.tif").file
    let start = folder.log.count
    #expect(chmod(folder.path, 0) == 0)
    try await folder.folderState(from: start) { if case .unreadable = $0 { true } else { false } }
    #expect(chmod(folder.path, 0o755) == 0)
    try folder.make("b.tif")
    _ = try await folder.ready("b.tif")
    #expect(folder.states(of: file.id) == [.done])
  }

  /// `unshare -Urm env EWALD_TEST_MAY_MOUNT=1 swift test …`
  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["EWALD_TEST_MAY_MOUNT"] != nil, "needs the right to mount"),
    arguments: [false, true])
  func filesAreNotGoneBecauseTheirShareIsNotMounted(polling: Bool) async throws {
    var options = WatchedFolder.quick
    options.poll = polling
    func run(_ command: String...) throws {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = command
      try process.run()
      process.waitUntilExit()
      try #require(process.terminationStatus == 0)
    }
    let folder = try WatchedFolder(options) { path in
      try run("mkdir", "-p", path + ".share")
      try "x".write(toFile: path + ".share/a.tif", atomically: false, encoding: .utf8)
      try run("mount", "-t", "tmpfs", "tmpfs", path)
      try run("cp", "-p", path + ".share/a.tif", path + "/a.tif")
    }
    let file = try await folder.readWhenReady("a.tif").file
    try run("umount", folder.path)
    try await folder.folderState { $0 == .missing }
    try run("mount", "--bind", folder.path + ".share", folder.path)
    try await folder.folderState { $0 == .back }
    try folder.make("b.tif")
    _ = try await folder.ready("b.tif")
    #expect(!folder.states(of: file.id).contains(.gone))
    folder.watcher.stop()
    try run("umount", folder.path)
  }

  @Test func pollingFindsAllThatEventsWouldTell() async throws {
    var options = WatchedFolder.quick
    options.poll = true
    let folder = try WatchedFolder(options)
    try await folder.folderState { $0 == .watched(.polling(.asked)) }
    try folder.makeFolder("a/b")
    try folder.make("a/b/x.tif", "one")
    let first = try await folder.readWhenReady("a/b/x.tif").file
    let start = folder.log.count
    try folder.make("a/b/x.tif", "two!")
    #expect(try await folder.readWhenReady("a/b/x.tif", from: start).file.revision == 2)
    folder.move("a/b/x.tif", to: "a/y.tif")
    try await folder.until {
      folder.files.values.contains { $0.path == RawPath("a/y.tif") && $0.state == .done }
    }
    try FileManager.default.removeItem(atPath: folder.path + "/a/y.tif")
    try await folder.until { folder.files.values.contains { $0.state == .gone } }
    #expect(folder.files[first.id]?.state == .done)
    #expect(folder.offers.count == 2)
  }

  /// The watcher is held up, by a header that takes its time, until the kernel's queue has run over.
  @Test func noFileIsLostWhenTheQueueOfEventsRunsOver() async throws {
    let held = Gate()
    var options = WatchedFolder.quick
    options.isComplete = { path in
      if path.name == RawPath("first.tif") { held.wait() }
      return nil
    }
    let folder = try WatchedFolder(options)
    try await folder.folderState { $0 == .inventory(files: 0) }
    try folder.make("first.tif")
    await held.reached()
    let limit = (try? String(contentsOfFile: "/proc/sys/fs/inotify/max_queued_events", encoding: .utf8)) ?? ""
    let events = Int(limit.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 16384
    let count = events / 3 + 500
    for i in 0..<count {
      let descriptor = open(folder.path + "/\(i).tif", O_CREAT | O_WRONLY, 0o644)
      _ = write(descriptor, "x", 1)
      close(descriptor)
    }
    held.open()
    try await folder.folderState { $0 == .overflow }
    try await folder.until { folder.offers.count == count + 1 }
    #expect(Set(folder.offers.map(\.path)).count == count + 1)
  }

  @Test func aCallThatHangsIsReportedAndBlocksNoOne() async throws {
    let held = Gate()
    var options = WatchedFolder.quick
    options.stallAfter = .milliseconds(20)
    options.isComplete = { _ in
      held.wait()
      return nil
    }
    let folder = try WatchedFolder(options)
    try await folder.folderState { $0 == .inventory(files: 0) }
    try folder.make("a.tif")
    try await folder.folderState { if case .notResponding = $0 { true } else { false } }
    let start = folder.log.count
    held.open()
    try await folder.folderState(from: start) { $0 == .back }
    _ = try await folder.ready("a.tif")
  }

  @Test func stoppingDoesNotWaitForACallThatHangs() async throws {
    let held = Gate()
    var options = WatchedFolder.quick
    options.isComplete = { _ in
      held.wait()
      return nil
    }
    let folder = try WatchedFolder(options)
    try await folder.folderState { $0 == .inventory(files: 0) }
    try folder.make("a.tif")
    await held.reached()
    folder.watcher.stop()
    await #expect(throws: WatchedFolder.TimedOut.self) { try await folder.until { false } }
    held.open()
  }

  @Test func aSteppedWallClockChangesNothing() async throws {
    let folder = try WatchedFolder()
    for (i, hours) in [1, -24, 8760].enumerated() {
      try folder.make("\(i).tif", "frame \(i)")
      let time = Date(timeIntervalSinceNow: Double(hours) * 3600)
      try FileManager.default.setAttributes(
        [.modificationDate: time], ofItemAtPath: folder.path + "/\(i).tif")
    }
    for i in 0..<3 { #expect(try await folder.readWhenReady("\(i).tif").text == "frame \(i)") }
    #expect(folder.offers.allSatisfy { $0.revision == 1 })
  }

  private static let watchLimit: Int = {
    let text = try? String(contentsOfFile: "/proc/sys/user/max_inotify_watches", encoding: .utf8)
    return Int((text ?? "").trimmingCharacters(in: .whitespacesAndNewlines)) ?? .max
  }()

  /// `unshare -Ur sh -c 'echo 32 > /proc/sys/user/max_inotify_watches; swift test …'`
  @Test(.enabled(if: watchLimit < 64, "needs user.max_inotify_watches below 64"))
  func whereWatchesRunOutThereIsPolling() async throws {
    let folder = try WatchedFolder { path in
      for i in 0..<64 {
        try FileManager.default.createDirectory(atPath: "\(path)/\(i)", withIntermediateDirectories: true)
      }
    }
    try await folder.folderState { $0 == .watched(.polling(.watchLimit)) }
    try folder.make("63/a.tif")
    _ = try await folder.ready("63/a.tif")
  }

  @Test(
    arguments: [
      ("nfs4", true), ("cifs", true), ("fuse.sshfs", true), ("9p", true), ("ext4", false), ("fuseblk", false),
      ("tmpfs", false), ("lustre", true), ("gpfs", true), ("ceph", true), ("vboxsf", true), ("xfs", false),
    ])
  func mountsThatOthersWriteToArePolled(type: String, isNetwork: Bool) {
    let mounts = """
      25 1 254:1 / / rw,relatime shared:1 - ext3 /dev/vda rw
      61 25 0:51 / /data rw,relatime shared:30 master:2 - \(type) server:/export rw,vers=4.2
      """
    #expect(NetworkMounts.type(ofDevice: 51, mounts: mounts) == type)
    #expect(NetworkMounts.type(ofDevice: 254 << 8 | 1, mounts: mounts) == "ext3")
    #expect(NetworkMounts.type(ofDevice: 52, mounts: mounts) == nil)
    #expect(NetworkMounts.contains(type) == isNetwork)
  }
}

/// Holds one thread up until it is opened.
private final class Gate: Sendable {
  private let closed = DispatchSemaphore(value: 0)
  private let arrivals: AsyncStream<Void>
  private let arrival: AsyncStream<Void>.Continuation

  init() { (arrivals, arrival) = AsyncStream<Void>.makeStream() }

  func wait() {
    arrival.yield()
    closed.wait()
    closed.signal()
  }

  func reached() async { for await _ in arrivals { return } }

  func open() { closed.signal() }
}
