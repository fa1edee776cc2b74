import Glibc

/// A bound state of a central potential, by Numerov's method for y = u / sqrt(r) on a logarithmic grid,
/// y'' = ((l + 1/2)^2 + 2 r^2 (V - E)) y.
struct BoundState {
  let energy: Double
  /// u(r)^2, normalised.
  let density: [Double]

  init(n: Int, l: Int, potential: [Double], grid: RadialGrid, guess: Double) throws(CBLEEDError) {
    let count = grid.count
    let h = grid.step
    let centrifugal = (Double(l) + 0.5) * (Double(l) + 0.5)
    let squares = grid.radii.map { $0 * $0 }
    var low = zip(potential, squares).map { $0 + centrifugal / (2 * $1) }.min() ?? -1
    var high = 0.0
    var energy = min(max(guess, low * 0.999), -1e-6)
    var y = [Double](repeating: 0, count: count)
    var f = y
    for _ in 0..<200 {
      var turning = -1
      for i in 0..<count {
        let g = centrifugal + 2 * squares[i] * (potential[i] - energy)
        f[i] = 1 - h * h / 12 * g
        if g < 0 { turning = i }
      }
      guard turning > 2, turning < count - 4 else {
        // No classically allowed region: the energy lies too low; one that never ends: too high.
        if turning <= 2 { low = energy } else { high = energy }
        energy = (low + high) / 2
        continue
      }
      // Outwards, y ~ r^(l + 1/2).
      y[0] = exp(-(Double(l) + 0.5) * h)
      y[1] = 1
      var nodes = 0
      for i in 1..<turning {
        y[i + 1] = ((12 - 10 * f[i]) * y[i] - f[i - 1] * y[i - 1]) / f[i + 1]
        if y[i + 1] * y[i] < 0 { nodes += 1 }
        if abs(y[i + 1]) > 1e100 { for j in 0...(i + 1) { y[j] *= 1e-100 } }
      }
      guard nodes == n - l - 1 else {
        if nodes > n - l - 1 { high = energy } else { low = energy }
        energy = (low + high) / 2
        continue
      }
      // Inwards from where the tail has fallen to nothing.
      let matched = y[turning]
      var last = count - 1
      var exponent = 0.0
      for i in turning..<count - 1 {
        let g = centrifugal + 2 * squares[i] * (potential[i] - energy)
        exponent += g > 0 ? g.squareRoot() * h : 0
        if exponent > 80 {
          last = i
          break
        }
      }
      for i in last..<count { y[i] = 0 }
      y[last] = 1e-30
      y[last - 1] = (12 - 10 * f[last]) * y[last] / f[last - 1]
      for i in stride(from: last - 1, to: turning, by: -1) {
        y[i - 1] = ((12 - 10 * f[i]) * y[i] - f[i + 1] * y[i + 1]) / f[i - 1]
      }
      let scale = matched / y[turning]
      for i in turning...last { y[i] *= scale }
      var norm = 0.0
      for i in 0...last { norm += y[i] * y[i] * squares[i] }
      norm = 1 / (norm * h).squareRoot()
      for i in 0...last { y[i] *= norm }
      // The kink that remains at the turning point, as a first-order change of the energy.
      let t = turning
      let smooth = (y[t - 1] * f[t - 1] + y[t + 1] * f[t + 1] + 10 * f[t] * y[t]) / 12
      let change = 6 / h * f[t] * (y[t] / smooth - 1) * smooth * smooth
      if change > 0 { low = energy } else { high = energy }
      if abs(change) < 1e-11 * max(1, abs(energy)) {
        self.energy = energy
        density = (0..<count).map { y[$0] * y[$0] * grid.radii[$0] }
        return
      }
      energy += change
      if energy <= low || energy >= high { energy = (low + high) / 2 }
    }
    throw .notConverged("the \(n)\(Array("spdf")[l]) state")
  }
}
