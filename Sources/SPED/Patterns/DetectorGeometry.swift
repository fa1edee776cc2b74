import Glibc

/// How a detector is read: its size after binning, the width of a spot, and what stays out.
package struct DetectorGeometry: Sendable, Equatable {
  /// Pixels after binning.
  package var width: Int
  package var height: Int
  /// Detector pixels summed along each axis.
  package var binning: Int
  /// Standard deviation of a diffraction spot, in binned pixels.
  package var spotSigma: Double
  /// Counts per electron: the variance of the noise over its mean.
  package var gain: Double
  /// Spots closer to the direct beam than this are not used, in binned pixels.
  package var innerRadius: Double

  package init(
    width: Int, height: Int, binning: Int = 1, spotSigma: Double = 1.2, gain: Double = 1,
    innerRadius: Double? = nil
  ) {
    self.width = width / max(1, binning)
    self.height = height / max(1, binning)
    self.binning = max(1, binning)
    self.spotSigma = spotSigma
    self.gain = gain
    self.innerRadius = innerRadius ?? Self.innerRadius(self.width, self.height, spotSigma)
  }

  /// The blurred direct beam reaches five standard deviations; its glare about a twentieth of the width.
  static func innerRadius(_ width: Int, _ height: Int, _ sigma: Double) -> Double {
    max(5 * sigma + 1.5, 0.045 * Double(min(width, height)))
  }

  /// Width of the Gaussian that patterns are smoothed with: that of a spot (the matched filter).
  var filterSigma: Double { spotSigma }
  /// Pixels whose independent noise a smoothed pixel averages: 1 / sum of squared weights.
  var effectiveArea: Double { 4 * .pi * filterSigma * filterSigma }
  /// A spot of total intensity I is I over this at its top after smoothing.
  var spotArea: Double { 2 * .pi * (filterSigma * filterSigma + spotSigma * spotSigma) }
  /// A border without peaks.
  var margin: Int { max(2, Int(2 * spotSigma)) }
  /// Rings of one pixel around the direct beam, out to the corners.
  var rings: Int { Int((Double(width * width + height * height)).squareRoot()) + 2 }
}

/// Significance of counts in standard deviations: the signed root of the deviance of a Poisson number
/// whose mean is `expected`. Unlike (n - m)/sqrt(m) it holds where a pixel expects less than one electron.
@inline(__always)
package func poissonSignificance(_ count: Float, expected: Float) -> Float {
  let mean = max(expected, 1e-3)
  guard count > 0 else { return -(2 * mean).squareRoot() }
  let deviance = 2 * (count * logf(count / mean) - (count - mean))
  let root = max(0, deviance).squareRoot()
  return count < mean ? -root : root
}
