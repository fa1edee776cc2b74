import Arrays

/// Where atoms may be in space: within what every image shows.
package struct ClusterRegion: Sendable {
  let directions: [Direction]
  let centre: SIMD3<Double>
  /// Of a ball that encloses all of it.
  let radius: Double
  private let images: ProjectionImages
  private var isLit: [Bool]

  /// Something is what rises above a third of an atom's peak, noise smoothed by an atom's width; `margin` around it
  /// belongs to it.
  package init(_ images: ProjectionImages, _ blob: AtomBlob, mass: Double, margin: Double) {
    self.images = images
    directions = images.directions
    let threshold = 0.35 * mass * blob.peak * blob.peak / 2
    let smooth = images.blurred(by: blob.sigma).values
    let reach = min(64, Int(bounded: (margin / images.pitch).rounded(.up)))
    let (width, height) = (images.width, images.height)
    isLit = [Bool](repeating: false, count: images.values.count)
    var (low, high) = (SIMD2(repeating: Double.infinity), SIMD2(repeating: -Double.infinity))
    for at in smooth.indices where smooth[at] > threshold {
      let (image, row, column) = (at / images.pixels, at % images.pixels / width, at % width)
      let place = images.start + images.pitch * SIMD2(Double(column), Double(row))
      low = pointwiseMin(low, place)
      high = pointwiseMax(high, place)
      for r in within(0..<height, row - reach, row + reach + 1) {
        for c in within(0..<width, column - reach, column + reach + 1) {
          let (dr, dc) = (r - row, c - column)
          if dr * dr + dc * dc <= reach * reach { isLit[image * images.pixels + r * width + c] = true }
        }
      }
    }
    guard low.x <= high.x else {
      (centre, radius) = (.zero, 0)
      return
    }
    // The centre of mass of every image is that of the atoms, seen along its direction.
    let flat = images.flattened
    var (a, b, c, p, q) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for (index, direction) in directions.enumerated() {
      var (sum, moment) = (0.0, 0.0)
      for (column, value) in flat.row(index).enumerated() {
        sum += value
        moment += value * (images.start.x + images.pitch * Double(column))
      }
      let middle = sum > 0 ? moment / sum : 0
      a += direction.cosine * direction.cosine
      b += direction.cosine * direction.sine
      c += direction.sine * direction.sine
      p += direction.cosine * middle
      q += direction.sine * middle
    }
    let determinant = a * c - b * b
    let plane =
      determinant > 1e-9 ? SIMD2((c * p - b * q) / determinant, (a * q - b * p) / determinant) : .zero
    centre = SIMD3(plane.x, 0.5 * (low.y + high.y), plane.y)
    // As far as the images show anything, and in depth somewhat more than they are wide.
    let half = 0.5 * (high - low) + SIMD2(repeating: margin)
    radius = (1.5 * half.x * half.x + half.y * half.y).squareRoot() * 1.1
  }

  func contains(_ point: SIMD3<Double>) -> Bool {
    for (index, direction) in directions.enumerated() {
      let at = (ProjectionImages.place(point, direction) - images.start) / images.pitch
      let (column, row) = (Int(bounded: at.x.rounded()), Int(bounded: at.y.rounded()))
      guard 0..<images.width ~= column, 0..<images.height ~= row,
        isLit[index * images.pixels + row * images.width + column]
      else { return false }
    }
    return true
  }
}
