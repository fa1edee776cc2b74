import Diffraction
import FolderWatch
import Foundation
import LiveSession
import System
import Testing

import ewald

/// A session on an engine's acquisition, in this process. Continues the one that is there.
final class ContractSession {
  let session: Session
  private let watcher = ScriptedWatcher()
  private let running: Task<Void, Never>
  private let acquisition: Acquisition

  static func file(_ acquisition: Acquisition) -> String { acquisition.path("day.session.jsonl") }

  init(_ acquisition: Acquisition) throws {
    self.acquisition = acquisition
    let path = Self.file(acquisition)
    var options = Session.Options()
    options.clock = SessionClock(
      unixMilliseconds: { SampleSession.start }, monotonicNanoseconds: { 1_000_000_000 })
    options.tick = .milliseconds(20)
    options.inFlight = 1
    options.rush = .max
    let contracted = acquisition.contracted
    options.settings = [
      contracted.engine.name: contracted.showpiece.settings(try acquisition.open().summary.width)
    ]
    let log: SessionLog
    var state = SessionState()
    if FilePath.exists(path) {
      (log, state, _) = try SessionLog.resume(path: path, clock: options.clock)
    } else {
      log = try SessionLog.create(path: path, clock: options.clock)
    }
    session = Session(
      log: log, state: state, analyst: contracted.analyst, folder: acquisition.folder.path, watcher: watcher,
      options: options, random: SplitMix64(seed: UInt64(state.resultCount)))
    let record = SessionRecord(
      id: SampleSession.identifier(1), program: "ewald", version: "1", commit: "", system: "",
      folders: [acquisition.folder.path])
    running = Task { [session] in await session.run(record) }
  }

  /// Offers every file of the acquisition and waits for its result.
  func acquire() async throws {
    for (index, name) in acquisition.names.enumerated() {
      let file = WatchedFile(
        id: FileID(rawValue: UInt64(index + 1)), folder: RawPath(acquisition.folder.path),
        path: RawPath(name), identity: try FileIdentity(path: acquisition.path(name)))
      watcher.say(.appeared(file, .waiting(.settling)))
      watcher.say(.ready(file))
      if await session.snapshot.state.resultCount > index { continue }
      for await snapshot in session.snapshots where snapshot.state.resultCount > index { break }
    }
  }

  func close() async {
    await session.close()
    await running.value
  }
}

extension SessionSource {
  /// Everything there is to see of the files, drawn.
  func details(_ count: Int) async -> [FrameDetail] {
    var details: [FrameDetail] = []
    for id in 1...count {
      var detail = await detail(of: id)
      detail.drawn = await exhibits(of: detail)
      details.append(detail)
    }
    return details
  }
}

/// A folder that says what a test says.
private final class ScriptedWatcher: FolderWatching {
  let changes: AsyncStream<[FileChange]>
  private let continuation: AsyncStream<[FileChange]>.Continuation

  init() { (changes, continuation) = AsyncStream.makeStream() }

  func say(_ change: FileChange) { continuation.yield([change]) }
  func report(_ outcome: ReadOutcome, for file: FileID, read: FileIdentity?) {}
  func stop() { continuation.finish() }
}
