import Arrays
import Glibc

/// The region's surroundings, reduced to a few thousand pixels: the covered part and the spots of each.
struct ShapeWindow {
  let width: Int
  let height: Int
  let x0: Int
  let y0: Int
  /// Scan points per pixel along an axis.
  let scale: Double
  let target: [Double]
  /// Spot levels over their standard deviation, [pixel][vector]; not a number where they say nothing.
  private let levels: [Float]
  private let vectors: Int
  /// Pixels with levels.
  private let inner: [Int]
  /// Chi squared of all levels around one mean.
  private let spread: Double
  private let boundary: Int

  var count: Int { width * height }

  init(_ points: PointSet, _ spots: SpotLevels) {
    let list = points.points
    let xs = list.map { $0 % points.width }
    let ys = list.map { $0 / points.width }
    let (left, right) = ((xs.min() ?? 0) - 2, (xs.max() ?? 0) + 2)
    let (top, bottom) = ((ys.min() ?? 0) - 2, (ys.max() ?? 0) + 2)
    let step = max(1, (max(right - left, bottom - top) + 1) / 40)
    x0 = left
    y0 = top
    scale = Double(step)
    width = (right - left) / step + 1
    height = (bottom - top) / step + 1
    var target = [Double](repeating: 0, count: width * height)
    vectors = spots.vectors
    var levels = [Float](repeating: .nan, count: width * height * max(1, vectors))
    let place = Dictionary(uniqueKeysWithValues: spots.points.enumerated().map { ($1, $0) })
    for y in 0..<height {
      for x in 0..<width {
        var covered = 0.0
        var seen: Float = 0
        var sums = [Float](repeating: 0, count: vectors)
        for v in 0..<step {
          for u in 0..<step {
            let (px, py) = (left + x * step + u, top + y * step + v)
            guard px >= 0, py >= 0, px < points.width, py < points.height else { continue }
            if points.contains(py * points.width + px) { covered += 1 }
            if let row = place[py * points.width + px] {
              seen += 1
              for k in 0..<vectors { sums[k] += spots.values[row * vectors + k] }
            }
          }
        }
        target[y * width + x] = covered / Double(step * step)
        if seen > 0 { for k in 0..<vectors { levels[(y * width + x) * vectors + k] = sums[k] / seen } }
      }
    }
    self.target = target
    self.levels = levels
    boundary = points.count - points.core().count
    let columns = vectors
    inner = (0..<width * height).filter { columns > 0 && levels[$0 * columns].isFinite }
    var (n, s, q) = (0.0, [Double](repeating: 0, count: columns), 0.0)
    for p in inner {
      n += 1
      for k in 0..<vectors {
        let value = Double(levels[p * vectors + k])
        s[k] += value
        q += value * value
      }
    }
    spread = max(1e-9, q - s.reduce(0) { $0 + $1 * $1 } / max(1, n))
  }

  func residual(_ shapes: [CrystalShape]) -> Double { residual(covers(shapes)) }

  private func covers(_ shapes: [CrystalShape]) -> [[Double]] {
    shapes.map { $0.coverage(width: width, height: height) }
  }

  private func residual(_ covers: [[Double]]) -> Double {
    var sum = 0.0
    for p in 0..<count {
      var open = 1.0
      for cover in covers { open *= 1 - cover[p] }
      let difference = 1 - open - target[p]
      sum += difference * difference
    }
    return sum
  }

  /// What the fits make small: the outline's misfit and, at the weight of a part of it, the share of the
  /// spots' spread that even levels leave.
  func cost(_ shapes: [CrystalShape]) -> Double {
    let covers = covers(shapes)
    let outline = residual(covers)
    guard vectors > 0, shapes.count > 1 else { return outline }
    let (chi, used) = levelsMisfit(covers)
    return outline + Double(boundary) / scale * min(1, chi * Double(used * vectors) / spread)
  }

  /// Chi squared per value of one level for every combination of shapes, and on how many pixels.
  func levelsMisfit(_ shapes: [CrystalShape]) -> (chi: Double, pixels: Int) { levelsMisfit(covers(shapes)) }

  private func levelsMisfit(_ covers: [[Double]]) -> (chi: Double, pixels: Int) {
    guard vectors > 0 else { return (0, 0) }
    let groups = 1 << covers.count
    var sums = [Float](repeating: 0, count: groups * vectors)
    var squares: Float = 0
    var numbers = [Int](repeating: 0, count: groups)
    for p in inner {
      var key = 0
      for i in covers.indices where covers[i][p] > 0.5 { key |= 1 << i }
      numbers[key] += 1
      for k in 0..<vectors {
        let value = levels[p * vectors + k]
        sums[key * vectors + k] += value
        squares += value * value
      }
    }
    guard !inner.isEmpty else { return (0, 0) }
    var misfit = squares
    for key in 0..<groups where numbers[key] > 0 {
      var means: Float = 0
      for k in 0..<vectors { means += sums[key * vectors + k] * sums[key * vectors + k] }
      misfit -= means / Float(numbers[key])
    }
    return (Double(max(0, misfit)) / Double(inner.count * vectors), inner.count)
  }

  /// A pixel's coverage is known to about a tenth: no fit is better than that.
  func criterion(_ residual: Double, parameters: Int) -> Double {
    let n = Double(count)
    return n * log(max(residual / n, 0.01)) + Double(parameters) * log(n)
  }

  /// The outline itself: it fits, at the price of a number for every second pixel of it.
  func freeContour() -> ShapeSplit.Fit {
    ShapeSplit.Fit(
      shapes: [],
      criterion: criterion(0.03 * Double(boundary) / scale, parameters: Int(Double(boundary) / scale / 2)))
  }

  func steps(_ shape: CrystalShape) -> [Double] {
    switch shape {
    case .disc: [1, 1, 1]
    case .rectangle: [1, 1, 1.5, 1.5, 0.2]
    case .hexagon: [1, 1, 1.5, 1.5, 1.5, 0.2, 0.2, 0.2]
    }
  }

  func converted(_ shape: CrystalShape, to family: CrystalShape.Family) -> CrystalShape {
    guard case .rectangle(let x, let y, let a, let b, let angle) = shape else { return shape }
    switch family {
    case .disc: return .disc(x: x, y: y, radius: (a * b / .pi).squareRoot())
    case .rectangle: return shape
    case .hexagon:
      return .hexagon(
        x: x, y: y, widths: SIMD3(a, b, 0.9 * (a * a + b * b).squareRoot()),
        angles: SIMD3(angle, angle + .pi / 2, angle + .pi / 4))
    }
  }

  /// First guesses: the pixels clustered into `number` groups from several directions, each as a rectangle.
  func starts(_ family: CrystalShape.Family, number: Int) -> [[CrystalShape]] {
    var pixels: [(x: Double, y: Double)] = []
    for p in 0..<count where target[p] > 0.5 { pixels.append((Double(p % width), Double(p / width))) }
    guard pixels.count > number else { return [] }
    var out: [[CrystalShape]] = []
    let directions = number == 1 ? 1 : 6
    for d in 0..<directions {
      let angle = Double.pi * Double(d) / Double(directions)
      let order = pixels.map { $0.x * cos(angle) + $0.y * sin(angle) }.sorted()
      let groups = (0..<number).map { order[min(order.count - 1, (2 * $0 + 1) * order.count / (2 * number))] }
      // Groups by distance along the direction, then a few rounds of means in the plane.
      var centres = groups.map { level -> (x: Double, y: Double) in
        let near = pixels.filter {
          abs($0.x * cos(angle) + $0.y * sin(angle) - level) <= Double(width + height) / Double(4 * number)
        }
        let n = Double(max(1, near.count))
        return (near.reduce(0) { $0 + $1.x } / n, near.reduce(0) { $0 + $1.y } / n)
      }
      var member = [Int](repeating: 0, count: pixels.count)
      for _ in 0..<6 {
        for (i, pixel) in pixels.enumerated() {
          member[i] =
            centres.indices.min {
              square(pixel.x - centres[$0].x, pixel.y - centres[$0].y)
                < square(pixel.x - centres[$1].x, pixel.y - centres[$1].y)
            } ?? 0
        }
        for k in centres.indices {
          let mine = pixels.indices.filter { member[$0] == k }
          guard !mine.isEmpty else { continue }
          let n = Double(mine.count)
          centres[k] = (
            mine.reduce(0) { $0 + pixels[$1].x } / n, mine.reduce(0) { $0 + pixels[$1].y } / n
          )
        }
      }
      // The edges' direction is that which the region as a whole prefers, and the one of the direction.
      let angles =
        number == 1 ? [bestAngle(pixels), bestAngle(pixels) + .pi / 4] : [bestAngle(pixels), angle]
      for turn in angles {
        var shapes: [CrystalShape] = []
        for k in centres.indices {
          let mine = pixels.indices.filter { member[$0] == k }.map { pixels[$0] }
          shapes.append(rectangle(mine, turn))
        }
        out.append(shapes.map { converted($0, to: family) })
      }
    }
    return out
  }

  private func square(_ x: Double, _ y: Double) -> Double { x * x + y * y }

  private func rectangle(_ pixels: [(x: Double, y: Double)], _ angle: Double) -> CrystalShape {
    let (c, s) = (cos(angle), sin(angle))
    let u = pixels.map { $0.x * c + $0.y * s }
    let v = pixels.map { $0.y * c - $0.x * s }
    let (u0, u1) = (u.min() ?? 0, u.max() ?? 0)
    let (v0, v1) = (v.min() ?? 0, v.max() ?? 0)
    let (mu, mv) = ((u0 + u1) / 2, (v0 + v1) / 2)
    return .rectangle(x: mu * c - mv * s, y: mu * s + mv * c, a: u1 - u0 + 1, b: v1 - v0 + 1, angle: angle)
  }

  /// The direction in which the box around the pixels is smallest.
  private func bestAngle(_ pixels: [(x: Double, y: Double)]) -> Double {
    var best = (Double.infinity, 0.0)
    for step in 0..<30 {
      let angle = Double(step) * .pi / 60
      guard case .rectangle(_, _, let a, let b, _) = rectangle(pixels, angle) else { continue }
      if a * b < best.0 { best = (a * b, angle) }
    }
    return best.1
  }

  /// Scan points of every shape: what it covers by half and, for the rest of the region, the nearest shape.
  func sets(_ shapes: [CrystalShape], within points: PointSet) -> [PointSet] {
    let covers = shapes.map { $0.coverage(width: width, height: height) }
    var sets = shapes.map { _ in PointSet(width: points.width, height: points.height) }
    let reach = points.grown(1)
    for p in reach.points {
      let x = (Double(p % points.width - x0) + 0.5) / scale - 0.5
      let y = (Double(p / points.width - y0) + 0.5) / scale - 0.5
      let (cx, cy) = (
        min(width - 1, max(0, Int(bounded: x.rounded()))), min(height - 1, max(0, Int(bounded: y.rounded())))
      )
      let here = covers.map { $0[cy * width + cx] }
      var isTaken = false
      for (k, value) in here.enumerated() where value >= 0.5 && (points.contains(p) || value > 0.7) {
        sets[k].insert(p)
        isTaken = true
      }
      if !isTaken, points.contains(p) {
        let nearest = covers.indices.max { a, b in near(covers[a], cx, cy) < near(covers[b], cx, cy) } ?? 0
        sets[nearest].insert(p)
      }
    }
    return sets
  }

  private func near(_ cover: [Double], _ cx: Int, _ cy: Int) -> Double {
    for r in 0...max(width, height) {
      var best = 0.0
      for y in max(0, cy - r)...min(height - 1, cy + r) {
        for x in max(0, cx - r)...min(width - 1, cx + r) { best = max(best, cover[y * width + x]) }
      }
      if best > 0.5 { return best - Double(r) }
    }
    return -.infinity
  }
}
