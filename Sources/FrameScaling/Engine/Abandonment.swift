import Synchronization

/// Whether anybody still waits for the answer. Once nobody does, the frames that are still to be computed need not ask.
final class Abandonment: Sendable {
  private let ask: @Sendable () -> Bool
  private let isKnown = Mutex(false)

  init(_ ask: @escaping @Sendable () -> Bool) { self.ask = ask }

  var isSaid: Bool {
    isKnown.withLock { isKnown in
      if !isKnown { isKnown = ask() }
      return isKnown
    }
  }
}
