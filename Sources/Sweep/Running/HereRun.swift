import Dispatch
import Glibc
import Synchronization
import System

/// Does the parts of a sweep on this machine, so many at a time, each in a process as Slurm would start it.
package final class HereRun: Sendable {
  private struct State {
    /// Not begun yet, in the order in which they are.
    var open: [Int]
    var isDone: Set<Int>
    /// Taken by a thread, whether its process has begun or not.
    var taken = 0
    var atWork: [Int: Companion] = [:]
    var failed: [(part: Int, code: Int32?, last: String)] = []
  }

  private let folder: SweepFolder
  private let executable: String
  private let state: Mutex<State>
  private let isStopped: @Sendable () -> Bool
  private let report: @Sendable (String) -> Void

  /// `done`: the parts that need not be done.
  package init(
    _ folder: SweepFolder, parts: [Int], done: Set<Int>, executable: String = "/proc/self/exe",
    isStopped: @escaping @Sendable () -> Bool, report: @escaping @Sendable (String) -> Void
  ) {
    self.folder = folder
    self.executable = executable
    self.isStopped = isStopped
    self.report = report
    let order = parts.compactMap { folder.list.part($0) }.sorted {
      ($0.level, $0.number) < ($1.level, $1.number)
    }
    state = Mutex(State(open: order.map(\.number), isDone: done))
  }

  package enum End: Sendable, Equatable { case complete, incomplete, interrupted }

  /// Returns when nothing more can be done.
  package func run(jobs: Int) -> End {
    let ended = DispatchSemaphore(value: 0)
    var threads = 0
    for _ in 0..<max(1, jobs) {
      // A thread of its own for each: what it starts it also sees the end of.
      if DetachedThread.start({ [self] in
        work()
        ended.signal()
      }) {
        threads += 1
      }
    }
    if threads == 0 { work() }
    var isTold = false
    while threads > 0 {
      if ended.wait(timeout: .now() + .milliseconds(200)) == .success {
        threads -= 1
      } else if !isTold, isStopped() {
        isTold = true
        for process in state.withLock({ Array($0.atWork.values) }) { process.end(SIGTERM) }
      }
    }
    if isStopped() { return .interrupted }
    return state.withLock { $0.failed.isEmpty && $0.open.isEmpty } ? .complete : .incomplete
  }

  private enum Next { case part(Int), wait, nothing }

  private func next() -> Next {
    if isStopped() { return .nothing }
    return state.withLock { state in
      let ready = state.open.firstIndex { number in
        guard let parent = folder.list.part(number)?.parent else { return true }
        return state.isDone.contains(parent)
      }
      if let ready {
        state.taken += 1
        return .part(state.open.remove(at: ready))
      }
      // What is at work may be what the others wait for.
      return state.open.isEmpty || state.taken == 0 ? .nothing : .wait
    }
  }

  private func work() {
    while true {
      switch next() {
      case .nothing: return
      case .wait: usleep(50_000)
      case .part(let number): perform(number)
      }
    }
  }

  private func perform(_ number: Int) {
    guard let part = folder.list.part(number) else { return state.withLock { $0.taken -= 1 } }
    let words = ["sweep", "part", folder.path, "--part", String(number)]
    guard let process = Companion(executable, words) else {
      return finish(part, code: nil, last: "cannot be started: \(Errno(errno))")
    }
    state.withLock { $0.atWork[number] = process }
    if isStopped() { process.end(SIGTERM) }
    var last = ""
    let code = process.lines { last = String($0.prefix(500)) }
    finish(part, code: code, last: last)
  }

  private func finish(_ part: Part, code: Int32?, last: String) {
    let (done, all) = state.withLock { state in
      state.atWork[part.number] = nil
      state.taken -= 1
      if code == 0 {
        state.isDone.insert(part.number)
      } else {
        state.failed.append((part.number, code, last))
      }
      return (state.isDone.count, folder.list.parts.count)
    }
    let what = code == 0 ? "done (\(done) of \(all))" : last.isEmpty ? "ended without a word" : last
    report("\(part.name): \(what)")
  }
}
