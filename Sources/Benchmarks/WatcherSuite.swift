import System
import FolderWatch
import FrameFormats
import Glibc
import Synchronization

/// How the watcher bears a burst, a full folder and an idle hour, and how soon a closed file is offered.
enum WatcherSuite {
  /// `folder` has to be empty and on the kind of disk that is to be measured.
  static func run(in folder: String, files: Int = 100_000) async -> [Measurement] {
    var figures = await latency(in: folder + "/latency", headers: true)
    figures += await latency(in: folder + "/latency-no-headers", headers: false)
    figures += await burst(in: folder + "/burst", files: files)
    figures += await oldFiles(in: folder + "/burst", files: files)
    return figures
  }

  // MARK: Suites

  /// From the writer's `close` to the offer, at 20 frames a second of 512 x 512 x 16 bit.
  private static func latency(in folder: String, headers: Bool) async -> [Measurement] {
    mkdir(folder, 0o755)
    var options = WatchOptions()
    if headers { options.isComplete = { _ in true } }
    let watcher = DirectoryWatcher(folder: folder, options: options)
    let count = 200
    let closed = Mutex<[String: MonotonicTime]>([:])
    var iterator = watcher.changes.makeAsyncIterator()
    while let batch = await iterator.next(), !batch.contains(.folder(.inventory(files: 0))) {}
    let writer = Task.detached {
      for i in 0..<count {
        write("\(folder)/\(i).raw16", bytes: 512 * 512 * 2)
        closed.withLock { $0["\(i).raw16"] = .now() }
        try? await Task.sleep(for: .milliseconds(50))
      }
    }
    var delays: [Double] = []
    while delays.count < count, let batch = await iterator.next() {
      let now = MonotonicTime.now()
      for case .ready(let file) in batch {
        watcher.report(.done, for: file.id)
        // The offer may come before the writer has noted its own close.
        let time = closed.withLock { $0[file.path.string ?? ""] } ?? now
        delays.append((now - time).milliseconds)
      }
    }
    await writer.value
    watcher.stop()
    delays.sort()
    let kind = headers ? "closed to offered, complete by its header" : "closed to offered, second look"
    return [
      Measurement("\(kind), p50", delays[count / 2], "ms", goal: "<= 100"),
      Measurement("\(kind), p99", delays[count * 99 / 100], "ms", goal: "<= 500"),
    ]
  }

  private static func burst(in folder: String, files: Int) async -> [Measurement] {
    mkdir(folder, 0o755)
    let watcher = DirectoryWatcher(folder: folder)
    let began = MonotonicTime.now()
    let writer = Task.detached { () -> Double in
      for i in 0..<files { write("\(folder)/frame_\(i).tif", bytes: 1000) }
      return (MonotonicTime.now() - began).seconds
    }
    let cpuBefore = processorSeconds()
    var seen: Set<FileID> = []
    var offered: Set<FileID> = []
    var overflows = 0
    var discovered = 0.0
    var all = 0.0
    for await batch in watcher.changes {
      for change in batch {
        switch change {
        case .appeared(let file, _): seen.insert(file.id)
        case .ready(let file):
          offered.insert(file.id)
          watcher.report(.done, for: file.id)
        case .folder(.overflow): overflows += 1
        default: break
        }
      }
      if seen.count == files, discovered == 0 { discovered = (MonotonicTime.now() - began).seconds }
      if offered.count == files {
        all = (MonotonicTime.now() - began).seconds
        break
      }
    }
    let wrote = await writer.value
    let cpu = processorSeconds() - cpuBefore
    let idle = await idleShare(of: watcher)
    watcher.stop()
    return [
      Measurement("burst of \(files): written in", wrote, "s", goal: "<= 10"),
      Measurement("burst: all discovered after", discovered, "s", goal: "<= 15"),
      Measurement("burst: all offered after", all, "s", goal: ""),
      Measurement("burst: lost", Double(files - offered.count), "files", goal: "0"),
      Measurement("burst: overflows of the event queue", Double(overflows), "", goal: ""),
      Measurement("burst: processor time with the writer", cpu, "s", goal: ""),
      Measurement("burst: peak memory of the process", peakMegabytes(), "MB", goal: "<= 256"),
      Measurement("idle with \(files) files, by events", idle * 100, "% of a core", goal: "< 1"),
    ]
  }

  private static func oldFiles(in folder: String, files: Int) async -> [Measurement] {
    var figures: [Measurement] = []
    for polls in [false, true] {
      var options = WatchOptions()
      options.poll = polls
      let began = MonotonicTime.now()
      let watcher = DirectoryWatcher(folder: folder, options: options)
      var first = 0.0
      var inventory = 0.0
      var offered = 0
      var all = 0.0
      for await batch in watcher.changes {
        let time = (MonotonicTime.now() - began).seconds
        for change in batch {
          switch change {
          case .appeared: if first == 0 { first = time }
          case .folder(.inventory): inventory = time
          case .ready(let file):
            offered += 1
            watcher.report(.done, for: file.id)
          default: break
          }
        }
        if offered == files {
          all = time
          break
        }
      }
      let kind = polls ? "polling" : "events"
      let idle = polls ? await idleShare(of: watcher, after: 70) : 0
      watcher.stop()
      figures += [
        Measurement("\(files) old files, \(kind): first batch", first, "s", goal: "< 0.5"),
        Measurement("\(files) old files, \(kind): inventory", inventory, "s", goal: "< 5"),
        Measurement("\(files) old files, \(kind): all offered", all, "s", goal: ""),
      ]
      if polls {
        figures.append(
          Measurement("idle with \(files) files, by polling", idle * 100, "% of a core", goal: "< 1")
        )
      }
    }
    return figures
  }

  // MARK: Measures

  /// The share of one core over 20 s, once the outcomes have been taken in.
  private static func idleShare(of watcher: DirectoryWatcher, after seconds: Int = 30) async -> Double {
    try? await Task.sleep(for: .seconds(seconds))
    let before = (processorSeconds(), MonotonicTime.now())
    try? await Task.sleep(for: .seconds(20))
    return (processorSeconds() - before.0) / (MonotonicTime.now() - before.1).seconds
  }

  private static func write(_ path: String, bytes: Int) {
    let descriptor = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o644)
    guard descriptor >= 0 else { return }
    withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 8) { buffer in
      buffer.initializeMemory(as: UInt8.self, repeating: 7)
      _ = Glibc.write(descriptor, buffer.baseAddress, bytes)
    }
    close(descriptor)
  }

  private static func peakMegabytes() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
  }
}

extension Duration {
  fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
  fileprivate var milliseconds: Double { seconds * 1000 }
}
