import Arrays
import Glibc

/// The outline of a crystal in projection: a sphere, a cube on its face, a cube in any orientation.
package enum CrystalShape: Sendable, Equatable {
  case disc(x: Double, y: Double, radius: Double)
  /// Sides of `a` along `angle` and `b` across it.
  case rectangle(x: Double, y: Double, a: Double, b: Double, angle: Double)
  /// Three pairs of parallel edges: the projection of any parallelepiped.
  case hexagon(x: Double, y: Double, widths: SIMD3<Double>, angles: SIMD3<Double>)

  enum Family: CaseIterable { case disc, rectangle, hexagon }

  var family: Family {
    switch self {
    case .disc: .disc
    case .rectangle: .rectangle
    case .hexagon: .hexagon
    }
  }

  var numbers: [Double] {
    switch self {
    case .disc(let x, let y, let radius): [x, y, radius]
    case .rectangle(let x, let y, let a, let b, let angle): [x, y, a, b, angle]
    case .hexagon(let x, let y, let widths, let angles):
      [x, y, widths.x, widths.y, widths.z, angles.x, angles.y, angles.z]
    }
  }

  init(_ family: Family, _ n: ArraySlice<Double>) {
    let n = Array(n)
    switch family {
    case .disc: self = .disc(x: n[0], y: n[1], radius: abs(n[2]))
    case .rectangle: self = .rectangle(x: n[0], y: n[1], a: abs(n[2]), b: abs(n[3]), angle: n[4])
    case .hexagon:
      self = .hexagon(
        x: n[0], y: n[1], widths: SIMD3(abs(n[2]), abs(n[3]), abs(n[4])), angles: SIMD3(n[5], n[6], n[7]))
    }
  }

  /// The covered part of every pixel, good to a few percent: a pixel's distance from each edge, cut to 0...1.
  func coverage(width: Int, height: Int) -> [Double] {
    var out = [Double](repeating: 0, count: width * height)
    func slab(_ distance: Double, _ half: Double) -> Double { min(1, max(0, half - abs(distance) + 0.5)) }
    switch self {
    case .disc(let cx, let cy, let radius):
      for y in 0..<height {
        for x in 0..<width {
          let r = ((Double(x) - cx) * (Double(x) - cx) + (Double(y) - cy) * (Double(y) - cy)).squareRoot()
          out[y * width + x] = min(1, max(0, radius - r + 0.5))
        }
      }
    case .rectangle(let cx, let cy, let a, let b, let angle):
      let (c, s) = (cos(angle), sin(angle))
      // Only the box around it: fits ask thousands of times.
      let reachX = (abs(a * c) + abs(b * s)) / 2 + 1
      let reachY = (abs(a * s) + abs(b * c)) / 2 + 1
      guard reachX < 1e6, reachY < 1e6, abs(cx) < 1e6, abs(cy) < 1e6 else { return out }
      for y in span(of: height, around: cy, reach: reachY) {
        for x in span(of: width, around: cx, reach: reachX) {
          let (dx, dy) = (Double(x) - cx, Double(y) - cy)
          let first = slab(dx * c + dy * s, a / 2)
          if first > 0 { out[y * width + x] = first * slab(dy * c - dx * s, b / 2) }
        }
      }
    case .hexagon(let cx, let cy, let widths, let angles):
      let c = SIMD3(cos(angles.x), cos(angles.y), cos(angles.z))
      let s = SIMD3(sin(angles.x), sin(angles.y), sin(angles.z))
      for y in 0..<height {
        for x in 0..<width {
          let d = c * (Double(x) - cx) + s * (Double(y) - cy)
          let first = slab(d.x, widths.x / 2)
          if first > 0 { out[y * width + x] = first * slab(d.y, widths.y / 2) * slab(d.z, widths.z / 2) }
        }
      }
    }
    return out
  }

  var area: Double {
    switch self {
    case .disc(_, _, let radius): .pi * radius * radius
    case .rectangle(_, _, let a, let b, _): a * b
    case .hexagon(_, _, let widths, _): widths.min() * (widths.sum() - widths.min()) / 2
    }
  }
}

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
