import Arrays
import Glibc

/// An atom as a projection shows it: a Gaussian of unit integral, sampled at pixel centres.
package struct AtomBlob: Sendable, Equatable {
  package let sigma: Double
  /// Beyond this there is nothing: 1e-11 of the peak is left out.
  package let reach: Double

  package init(sigma: Double) {
    self.sigma = sigma
    reach = 7.2 * sigma
  }

  package var peak: Double { 1 / ((2 * .pi).squareRoot() * sigma) }
}

/// The Gaussian of an atom along a row of pixels. On an even axis each value follows from the one before by two
/// products: only two exponentials an atom.
struct BlobRow {
  private let start: Double
  private let pitch: Double
  private let pixels: Int
  private let reach: Double
  private let peak: Double
  private let inverse: Double
  /// The quotient of two successive quotients.
  private let bend: Double

  init(_ blob: AtomBlob, _ projections: Projections) {
    start = projections.start
    pitch = projections.pitch
    pixels = projections.pixels
    reach = blob.reach
    peak = blob.peak
    inverse = 1 / (2 * blob.sigma * blob.sigma)
    bend = exp(-projections.pitch * projections.pitch / (blob.sigma * blob.sigma))
  }

  @inline(__always)
  private func pixels(around centre: Double) -> Range<Int> {
    let first = ((centre - reach - start) / pitch).rounded(.up)
    let last = ((centre + reach - start) / pitch).rounded(.down)
    return within(0..<pixels, Int(bounded: first), Int(bounded: last) + 1)
  }

  /// Adds an atom of weight `weight` to the row.
  @inline(__always)
  func add(_ centre: Double, _ weight: Double, to row: UnsafeMutablePointer<Double>) {
    let range = pixels(around: centre)
    let x = start + pitch * Double(range.lowerBound) - centre
    var value = weight * peak * exp(-x * x * inverse)
    var quotient = exp(-(2 * x + pitch) * pitch * inverse)
    for at in range {
      row[at] += value
      value *= quotient
      quotient *= bend
    }
  }

  /// The row's product with an atom of unit weight, and with its derivative by the atom's coordinate.
  @inline(__always)
  func product(_ centre: Double, _ row: UnsafePointer<Double>) -> (value: Double, slope: Double) {
    let range = pixels(around: centre)
    var x = start + pitch * Double(range.lowerBound) - centre
    var value = peak * exp(-x * x * inverse)
    var quotient = exp(-(2 * x + pitch) * pitch * inverse)
    var sum = 0.0
    var moment = 0.0
    for at in range {
      let product = row[at] * value
      sum += product
      moment += product * x
      x += pitch
      value *= quotient
      quotient *= bend
    }
    return (sum, 2 * inverse * moment)
  }

  /// The atom's own values, and from which pixel on.
  func values(_ centre: Double) -> (first: Int, values: [Double]) {
    let range = pixels(around: centre)
    var row = [Double](repeating: 0, count: range.count)
    for (index, at) in range.enumerated() {
      let x = start + pitch * Double(at) - centre
      row[index] = peak * exp(-x * x * inverse)
    }
    return (range.lowerBound, row)
  }
}

extension Projections {
  /// What atoms of unit weight look like on this axis; the values are replaced.
  package func projecting(_ atoms: AtomPlane, _ blob: AtomBlob) -> Projections {
    var projected = self
    projected.values = [Double](repeating: 0, count: values.count)
    guard pixels > 0 else { return projected }
    let row = BlobRow(blob, self)
    projected.values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for (index, direction) in directions.enumerated() {
        for atom in 0..<atoms.count {
          let point = atoms[atom]
          row.add(direction.coordinate(point.x, point.y), 1, to: base + index * pixels)
        }
      }
    }
    return projected
  }

  /// The sum of squared differences times the pitch.
  package func misfit(to other: Projections) -> Double {
    zip(values, other.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } * pitch
  }
}
