import Glibc

/// Nodes and weights of Gauss and Legendre on [-1, 1], by Newton's method on the recurrence.
package func gaussLegendre(_ count: Int) -> (nodes: [Double], weights: [Double]) {
  var nodes = [Double](repeating: 0, count: count)
  var weights = nodes
  for i in 0..<count {
    var x = cos(Double.pi * (Double(i) + 0.75) / (Double(count) + 0.5))
    var slope = 1.0
    // Newton doubles the digits from a start that is good to three.
    for _ in 0..<8 {
      var (before, now) = (1.0, x)
      for l in 1..<max(count, 2) {
        (before, now) = (now, (Double(2 * l + 1) * x * now - Double(l) * before) / Double(l + 1))
      }
      if count == 1 { (before, now) = (1, x) }
      slope = Double(count) * (x * now - before) / (x * x - 1)
      x -= now / slope
    }
    nodes[i] = x
    weights[i] = 2 / ((1 - x * x) * slope * slope)
  }
  return (nodes, weights)
}
