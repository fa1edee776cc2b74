import Analysis
import Diffraction
import Dispatch
import Synchronization
import System
import Testing

/// What happens in the store, told by counters that both sides look at.
private final class Bench: Sendable {
  let made = Atomic<Int>(0)
  let isCancelled = Atomic<Bool>(false)
  let gate = DispatchSemaphore(value: 0)
  let begun = DispatchSemaphore(value: 0)
  var count: Int { made.load(ordering: .acquiring) }
  let ended = DispatchSemaphore(value: 0)

  /// Runs on a thread of its own; what came of it is in the box when the group is done.
  func ask(_ group: DispatchGroup, _ body: @escaping @Sendable () throws(AnalysisError) -> Int) -> Box {
    let box = Box()
    group.enter()
    let isStarted = DetachedThread.start {
      let result = Result { () throws(AnalysisError) in try body() }
      box.result.withLock { $0 = result }
      group.leave()
    }
    precondition(isStarted)
    return box
  }

  final class Box: Sendable {
    let result = Mutex<Result<Int, AnalysisError>?>(nil)
    var value: Result<Int, AnalysisError>? { result.withLock { $0 } }
  }
}

@Suite(.timeLimit(.minutes(20))) struct ModelStoreTests {
  @Test func `what was made is kept, and what was not used lately goes`() throws {
    let store = ModelStore<String, Int>(limit: 2)
    let bench = Bench()
    func ask(_ key: String) throws -> Int {
      try store.value(for: key) { _, _ in
        bench.made.wrappingAdd(1, ordering: .acquiringAndReleasing)
        return key.count
      }
    }
    #expect(try ask("a") == 1 && ask("bb") == 2 && ask("a") == 1)
    #expect(bench.count == 2)
    #expect(try ask("ccc") == 3 && ask("a") == 1)
    #expect(bench.count == 3)
    #expect(try ask("bb") == 2)
    #expect(bench.count == 4)
  }

  @Test func `a failure is told and not kept`() throws {
    let store = ModelStore<Int, Int>(limit: 2)
    #expect(throws: AnalysisError.failed("no such model")) {
      try store.value(for: 1) { _, _ throws(AnalysisError) in throw .failed("no such model") }
    }
    #expect(try store.value(for: 1) { _, _ in 7 } == 7)
  }

  @Test func `two who ask for the same wait for one work, and others do not wait`() throws {
    let store = ModelStore<Int, Int>(limit: 4)
    let bench = Bench()
    let group = DispatchGroup()
    let make: ModelStore<Int, Int>.Make = { _, _ in
      bench.made.wrappingAdd(1, ordering: .acquiringAndReleasing)
      bench.begun.signal()
      bench.gate.wait()
      return 42
    }
    let first = bench.ask(group) { () throws(AnalysisError) in try store.value(for: 1, make: make) }
    bench.begun.wait()
    let second = bench.ask(group) { () throws(AnalysisError) in try store.value(for: 1, make: make) }
    // Another key is made meanwhile.
    #expect(try store.value(for: 2) { _, _ in 5 } == 5)
    // Whether the second comes in time for the work or finds its result, it is made once.
    bench.gate.signal()
    group.wait()
    #expect(first.value == .success(42) && second.value == .success(42))
    #expect(bench.count == 1)
  }

  @Test func `the last who leaves ends the work, the first does not`() throws {
    let store = ModelStore<Int, Int>(limit: 4)
    let bench = Bench()
    let (one, both) = (DispatchGroup(), DispatchGroup())
    let (firstLeaves, secondLeaves) = (Flag(), Flag())
    let secondHasCome = DispatchSemaphore(value: 0)
    let make: ModelStore<Int, Int>.Make = { isCancelled, progress throws(AnalysisError) in
      bench.begun.signal()
      progress(0.5)
      bench.gate.wait()
      // Only the first has left.
      bench.isCancelled.store(isCancelled(), ordering: .releasing)
      bench.ended.signal()
      while !isCancelled() { DispatchGroup.pause() }
      bench.ended.signal()
      throw .cancelled
    }
    let first = bench.ask(one) { () throws(AnalysisError) in
      try store.value(for: 1, isCancelled: { firstLeaves.isSet }, make: make)
    }
    bench.begun.wait()
    let second = bench.ask(both) { () throws(AnalysisError) in
      try store.value(
        for: 1, isCancelled: { secondLeaves.isSet },
        progress: { if $0 == 0.5 { secondHasCome.signal() } }, make: make)
    }
    secondHasCome.wait()
    firstLeaves.set()
    one.wait()
    #expect(first.value == .failure(.cancelled) && second.value == nil)
    bench.gate.signal()
    bench.ended.wait()
    let wasCancelled = bench.isCancelled.load(ordering: .acquiring)
    #expect(!wasCancelled)
    secondLeaves.set()
    both.wait()
    bench.ended.wait()
    #expect(second.value == .failure(.cancelled))
    // Given up is not kept.
    #expect(try store.value(for: 1) { _, _ in 9 } == 9)
  }
}

private final class Flag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .acquiring) }
  func set() { value.store(true, ordering: .releasing) }
}

extension DispatchGroup {
  /// Lets other threads run.
  fileprivate static func pause() { _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(1)) }
}
