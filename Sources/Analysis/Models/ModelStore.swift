import Diffraction
import Dispatch
import Synchronization
import System

/// Models, and what is computed from them, made once a key and kept for the next frame.
///
/// Nothing is made while a lock is held: a table that takes seconds keeps nobody from another one. Who asks for what
/// is being made waits for it and hears of its progress; when nobody waits any more the work is cancelled.
package final class ModelStore<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  package typealias Make =
    @Sendable (
      _ isCancelled: @escaping @Sendable () -> Bool, _ progress: @escaping @Sendable (Double) -> Void
    ) throws(AnalysisError) -> Value

  private enum Entry {
    case ready(Value)
    case making(Work)
  }

  private struct Content {
    var entries: [Key: Entry] = [:]
    /// Of what is ready; the one used last comes last.
    var order: [Key] = []
  }

  private let content = Mutex(Content())
  private let limit: Int

  /// `limit`: how many are kept, those used last.
  package init(limit: Int) { self.limit = limit }

  package func value(
    for key: Key, isCancelled: () -> Bool = { false }, progress: (Double) -> Void = { _ in },
    make: @escaping Make
  ) throws(AnalysisError) -> Value {
    let (entry, isNew) = content.withLock { content -> (Entry, isNew: Bool) in
      switch content.entries[key] {
      case .ready(let value):
        content.order.removeAll { $0 == key }
        content.order.append(key)
        return (.ready(value), false)
      case .making(let work) where work.join(): return (.making(work), false)
      case .making, nil:
        let entry = Entry.making(Work())
        content.entries[key] = entry
        return (entry, true)
      }
    }
    switch entry {
    case .ready(let value): return value
    case .making(let work):
      if isNew {
        let run: @Sendable () -> Void = { self.run(work, key, make) }
        if !DetachedThread.start(run) { run() }
      }
      return try work.wait(isCancelled, progress)
    }
  }

  private func run(_ work: Work, _ key: Key, _ make: Make) {
    let result = Result { () throws(AnalysisError) in
      try make({ work.isAbandoned }, { fraction in work.progress(fraction) })
    }
    content.withLock { content in
      // Somebody may have come after all had left, and have begun anew.
      guard case .making(let current)? = content.entries[key], current === work else { return }
      guard case .success(let value) = result else {
        content.entries[key] = nil
        return
      }
      if content.order.count >= limit { content.entries[content.order.removeFirst()] = nil }
      content.entries[key] = .ready(value)
      content.order.append(key)
    }
    work.finish(result)
  }
}

extension ModelStore {
  /// What is being made, and who waits for it.
  fileprivate final class Work: Sendable {
    private struct State {
      var waiting = 1
      var fraction = 0.0
      var result: Result<Value, AnalysisError>?
    }

    private let state = Mutex(State())
    private let done = DispatchGroup()

    init() { done.enter() }

    /// False where everybody has left: the work is being given up.
    func join() -> Bool {
      state.withLock { state in
        guard state.waiting > 0 || state.result != nil else { return false }
        state.waiting += 1
        return true
      }
    }

    var isAbandoned: Bool { state.withLock { $0.waiting == 0 } }

    func progress(_ fraction: Double) { state.withLock { $0.fraction = fraction } }

    func finish(_ result: Result<Value, AnalysisError>) {
      state.withLock { $0.result = result }
      done.leave()
    }

    func wait(_ isCancelled: () -> Bool, _ progress: (Double) -> Void) throws(AnalysisError) -> Value {
      var told = 0.0
      while done.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
        if isCancelled() {
          state.withLock { $0.waiting -= 1 }
          throw .cancelled
        }
        let fraction = state.withLock { $0.fraction }
        if fraction > told {
          told = fraction
          progress(fraction)
        }
      }
      guard let result = state.withLock({ $0.result }) else { throw .cancelled }
      return try result.get()
    }
  }
}
