import Dispatch
import Synchronization

/// Does something when a time is over, unless it is called off before.
final class Deadline: Sendable {
  private let isOff = Mutex(false)

  init(_ time: Duration, _ body: @escaping @Sendable () -> Void) {
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(Int(time.components.seconds))) {
      [weak self] in
      // Gone with its owner, or called off.
      guard let self, !isOff.withLock({ $0 }) else { return }
      body()
    }
  }

  func cancel() { isOff.withLock { $0 = true } }
}
