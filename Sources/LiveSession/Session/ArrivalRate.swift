/// How often something happened of late.
package struct ArrivalRate: Sendable {
  private let window: Int
  /// Nanoseconds, in their order.
  private var moments: [Int] = []

  package init(over window: Duration) { self.window = window.nanoseconds }

  package mutating func note(at now: Int) {
    // In bulk: a moment that is over is taken away once, however many there are.
    let recent = count(at: now)
    if moments.count > 2 * recent { moments.removeFirst(moments.count - recent) }
    moments.append(now)
  }

  /// Within the window before `now`.
  package func count(at now: Int) -> Int {
    moments.count - (moments.lastIndex { $0 <= now - window }.map { $0 + 1 } ?? 0)
  }

  package func perSecond(at now: Int) -> Double { Double(count(at: now)) / (Double(window) / 1e9) }
}
