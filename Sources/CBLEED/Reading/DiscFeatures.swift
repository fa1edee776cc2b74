import Arrays

/// Turns a pattern into the numbers that regressions see: the square roots of intensities inside the discs,
/// on a raster that follows the discs and not the pixels, normalised by their sum. The sum is a steadier
/// measure of exposure than the brightest pixel once electrons are counted.
package struct DiscFeatures: Sendable {
  package enum Alignment: Sendable, Equatable {
    /// Patterns lie where the detector says.
    case known
    /// The common shift of the discs is fitted first.
    case fitted
  }

  package let alignment: Alignment
  private let fit: DiscFit
  private let smoother: DiscSmoother

  package var count: Int { smoother.raster.count }

  /// - Parameter inner: the part of the discs' radius that is used.
  package init(detector: Detector, cell: PlaneCell, alignment: Alignment, inner: Double = 0.85) {
    self.alignment = alignment
    fit = DiscFit(detector: detector, cell: cell)
    smoother = DiscSmoother(DiscRaster(detector: detector, cell: cell, inner: inner))
  }

  package func features(of image: Matrix) -> [Double] {
    let detector = smoother.raster.detector
    precondition(image.rows == detector.size && image.columns == detector.size, "the image fits the detector")
    let shift = alignment == .fitted ? fit.shift(of: image) : .zero
    guard let reading = smoother.read(image, FrameGeometry(detector).moved(shift)) else {
      return [Double](repeating: 0, count: count)
    }
    return Self.roots(reading.values)
  }

  /// Square roots of values normalised to a mean of one.
  static func roots(_ values: [Double]) -> [Double] {
    let sum = values.reduce(0) { $0 + max(0, $1) }
    let scale = sum > 0 ? Double(values.count) / sum : 0
    return values.map { (max(0, $0) * scale).squareRoot() }
  }
}
