import Synchronization

/// Hands out the parts of a batch to the threads, and collects what came of them.
final class PartTasks: Sendable {
  private let upcoming = Atomic<Int>(0)
  private let results: Mutex<[Result<[Double], NetworkError>?]>
  private let count: Int

  init(_ count: Int) {
    self.count = count
    results = Mutex(Array(repeating: nil, count: count))
  }

  func next() -> Int? {
    let index = upcoming.wrappingAdd(1, ordering: .relaxed).oldValue
    return index < count ? index : nil
  }

  func finish(_ index: Int, _ result: Result<[Double], NetworkError>) {
    results.withLock { $0[index] = result }
  }

  /// By part; throws the first part's error.
  func losses() throws(NetworkError) -> [[Double]] {
    var losses: [[Double]] = []
    for result in results.withLock({ $0 }) {
      if let result { losses.append(try result.get()) }
    }
    return losses
  }
}
