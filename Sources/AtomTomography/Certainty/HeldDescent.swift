/// A few steps of all atoms but one, to see whether the others can make up for it: conjugate gradients.
struct HeldDescent {
  /// The coordinates that stay.
  let held: Range<Int>
  let limit: Double
  let steps: Int

  func reaches(_ objective: some StructureObjective, from start: [Double]) -> Bool {
    var x = start
    var gradient: [Double] = []
    var value = objective.value(x, gradient: &gradient)
    var direction = [Double](repeating: 0, count: x.count)
    var last = 0.0
    var length = 2e-3
    for _ in 0..<steps {
      if value.misfit < limit { return true }
      for at in held { gradient[at] = 0 }
      let square = gradient.reduce(0) { $0 + $1 * $1 }
      guard square > 0 else { return false }
      let share = last > 0 ? min(1, square / last) : 0
      var slope = 0.0
      for i in x.indices {
        direction[i] = share * direction[i] - gradient[i]
        slope += direction[i] * gradient[i]
      }
      if slope >= 0 {
        for i in x.indices { direction[i] = -gradient[i] }
        slope = -square
      }
      last = square
      var next = x
      var isLower = false
      for _ in 0..<8 {
        for i in x.indices { next[i] = x[i] + length * direction[i] }
        var after: [Double] = []
        let trial = objective.value(next, gradient: &after)
        if trial.misfit < value.misfit + 1e-4 * length * slope {
          x = next
          gradient = after
          value = trial
          isLower = true
          length *= 1.6
          break
        }
        length *= 0.35
      }
      if !isLower { return value.misfit < limit }
    }
    return value.misfit < limit
  }
}
