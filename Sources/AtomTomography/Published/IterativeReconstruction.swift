import Arrays
import Glibc

/// Simultaneous iterative reconstruction of an image, never negative, and the brightest peaks in it.
package struct IterativeReconstruction: Sendable {
  package var projections: Projections
  package var blob: AtomBlob
  package var step = 0.1
  package var iterations = 200

  package init(_ projections: Projections, _ blob: AtomBlob) {
    self.projections = projections
    self.blob = blob
  }

  package struct Image: Sendable {
    package var side: Int
    package var step: Double
    /// Of the first pixel's centre.
    package var origin: SIMD2<Double>
    package var values: [Double]

    package func place(_ column: Double, _ row: Double) -> SIMD2<Double> {
      origin + step * SIMD2(column, row)
    }
  }

  package func image() -> Image {
    let region = Region(projections, blob, mass: 1)
    let half = Int(min(400, region.radius / step)) + 4
    let side = 2 * half + 1
    let pixels = projections.pixels
    var image = Image(
      side: side, step: step, origin: region.centre - SIMD2(repeating: step * Double(half)),
      values: [Double](repeating: 0, count: side * side))
    guard pixels > 1 else { return image }
    // Where a pixel falls in each projection, and its share of the next one.
    var bins: [[Int32]] = []
    var shares: [[Double]] = []
    var rowSums = [Double](repeating: 0, count: projections.values.count)
    for (angle, direction) in projections.directions.enumerated() {
      var bin = [Int32](repeating: -1, count: side * side)
      var share = [Double](repeating: 0, count: side * side)
      for row in 0..<side {
        for column in 0..<side {
          let place = image.place(Double(column), Double(row))
          let at = (direction.coordinate(place.x, place.y) - projections.start) / projections.pitch
          guard at >= 0, at < Double(pixels - 1) else { continue }
          let low = Int(at)
          bin[row * side + column] = Int32(truncatingIfNeeded: low)
          share[row * side + column] = at - Double(low)
          rowSums[angle * pixels + low] += 1 - (at - Double(low))
          rowSums[angle * pixels + low + 1] += at - Double(low)
        }
      }
      bins.append(bin)
      shares.append(share)
    }
    let angles = projections.angles.count
    for _ in 0..<iterations {
      var projected = [Double](repeating: 0, count: projections.values.count)
      for angle in 0..<angles {
        for index in image.values.indices where bins[angle][index] >= 0 {
          let at = angle * pixels + Int(bins[angle][index])
          let share = shares[angle][index]
          projected[at] += (1 - share) * image.values[index]
          projected[at + 1] += share * image.values[index]
        }
      }
      for index in projected.indices {
        projected[index] =
          rowSums[index] > 0 ? (projections.values[index] - projected[index]) / rowSums[index] : 0
      }
      for index in image.values.indices {
        var change = 0.0
        for angle in 0..<angles where bins[angle][index] >= 0 {
          let at = angle * pixels + Int(bins[angle][index])
          let share = shares[angle][index]
          change += (1 - share) * projected[at] + share * projected[at + 1]
        }
        image.values[index] = max(0, image.values[index] + change / Double(angles))
      }
    }
    return image
  }

  /// The `count` highest maxima at least half a bond apart, between pixels by parabolas.
  package func peaks(_ image: Image, count: Int) -> AtomPlane {
    let side = image.side
    // Smoothed by an atom's width: a peak is as wide as an atom.
    let reach = max(1, Int((2 * blob.sigma / step).rounded()))
    let weights = (-reach...reach).map { exp(-0.5 * pow(Double($0) * step / blob.sigma, 2)) }
    func smoothed(_ values: [Double], _ stride: Int) -> [Double] {
      values.indices.map { index in
        let along = stride == 1 ? index % side : index / side
        var sum = 0.0
        for offset in max(-reach, -along)...min(reach, side - 1 - along) {
          sum += weights[offset + reach] * values[index + offset * stride]
        }
        return sum
      }
    }
    let smooth = smoothed(smoothed(image.values, 1), side)
    var maxima: [(value: Double, place: SIMD2<Double>)] = []
    for row in 1..<max(1, side - 1) {
      for column in 1..<max(1, side - 1) {
        let at = row * side + column
        let value = smooth[at]
        guard value > 0 else { continue }
        let isPeak = [-side - 1, -side, -side + 1, -1, 1, side - 1, side, side + 1].allSatisfy {
          smooth[at + $0] <= value
        }
        guard isPeak else { continue }
        func shift(_ stride: Int) -> Double {
          let (a, b) = (smooth[at - stride], smooth[at + stride])
          let curve = a + b - 2 * value
          return curve < 0 ? max(-0.5, min(0.5, 0.5 * (a - b) / curve)) : 0
        }
        maxima.append((value, image.place(Double(column) + shift(1), Double(row) + shift(side))))
      }
    }
    maxima.sort { ($0.value, $1.place.x, $1.place.y) > ($1.value, $0.place.x, $0.place.y) }
    var chosen: [SIMD2<Double>] = []
    for peak in maxima where chosen.count < count {
      if chosen.allSatisfy({ ($0 - peak.place).length > 0.5 }) { chosen.append(peak.place) }
    }
    return AtomPlane(points: chosen)
  }
}
