import Arrays
import Glibc

/// All atoms move together to the nearest minimum: L-BFGS with a bound on the longest step of an atom.
package struct Descent: Sendable {
  package var iterations = 200
  /// The gradient's largest component at which it is over.
  package var tolerance = 1e-6
  /// What an iteration must gain, as a share of the value.
  package var gain = 1e-10
  /// How far an atom may move in one iteration.
  package var longestMove = 0.2
  package static let memory = 8

  package init() {}

  package init(iterations: Int, tolerance: Double, gain: Double) {
    self.iterations = iterations
    self.tolerance = tolerance
    self.gain = gain
  }

  package struct Outcome: Sendable {
    package var atoms: AtomPlane
    package var value: AtomObjective.Value
    package var iterations: Int
    /// The gradient vanished, or nothing more was gained: not the end of patience.
    package var isConverged: Bool
  }

  package func run(
    _ objective: AtomObjective, from start: AtomPlane, note: ((AtomObjective.Value) -> Void)? = nil
  ) -> Outcome {
    let path = run(objective, from: start.coordinates, note: note)
    return Outcome(
      atoms: AtomPlane(path.coordinates), value: path.value, iterations: path.iterations,
      isConverged: path.isConverged)
  }

  /// Where a descent ended.
  package struct Path: Sendable {
    package var coordinates: [Double]
    package var value: AtomObjective.Value
    package var iterations: Int
    /// The gradient vanished, or nothing more was gained: not the end of patience.
    package var isConverged: Bool
  }

  package func run(
    _ objective: some StructureObjective, from start: [Double],
    note: ((AtomObjective.Value) -> Void)? = nil
  ) -> Path {
    let count = start.count
    var x = start
    var gradient = [Double](repeating: 0, count: count)
    var value = objective.value(x, gradient: &gradient)
    guard count > 0 else { return Path(coordinates: start, value: value, iterations: 0, isConverged: true) }
    var steps: [[Double]] = []
    var changes: [[Double]] = []
    var inverses: [Double] = []
    var next = x
    var nextGradient = gradient
    var factors = [Double](repeating: 0, count: Self.memory)
    for iteration in 0..<iterations {
      note?(value)
      let steepest = gradient.reduce(0) { max($0, $1.magnitude) }
      if steepest < tolerance {
        return Path(coordinates: x, value: value, iterations: iteration, isConverged: true)
      }
      var direction = gradient
      for k in stride(from: steps.count - 1, through: 0, by: -1) {
        factors[k] = inverses[k] * Self.dot(steps[k], direction)
        Self.add(-factors[k], changes[k], to: &direction)
      }
      if let step = steps.last, let change = changes.last {
        let scale = Self.dot(step, change) / Self.dot(change, change)
        for i in 0..<count { direction[i] *= scale }
      }
      for k in steps.indices {
        Self.add(factors[k] - inverses[k] * Self.dot(changes[k], direction), steps[k], to: &direction)
      }
      var slope = -Self.dot(direction, gradient)
      if !(slope < 0) {
        direction = gradient
        slope = -Self.dot(gradient, gradient)
        steps = []
        changes = []
        inverses = []
      }
      let longest = direction.reduce(0) { max($0, $1.magnitude) }
      var length = steps.isEmpty ? min(1, 0.05 / max(1e-300, steepest)) : 1
      length = min(length, longestMove / max(1e-300, longest))
      var tries = 0
      var isLower = false
      var after = value
      while tries < 20 {
        for i in 0..<count { next[i] = x[i] - length * direction[i] }
        after = objective.value(next, gradient: &nextGradient)
        if after.total <= value.total + 1e-4 * length * slope {
          isLower = true
          break
        }
        tries += 1
        // The minimum of the parabola through what is known, within bounds.
        let curve = after.total - value.total - length * slope
        let best = curve > 0 ? -slope * length * length / (2 * curve) : 0.5 * length
        length = min(0.5 * length, max(0.1 * length, best))
      }
      guard isLower else {
        if steps.isEmpty {
          return Path(coordinates: x, value: value, iterations: iteration, isConverged: true)
        }
        steps = []
        changes = []
        inverses = []
        continue
      }
      var step = next
      var change = nextGradient
      for i in 0..<count {
        step[i] -= x[i]
        change[i] -= gradient[i]
      }
      let curvature = Self.dot(step, change)
      if curvature > 1e-12 * Self.dot(change, change).squareRoot() * Self.dot(step, step).squareRoot() {
        if steps.count == Self.memory {
          steps.removeFirst()
          changes.removeFirst()
          inverses.removeFirst()
        }
        steps.append(step)
        changes.append(change)
        inverses.append(1 / curvature)
      }
      let gained = value.total - after.total
      swap(&x, &next)
      swap(&gradient, &nextGradient)
      value = after
      if gained <= gain * max(1e-3, value.total.magnitude) {
        return Path(coordinates: x, value: value, iterations: iteration + 1, isConverged: true)
      }
    }
    return Path(coordinates: x, value: value, iterations: iterations, isConverged: false)
  }

  @inline(__always)
  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        // Two sums side by side: an addition need not wait for the one before.
        let count = min(a.count, b.count)
        var even = 0.0
        var odd = 0.0
        var i = 0
        while i + 1 < count {
          even += a[i] * b[i]
          odd += a[i + 1] * b[i + 1]
          i += 2
        }
        return i < count ? even + odd + a[i] * b[i] : even + odd
      }
    }
  }

  @inline(__always)
  private static func add(_ factor: Double, _ a: [Double], to b: inout [Double]) {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeMutableBufferPointer { b in
        for i in 0..<min(a.count, b.count) { b[i] += factor * a[i] }
      }
    }
  }
}
