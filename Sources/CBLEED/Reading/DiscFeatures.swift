import Arrays

/// Turns a pattern into the numbers that regressions see: the square roots of intensities inside the
/// discs, on a raster that follows the discs and not the pixels, normalised by their sum.
///
/// The rim is left out: a pixel that crosses it would carry the misalignment, not the crystal. The sum is a
/// steadier measure of exposure than the brightest pixel once electrons are counted.
public struct DiscFeatures: Sendable {
  public enum Alignment: Sendable, Equatable {
    /// Patterns lie where the detector says.
    case known
    /// The common shift of the discs is fitted first.
    case fitted
  }

  public let alignment: Alignment
  private let fit: DiscFit
  private let size: Int
  private let places: [PlaneVector]

  public var count: Int { places.count }

  /// - Parameter inner: the part of the discs' radius that is used.
  public init(detector: Detector, cell: PlaneCell, alignment: Alignment, inner: Double = 0.85) {
    self.alignment = alignment
    size = detector.size
    fit = DiscFit(detector: detector, cell: cell)
    let radius = inner * detector.discRadius / detector.pixel
    // On the pixels of the aligned pattern, where nothing is lost to interpolation.
    places = detector.discCentres(cell).flatMap { centre in
      (0..<detector.size * detector.size).map {
        PlaneVector(Double($0 % detector.size), Double($0 / detector.size))
      }.filter { ($0 - centre).squaredLength <= radius * radius }
    }
  }

  public func features(of image: Matrix) -> [Double] {
    precondition(image.rows == size && image.columns == size, "the image fits the detector")
    let shift = alignment == .fitted ? fit.shift(of: image) : .zero
    var values = places.map { max(0, interpolated(image, $0 + shift)) }
    let sum = values.reduce(0, +)
    let scale = sum > 0 ? Double(values.count) / sum : 0
    for i in values.indices { values[i] = (values[i] * scale).squareRoot() }
    return values
  }

  /// Bilinear; zero outside.
  private func interpolated(_ image: Matrix, _ place: PlaneVector) -> Double {
    let (column, row) = (place.x.rounded(.down), place.y.rounded(.down))
    let (u, v) = (place.x - column, place.y - row)
    func pixel(_ c: Int, _ r: Int) -> Double {
      (0..<size).contains(c) && (0..<size).contains(r) ? Double(image.values[r * size + c]) : 0
    }
    let (c, r) = (Int(column), Int(row))
    let top = (1 - u) * pixel(c, r) + u * pixel(c + 1, r)
    let bottom = (1 - u) * pixel(c, r + 1) + u * pixel(c + 1, r + 1)
    return (1 - v) * top + v * bottom
  }
}
