import Synchronization

/// Whether anybody still waits for the answer. Once nobody does, those that still compute need not ask.
package final class Abandonment: Sendable {
  private let ask: @Sendable () -> Bool
  private let isKnown = Mutex(false)

  package init(_ ask: @escaping @Sendable () -> Bool) { self.ask = ask }

  package var isSaid: Bool {
    isKnown.withLock { isKnown in
      if !isKnown { isKnown = ask() }
      return isKnown
    }
  }
}
