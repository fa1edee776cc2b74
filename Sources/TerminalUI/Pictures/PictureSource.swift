/// A picture to show: row 0 on top, one value a pixel, in whatever unit. Values that are not finite are missing.
package struct PictureSource: Sendable, Equatable {
  package let width: Int
  package let height: Int
  package let values: [Float]

  package init(width: Int, height: Int, values: [Float]) {
    precondition(width >= 0 && height >= 0 && values.count == width * height, "one value a pixel")
    self.width = width
    self.height = height
    self.values = values
  }

  /// What a cell shows of the pixels under it: their mean, or the brightest, so that no spot is lost.
  package enum Reduction: Sendable, Hashable { case mean, brightest }

  /// The picture on a grid of `columns` x `rows`: an axis that shrinks is averaged over areas, so no spot falls
  /// between samples; an axis that grows repeats the nearest pixel, so nothing is invented. Missing pixels do
  /// not count; an area without any other is missing (nan).
  package func resampled(columns: Int, rows: Int, by reduction: Reduction = .mean) -> [Float] {
    guard width > 0, height > 0, columns > 0, rows > 0 else { return [] }
    if reduction == .brightest, columns < width || rows < height { return brightest(columns, rows) }
    let across = PictureSource.overlaps(of: width, on: columns)
    let down = PictureSource.overlaps(of: height, on: rows)
    var sums = [Float](repeating: 0, count: columns)
    var weights = sums
    var result = [Float](repeating: 0, count: columns * rows)
    values.withUnsafeBufferPointer { pixels in
      for row in 0..<rows {
        for column in 0..<columns {
          sums[column] = 0
          weights[column] = 0
        }
        for part in down[row] {
          let line = UnsafeBufferPointer(rebasing: pixels[part.index * width..<(part.index + 1) * width])
          for column in 0..<columns {
            var sum: Float = 0
            var weight: Float = 0
            for piece in across[column] {
              let value = line[piece.index]
              if value.isFinite {
                sum += value * piece.weight
                weight += piece.weight
              }
            }
            sums[column] += sum * part.weight
            weights[column] += weight * part.weight
          }
        }
        for column in 0..<columns {
          result[row * columns + column] = weights[column] > 0 ? sums[column] / weights[column] : .nan
        }
      }
    }
    return result
  }

  private func brightest(_ columns: Int, _ rows: Int) -> [Float] {
    let across = PictureSource.overlaps(of: width, on: columns)
    let down = PictureSource.overlaps(of: height, on: rows)
    var result = [Float](repeating: .nan, count: columns * rows)
    for row in 0..<rows {
      for column in 0..<columns {
        var most = Float.nan
        for part in down[row] {
          for piece in across[column] {
            let value = values[part.index * width + piece.index]
            if value.isFinite, !(value <= most) { most = value }
          }
        }
        result[row * columns + column] = most
      }
    }
    return result
  }

  private struct Overlap {
    var index: Int
    var weight: Float
  }

  /// Which of `count` pixels lie under each of `places`, and how much of each.
  private static func overlaps(of count: Int, on places: Int) -> [[Overlap]] {
    (0..<places).map { place in
      if places >= count {
        return [Overlap(index: (2 * place + 1) * count / (2 * places), weight: 1)]
      }
      let start = Double(place) * Double(count) / Double(places)
      let end = Double(place + 1) * Double(count) / Double(places)
      return (Int(start)..<min(count, Int(end.rounded(.up)))).compactMap { index in
        let weight = Float(min(end, Double(index + 1)) - max(start, Double(index)))
        // Rounding can leave a sliver of the neighbour, which would let a missing pixel look present.
        return weight > 1e-6 ? Overlap(index: index, weight: weight) : nil
      }
    }
  }
}
