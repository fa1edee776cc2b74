import Arrays

/// Projections of atoms in space onto planes: an image a tilt, all with the same pixels.
///
/// The specimen turns about y, which runs from row to row; along a row runs u = x cos + z sin. Lengths are in whatever
/// unit the nearest-neighbour distance is given in.
package struct ProjectionImages: Sendable, Equatable {
  /// In degrees.
  package var angles: [Double]
  package var width: Int
  package var height: Int
  /// The coordinates of the first pixel's centre.
  package var start: SIMD2<Double>
  package var pitch: Double
  /// Image after image, row after row.
  package var values: [Double]

  package init(
    degrees angles: [Double], width: Int, height: Int, start: SIMD2<Double>, pitch: Double, values: [Double]
  ) {
    self.angles = angles
    self.width = width
    self.height = height
    self.start = start
    self.pitch = pitch
    self.values = values
  }

  /// Of one image.
  package var pixels: Int { width * height }
  package var area: Double { pitch * pitch }
  package var directions: [Direction] { angles.map { Direction(degrees: $0) } }

  package func image(_ index: Int) -> ArraySlice<Double> { values[index * pixels..<(index + 1) * pixels] }

  /// What an image weighs: the number of atoms where one atom weighs 1.
  package var masses: [Double] { angles.indices.map { image($0).reduce(0, +) * area } }

  /// Where a point in space lies in an image.
  @inline(__always)
  package static func place(_ point: SIMD3<Double>, _ direction: Direction) -> SIMD2<Double> {
    SIMD2(direction.coordinate(point.x, point.z), point.y)
  }

  /// The images convolved with a Gaussian, as wider atoms would give them: along the rows, then across them.
  package func blurred(by sigma: Double) -> ProjectionImages {
    guard sigma > 0, pitch > 0, width > 0, height > 0 else { return self }
    func rows(_ values: [Double], _ count: Int) -> [Double] {
      Projections(
        degrees: [Double](repeating: 0, count: values.count / count), start: 0, pitch: pitch, values: values
      ).blurred(by: sigma).values
    }
    func transposed(_ values: [Double], _ width: Int, _ height: Int) -> [Double] {
      var turned = [Double](repeating: 0, count: values.count)
      for at in values.indices {
        let (image, row, column) = (at / pixels, at % pixels / width, at % width)
        turned[image * pixels + column * height + row] = values[at]
      }
      return turned
    }
    var blurred = self
    let along = rows(values, width)
    blurred.values = transposed(rows(transposed(along, width, height), height), height, width)
    return blurred
  }

  /// Summed over their rows, the images are projections of the plane across the axis.
  package var flattened: Projections {
    var sums = [Double](repeating: 0, count: width * angles.count)
    for at in values.indices { sums[at / pixels * width + at % width] += values[at] * pitch }
    return Projections(degrees: angles, start: start.x, pitch: pitch, values: sums)
  }
}

/// Atoms in space: x, y and z in turns, which is what a descent moves.
package struct AtomCluster: Sendable, Equatable {
  package var coordinates: [Double]

  package init(_ coordinates: [Double] = []) { self.coordinates = coordinates }

  package init(points: [SIMD3<Double>]) { coordinates = points.flatMap { [$0.x, $0.y, $0.z] } }

  package var count: Int { coordinates.count / 3 }

  package subscript(index: Int) -> SIMD3<Double> {
    get { SIMD3(coordinates[3 * index], coordinates[3 * index + 1], coordinates[3 * index + 2]) }
    set { for axis in 0..<3 { coordinates[3 * index + axis] = newValue[axis] } }
  }

  package var points: [SIMD3<Double>] { (0..<count).map { self[$0] } }

  package mutating func append(_ point: SIMD3<Double>) { coordinates += [point.x, point.y, point.z] }

  package mutating func remove(at index: Int) { coordinates.removeSubrange(3 * index..<3 * index + 3) }
}

extension SIMD3<Double> {
  package var length: Double { (self * self).sum().squareRoot() }
}
