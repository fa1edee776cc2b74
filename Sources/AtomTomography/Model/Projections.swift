import Glibc

/// Projections of a plane of atoms onto lines: a row an angle, all on one even axis u = x cos + y sin.
///
/// Lengths are in whatever unit the nearest-neighbour distance is given in.
package struct Projections: Sendable, Equatable {
  package var angles: [Double]
  /// The coordinate of the first pixel's centre.
  package var start: Double
  package var pitch: Double
  /// Row after row.
  package var values: [Double]

  /// `angles` in degrees; `values` row after row.
  package init(degrees angles: [Double], start: Double, pitch: Double, values: [Double]) {
    self.angles = angles
    self.start = start
    self.pitch = pitch
    self.values = values
  }

  package var pixels: Int { angles.isEmpty ? 0 : values.count / angles.count }
  package var end: Double { start + pitch * Double(max(0, pixels - 1)) }

  package var directions: [Direction] { angles.map { Direction(degrees: $0) } }

  package func row(_ index: Int) -> ArraySlice<Double> {
    values[index * pixels..<(index + 1) * pixels]
  }

  /// What a row weighs: the number of atoms where one atom weighs 1.
  package var masses: [Double] { angles.indices.map { row($0).reduce(0, +) * pitch } }

  /// The projections convolved with a Gaussian, as wider atoms would give them.
  package func blurred(by sigma: Double) -> Projections {
    guard sigma > 0, pitch > 0 else { return self }
    let reach = min(pixels, max(1, Int((4 * sigma / pitch).rounded(.up))))
    let weights = (-reach...reach).map { exp(-0.5 * pow(Double($0) * pitch / sigma, 2)) }
    let sum = weights.reduce(0, +)
    var blurred = self
    for row in angles.indices {
      let first = row * pixels
      for at in 0..<pixels {
        var value = 0.0
        for offset in max(-reach, -at)...min(reach, pixels - 1 - at) {
          value += weights[offset + reach] * values[first + at + offset]
        }
        blurred.values[first + at] = value / sum
      }
    }
    return blurred
  }
}

/// The line onto which a projection falls.
package struct Direction: Sendable, Equatable {
  package let cosine: Double
  package let sine: Double

  package init(degrees: Double) {
    // Exact on the axes, where lattice rows lie.
    let quarter = degrees / 90
    if quarter == quarter.rounded(), quarter.magnitude < 1e9 {
      let turn = (Int(quarter) % 4 + 4) % 4
      (cosine, sine) = [(1.0, 0.0), (0, 1), (-1, 0), (0, -1)][turn]
    } else {
      (cosine, sine) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
    }
  }

  package func coordinate(_ x: Double, _ y: Double) -> Double { x * cosine + y * sine }
}

/// Atoms in a plane: x and y in turns, which is what a descent moves.
package struct AtomPlane: Sendable, Equatable {
  package var coordinates: [Double]

  package init(_ coordinates: [Double] = []) { self.coordinates = coordinates }

  package init(points: [SIMD2<Double>]) { coordinates = points.flatMap { [$0.x, $0.y] } }

  package var count: Int { coordinates.count / 2 }

  package subscript(index: Int) -> SIMD2<Double> {
    get { SIMD2(coordinates[2 * index], coordinates[2 * index + 1]) }
    set { (coordinates[2 * index], coordinates[2 * index + 1]) = (newValue.x, newValue.y) }
  }

  package var points: [SIMD2<Double>] { (0..<count).map { self[$0] } }

  package mutating func append(_ point: SIMD2<Double>) { coordinates += [point.x, point.y] }

  package mutating func remove(at index: Int) { coordinates.removeSubrange(2 * index..<2 * index + 2) }
}

extension SIMD2<Double> {
  package var length: Double { (x * x + y * y).squareRoot() }
}
