import Diffraction
import Glibc

/// Measures what a detector's patterns look like from a few of them: the width of a spot and the gain.
package struct ReadingCalibration {
  package static let sampleSize = 48

  /// Which patterns of a scan to look at: spread evenly over the largest power of two that are there, so
  /// that a growing scan keeps its calibration until it has doubled.
  package static func sample(of frames: Int) -> [Int] {
    var count = frames
    if frames > 0 { count = 1 << (Int.bitWidth - 1 - frames.leadingZeroBitCount) }
    let number = min(count, sampleSize)
    return (0..<number).map { ($0 * 2 + 1) * count / (2 * number) }
  }

  package static func geometry(
    width: Int, height: Int, frames: [Pixels], settings: ReadingSettings
  ) -> DetectorGeometry {
    // Patterns of 256 pixels resolve more than spots need.
    let binning = max(1, min(width, height) / 256)
    var geometry = DetectorGeometry(
      width: width, height: height, binning: binning, spotSigma: settings.spotSigma ?? 1.2,
      gain: settings.gain ?? 1, innerRadius: settings.innerRadius)
    guard geometry.width > 8, geometry.height > 8 else { return geometry }
    for _ in 0..<2 {
      let reader = SpotReader(geometry)
      var widths: [Double] = []
      var (squares, sum) = (0.0, 0.0)
      for frame in frames where frame.width == width && frame.height == height {
        let digest = reader.read(frame, significance: 6)
        let noise = reader.noise(digest)
        squares += noise.squares
        sum += noise.sum
        let reach = max(2, Int((3 * geometry.spotSigma).rounded()))
        for peak in digest.peaks where peak.significance > 12 {
          let alone = digest.peaks.allSatisfy {
            let d = hypotf($0.x - peak.x, $0.y - peak.y)
            return d == 0 || d > Float(2 * reach)
          }
          if alone, let width = reader.spotWidth(at: peak, digest, reach: reach) { widths.append(width) }
        }
      }
      if settings.gain == nil, sum > 500 {
        geometry.gain = min(1e4, max(1e-3, geometry.gain * squares / sum))
        // Whole electrons are counted where the ratio says so.
        if abs(geometry.gain - 1) < 0.15 { geometry.gain = 1 }
      }
      if settings.spotSigma == nil, widths.count >= 8 {
        widths.sort()
        geometry.spotSigma = min(6, max(0.5, widths[widths.count / 2]))
        if settings.innerRadius == nil {
          geometry.innerRadius = DetectorGeometry.innerRadius(
            geometry.width, geometry.height, geometry.spotSigma)
        }
      }
    }
    return geometry
  }
}
