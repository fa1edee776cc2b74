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
  private let vectors: Int
  /// Pixels with levels, and the spot levels over their standard deviation, [pixel][vector].
  private let inner: [Int]
  private let innerLevels: [Float]
  /// Chi squared per value of one level for all.
  private var oneLevel = 0.0
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
    boundary = points.count - points.core().count
    let columns = vectors
    let inner = (0..<width * height).filter { columns > 0 && levels[$0 * columns].isFinite }
    self.inner = inner
    innerLevels = inner.flatMap { levels[$0 * columns..<($0 + 1) * columns] }
    oneLevel = levelsMisfit(covers([]))
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

  /// What the fits make small: the outline's misfit in pixels and, at the weight of the whole outline, that of
  /// even levels on a logarithmic scale between a perfect fit and one level for all.
  func cost(_ shapes: [CrystalShape]) -> Double {
    let covers = covers(shapes)
    let outline = residual(covers)
    guard vectors > 0, shapes.count > 1 else { return outline }
    let part = log(levelsMisfit(covers) + 0.3) / log(max(oneLevel, 1.3) + 0.3)
    return outline + Double(boundary) / scale * max(0, min(1, part))
  }

  /// Chi squared per value of one level for every combination of shapes.
  func levelsMisfit(_ shapes: [CrystalShape]) -> Double { levelsMisfit(covers(shapes)) }

  private func levelsMisfit(_ covers: [[Double]]) -> Double {
    guard vectors > 0, !inner.isEmpty else { return 0 }
    let groups = 1 << covers.count
    var means = [Float](repeating: 0, count: groups * vectors)
    var numbers = [Float](repeating: 0, count: groups)
    var mixed: [(row: Int, key: Int, edges: Int)] = []
    var misfit: Float = 0
    for (row, p) in inner.enumerated() {
      var (key, edges) = (0, 0)
      for i in covers.indices {
        let cover = covers[i][p]
        if cover > 0.5 { key |= 1 << i }
        if cover > 0.02, cover < 0.98 { edges |= 1 << i }
      }
      if edges != 0 {
        mixed.append((row, key, edges))
        continue
      }
      numbers[key] += 1
      for k in 0..<vectors {
        let value = innerLevels[row * vectors + k]
        means[key * vectors + k] += value
        misfit += value * value
      }
    }
    for key in 0..<groups where numbers[key] > 0 {
      for k in 0..<vectors {
        let sum = means[key * vectors + k]
        misfit -= sum * sum / numbers[key]
        means[key * vectors + k] = sum / numbers[key]
      }
    }
    for point in mixed {
      var least = Float.infinity
      for i in covers.indices where point.edges >> i & 1 == 1 {
        let other = point.key ^ (1 << i)
        // What no pixel lies wholly in is not known: zero there, as outside.
        least = min(least, distance(point.row, from: point.key, to: other, means))
      }
      misfit += least
    }
    return Double(max(0, misfit)) / Double(inner.count * vectors)
  }

  /// A pixel on an edge has any share of the levels on both sides: its squared distance from the line between them.
  private func distance(_ row: Int, from a: Int, to b: Int, _ means: [Float]) -> Float {
    var (along, length): (Float, Float) = (0, 0)
    for k in 0..<vectors {
      let step = means[b * vectors + k] - means[a * vectors + k]
      along += (innerLevels[row * vectors + k] - means[a * vectors + k]) * step
      length += step * step
    }
    let part = length > 0 ? min(1, max(0, along / length)) : 0
    var sum: Float = 0
    for k in 0..<vectors {
      let from = means[a * vectors + k]
      let difference = innerLevels[row * vectors + k] - from - part * (means[b * vectors + k] - from)
      sum += difference * difference
    }
    return sum
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

  /// Scan points of every shape: what it covers by half and, for the rest of the region, the nearest shape.
  func sets(_ shapes: [CrystalShape], within points: PointSet) -> [PointSet] {
    let covers = shapes.map { $0.coverage(width: width, height: height) }
    var sets = shapes.map { _ in PointSet(width: points.width, height: points.height) }
    let reach = points.grown(1)
    for p in reach.points {
      let x = (Double(p % points.width - x0) + 0.5) / scale - 0.5
      let y = (Double(p / points.width - y0) + 0.5) / scale - 0.5
      let (cx, cy) = (min(width - 1, max(0, Int(x.rounded()))), min(height - 1, max(0, Int(y.rounded()))))
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
