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
/// products, four pixels at a time: only two exponentials an atom.
struct BlobRow {
  private let start: Double
  private let pitch: Double
  private let pixels: Int
  private let reach: Double
  private let peak: Double
  private let inverse: Double
  /// Powers of the quotient of two successive quotients: of the first four values, of their quotients to the next
  /// four, and from there on.
  private let lanes: SIMD4<Double>
  private let steps: SIMD4<Double>
  private let bend: Double

  /// Where an atom lies in a row.
  struct Place {
    var first: Int
    var count: Int
    /// Of the first pixel, from the atom.
    var x: Double
    fileprivate var value: Double
    fileprivate var quotient: Double

    static let none = Place(first: 0, count: 0, x: 0, value: 0, quotient: 0)
  }

  init(_ blob: AtomBlob, _ projections: Projections) {
    self.init(blob, start: projections.start, pitch: projections.pitch, pixels: projections.pixels)
  }

  init(_ blob: AtomBlob, start: Double, pitch: Double, pixels: Int) {
    self.start = start
    self.pitch = pitch
    self.pixels = pixels
    reach = blob.reach
    peak = blob.peak
    inverse = 1 / (2 * blob.sigma * blob.sigma)
    let b = exp(-pitch * pitch / (blob.sigma * blob.sigma))
    lanes = SIMD4(1, 1, b, b * b * b)
    let (four, six) = (b * b * b * b, b * b * b * b * b * b)
    steps = SIMD4(six, six * four, six * four * four, six * four * four * four)
    bend = four * four * four * four
  }

  @inline(__always)
  func place(_ centre: Double) -> Place {
    let first = ((centre - reach - start) / pitch).rounded(.up)
    let last = ((centre + reach - start) / pitch).rounded(.down)
    let range = within(0..<pixels, Int(bounded: first), Int(bounded: last) + 1)
    let x = start + pitch * Double(range.lowerBound) - centre
    return Place(
      first: range.lowerBound, count: range.count, x: x, value: peak * exp(-x * x * inverse),
      quotient: exp(-(2 * x + pitch) * pitch * inverse))
  }

  @inline(__always)
  private func start(_ place: Place) -> (values: SIMD4<Double>, quotients: SIMD4<Double>) {
    let square = place.quotient * place.quotient
    let values = place.value * lanes * SIMD4(1, place.quotient, square, square * place.quotient)
    return (values, square * square * steps)
  }

  /// Adds an atom of weight `weight` to the row.
  @inline(__always)
  func add(_ place: Place, _ weight: Double, to row: UnsafeMutablePointer<Double>) {
    var (values, quotients) = start(place)
    values *= weight
    var at = 0
    let target = row + place.first
    while at + 4 <= place.count {
      let pixel = UnsafeMutableRawPointer(target + at)
      let sum = pixel.loadUnaligned(as: SIMD4<Double>.self) + values
      pixel.storeBytes(of: sum, as: SIMD4<Double>.self)
      values *= quotients
      quotients *= bend
      at += 4
    }
    for lane in 0..<place.count - at { target[at + lane] += values[lane] }
  }

  /// The atom's own values, from the start of `row` on.
  @inline(__always)
  func write(_ place: Place, to row: UnsafeMutablePointer<Double>) {
    var (values, quotients) = start(place)
    var at = 0
    while at + 4 <= place.count {
      UnsafeMutableRawPointer(row + at).storeBytes(of: values, as: SIMD4<Double>.self)
      values *= quotients
      quotients *= bend
      at += 4
    }
    for lane in 0..<place.count - at { row[at + lane] = values[lane] }
  }

  /// The row's product with an atom of unit weight, and with its derivative by the atom's coordinate.
  @inline(__always)
  func product(_ place: Place, _ row: UnsafePointer<Double>) -> (value: Double, slope: Double) {
    var (values, quotients) = start(place)
    var x = place.x + pitch * SIMD4(0, 1, 2, 3)
    var sum = SIMD4<Double>.zero
    var moment = SIMD4<Double>.zero
    var at = 0
    let source = row + place.first
    while at + 4 <= place.count {
      let product = UnsafeRawPointer(source + at).loadUnaligned(as: SIMD4<Double>.self) * values
      sum += product
      moment += product * x
      x += 4 * pitch
      values *= quotients
      quotients *= bend
      at += 4
    }
    for lane in 0..<place.count - at {
      let product = source[at + lane] * values[lane]
      sum[lane] += product
      moment[lane] += product * x[lane]
    }
    return (sum.sum(), 2 * inverse * moment.sum())
  }

  /// The atom's own values, and from which pixel on.
  func values(_ centre: Double) -> (first: Int, values: [Double]) {
    let place = place(centre)
    let row = (0..<place.count).map { at in
      let x = place.x + pitch * Double(at)
      return peak * exp(-x * x * inverse)
    }
    return (place.first, row)
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
          row.add(row.place(direction.coordinate(point.x, point.y)), 1, to: base + index * pixels)
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
