import Arrays

/// The strong spots of a region point by point, over their standard deviation: Poisson noise and the few
/// percent by which the film and other scattering change them.
struct SpotLevels: Sendable {
  let points: [Int]
  let vectors: Int
  /// [point][vector]
  let values: [Float]
  let isBent: Bool
  private let width: Int

  /// Inner points of `region` that no other crystal covers.
  init(_ region: PointSet, others: PointSet, table: VDFTable, vectors: [Int], isBent: Bool) {
    let columns = table.vectors.count
    let inner = region.core().subtracting(others).points
    var means = vectors.map { v in (v, inner.reduce(Float(0)) { $0 + table.excess($1, v) }) }
    means.sort { $0.1 > $1.1 || ($0.1 == $1.1 && $0.0 < $1.0) }
    let chosen = means.prefix(8)
    points = inner
    self.vectors = chosen.count
    self.isBent = isBent
    width = region.width
    var values = [Float](repeating: 0, count: inner.count * chosen.count)
    for (k, (v, sum)) in chosen.enumerated() {
      let mean = max(0, sum / Float(max(1, inner.count)))
      var expected: Float = 0
      for p in inner { expected += table.background[p * columns + v] }
      let noise = (mean + expected / Float(max(1, inner.count)) + 0.0025 * mean * mean + 1e-6).squareRoot()
      for (row, p) in inner.enumerated() { values[row * chosen.count + k] = table.excess(p, v) / noise }
    }
    self.values = values
  }

  /// Chi squared per value after the points are put into groups of one level each, by k-means.
  func chiSquared(groups: Int) -> Double {
    guard points.count > groups, vectors > 0 else { return 0 }
    // First centres along the direction of the total: dark, middle, bright.
    var totals: [(row: Int, sum: Float)] = []
    for row in points.indices {
      var sum: Float = 0
      for k in 0..<vectors { sum += values[row * vectors + k] }
      totals.append((row, sum))
    }
    totals.sort { $0.sum < $1.sum || ($0.sum == $1.sum && $0.row < $1.row) }
    var centres: [[Float]] = []
    for g in 0..<groups {
      let row = totals[(2 * g + 1) * totals.count / (2 * groups)].row
      centres.append(Array(values[row * vectors..<(row + 1) * vectors]))
    }
    var misfit: Float = 0
    for _ in 0..<12 {
      var sums = [Float](repeating: 0, count: groups * vectors)
      var numbers = [Float](repeating: 0, count: groups)
      misfit = 0
      for row in points.indices {
        var best: (Float, Int) = (.infinity, 0)
        for g in 0..<groups {
          var distance: Float = 0
          for k in 0..<vectors {
            let d = values[row * vectors + k] - centres[g][k]
            distance += d * d
          }
          if distance < best.0 { best = (distance, g) }
        }
        misfit += best.0
        numbers[best.1] += 1
        for k in 0..<vectors { sums[best.1 * vectors + k] += values[row * vectors + k] }
      }
      for g in 0..<groups where numbers[g] > 0 {
        for k in 0..<vectors { centres[g][k] = sums[g * vectors + k] / numbers[g] }
      }
    }
    return Double(misfit) / Double((points.count - groups) * vectors)
  }

  /// Chi squared per value of one smooth surface a vector: a polynomial of second or third order.
  func smoothMisfit() -> Double {
    let order = points.count >= 40 ? 3 : 2
    let terms = (order + 1) * (order + 2) / 2
    guard points.count > 2 * terms, vectors > 0 else { return .infinity }
    let xs = points.map { Double($0 % width) }
    let ys = points.map { Double($0 / width) }
    let (mx, my) = (xs.reduce(0, +) / Double(xs.count), ys.reduce(0, +) / Double(ys.count))
    let reach = max(1, xs.indices.reduce(0) { max($0, abs(xs[$1] - mx), abs(ys[$1] - my)) })
    let design = DoubleMatrix(rows: points.count, columns: terms) { out in
      for i in points.indices {
        let (x, y) = ((xs[i] - mx) / reach, (ys[i] - my) / reach)
        var column = 0
        for a in 0...order {
          for b in 0...order - a {
            var value = 1.0
            for _ in 0..<a { value *= x }
            for _ in 0..<b { value *= y }
            out.initializeElement(at: i * terms + column, to: value)
            column += 1
          }
        }
      }
    }
    let right = DoubleMatrix(rows: points.count, columns: vectors, values: values.map(Double.init))
    guard let solution = try? design.leastSquares(right).solution else { return .infinity }
    let fit = design * solution
    var misfit = 0.0
    for i in 0..<fit.count {
      let difference = Double(values[i]) - fit.values[i]
      misfit += difference * difference
    }
    return misfit / Double((points.count - terms) * vectors)
  }

  /// Chi squared per value between every point and its image through the middle of the region: spheres and
  /// parallelepipeds are the same seen from both sides.
  func mirrorMisfit() -> Double {
    guard points.count >= 12, vectors > 0 else { return .infinity }
    var place: [Int: Int] = [:]
    for (row, p) in points.enumerated() { place[p] = row }
    let xs = points.map { $0 % width }
    let ys = points.map { $0 / width }
    let sumX = 2 * xs.reduce(0, +) / xs.count
    let sumY = 2 * ys.reduce(0, +) / ys.count
    var best = Double.infinity
    for cy in sumY - 4...sumY + 4 {
      for cx in sumX - 4...sumX + 4 {
        var (misfit, number): (Float, Int) = (0, 0)
        for row in points.indices {
          let (x, y) = (cx - xs[row], cy - ys[row])
          guard x >= 0, x < width, y >= 0, let other = place[y * width + x] else { continue }
          number += 1
          for k in 0..<vectors {
            let d = values[row * vectors + k] - values[other * vectors + k]
            misfit += d * d
          }
        }
        // Most of the region has its image in the region.
        if number * 5 >= points.count * 4 {
          best = min(best, Double(misfit) / Double(2 * number * vectors))
        }
      }
    }
    return best
  }
}
