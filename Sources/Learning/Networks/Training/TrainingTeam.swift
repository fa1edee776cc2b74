import Dispatch
import Synchronization

/// The threads of a training: Dispatch's, or its own in the background.
final class TrainingTeam: Sendable {
  let count: Int
  private let background: BackgroundThreads?

  init(count: Int, _ priority: Trainer.Options.Priority) {
    self.count = count
    background = priority == .background ? BackgroundThreads(count: count) : nil
  }

  /// Once on every thread, with its number.
  func onEach(_ work: @escaping @Sendable (Int) -> Void) {
    if let background {
      background.run(count: count, work)
    } else if count == 1 {
      work(0)
    } else {
      DispatchQueue.concurrentPerform(iterations: count, execute: work)
    }
  }

  /// Items in any order on any thread.
  func forEach(_ items: Int, _ work: @escaping @Sendable (Int) -> Void) {
    let upcoming = Counter()
    onEach { _ in
      while case let item = upcoming.next(), item < items { work(item) }
    }
  }

  private final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).oldValue }
  }
}
