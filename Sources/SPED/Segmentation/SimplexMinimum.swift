/// Minimises a function of a few numbers without derivatives (Nelder & Mead 1965).
func simplexMinimum(
  _ start: [Double], steps: [Double], evaluations: Int, _ function: ([Double]) -> Double
) -> (point: [Double], value: Double) {
  let n = start.count
  var simplex = [(start, function(start))]
  for i in 0..<n {
    var point = start
    point[i] += steps[i]
    simplex.append((point, function(point)))
  }
  var used = n + 1
  func blend(_ a: [Double], _ b: [Double], _ t: Double) -> [Double] { zip(a, b).map { $0 + t * ($1 - $0) } }
  while used < evaluations {
    simplex.sort { $0.1 < $1.1 }
    if simplex[n].1 - simplex[0].1 < 1e-7 * (abs(simplex[0].1) + 1e-12) { break }
    var centre = [Double](repeating: 0, count: n)
    for (point, _) in simplex.dropLast() { for i in 0..<n { centre[i] += point[i] / Double(n) } }
    let worst = simplex[n].0
    func trial(_ t: Double) -> ([Double], Double) {
      used += 1
      let point = blend(centre, worst, t)
      return (point, function(point))
    }
    let reflected = trial(-1)
    if reflected.1 < simplex[0].1 {
      let expanded = trial(-2)
      simplex[n] = expanded.1 < reflected.1 ? expanded : reflected
    } else if reflected.1 < simplex[n - 1].1 {
      simplex[n] = reflected
    } else {
      let contracted = trial(reflected.1 < simplex[n].1 ? -0.5 : 0.5)
      if contracted.1 < min(reflected.1, simplex[n].1) {
        simplex[n] = contracted
      } else {
        for i in 1...n {
          let point = blend(simplex[0].0, simplex[i].0, 0.5)
          simplex[i] = (point, function(point))
          used += 1
        }
      }
    }
  }
  let best = simplex.min { $0.1 < $1.1 } ?? simplex[0]
  return (best.0, best.1)
}
