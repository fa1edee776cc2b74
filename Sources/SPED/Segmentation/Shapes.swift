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
      let reach = radius + 1
      guard reach < 1e6, abs(cx) < 1e6, abs(cy) < 1e6 else { return out }
      for y in within(0..<height, Int(cy - reach), Int(cy + reach) + 2) {
        for x in within(0..<width, Int(cx - reach), Int(cx + reach) + 2) {
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
      for y in within(0..<height, Int(cy - reachY), Int(cy + reachY) + 2) {
        for x in within(0..<width, Int(cx - reachX), Int(cx + reachX) + 2) {
          let (dx, dy) = (Double(x) - cx, Double(y) - cy)
          let first = slab(dx * c + dy * s, a / 2)
          if first > 0 { out[y * width + x] = first * slab(dy * c - dx * s, b / 2) }
        }
      }
    case .hexagon(let cx, let cy, let widths, let angles):
      let c = SIMD3(cos(angles.x), cos(angles.y), cos(angles.z))
      let s = SIMD3(sin(angles.x), sin(angles.y), sin(angles.z))
      // The smallest box around two of the three pairs of edges holds it.
      var (reachX, reachY) = (1e6, 1e6)
      for (i, j) in [(0, 1), (1, 2), (2, 0)] {
        let turn = abs(c[i] * s[j] - s[i] * c[j])
        guard turn > 1e-6 else { continue }
        let (a, b) = (widths[i] / 2 + 0.5, widths[j] / 2 + 0.5)
        reachX = min(reachX, (a * abs(s[j]) + b * abs(s[i])) / turn)
        reachY = min(reachY, (a * abs(c[j]) + b * abs(c[i])) / turn)
      }
      guard reachX.isFinite, reachY.isFinite, abs(cx) < 1e6, abs(cy) < 1e6 else { return out }
      for y in within(0..<height, Int(cy - reachY), Int(cy + reachY) + 2) {
        for x in within(0..<width, Int(cx - reachX), Int(cx + reachX) + 2) {
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
