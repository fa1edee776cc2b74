import System
import Arrays

/// What a microscope adds to a pattern, so that a model learns to look through it.
package struct Augmentation: Sendable, Equatable {
  /// Electrons on the brightest pixel; nil leaves absolute intensities without noise.
  package var peakCounts: Double?
  /// The image lies up to this many pixels off, in either direction along x and y.
  package var shiftPixels: Double
  /// The cone points up to this far off along x and y, in 1/Angstrom.
  package var tilt: Double
  /// A smooth background of up to this fraction of the brightest pixel.
  package var background: Double

  package static let none = Augmentation()

  package init(peakCounts: Double? = nil, shiftPixels: Double = 0, tilt: Double = 0, background: Double = 0) {
    self.peakCounts = peakCounts
    self.shiftPixels = shiftPixels
    self.tilt = tilt
    self.background = background
  }

  func check() throws(CBLEEDError) {
    let ranges = [shiftPixels, tilt, background, peakCounts ?? 1]
    guard ranges.allSatisfy({ $0.isFinite && $0 >= 0 }), peakCounts.map({ $0 > 0 }) ?? true else {
      throw .request("counts, shift, tilt and background must not be negative")
    }
  }

  /// Where the cone points and the image lies, drawn evenly.
  func misalign(_ detector: Detector, _ random: inout RandomNumbers) -> Detector {
    var moved = detector
    // Four numbers are drawn whatever the ranges: samples stay the same when one range changes.
    let draws = (0..<4).map { _ in 2 * random.uniform() - 1 }
    let reach = shiftPixels * detector.pixel
    moved.shift = detector.shift + PlaneVector(reach * draws[0], reach * draws[1])
    moved.tilt = detector.tilt + PlaneVector(tilt * draws[2], tilt * draws[3])
    return moved
  }

  /// Adds background and counting noise. With `peakCounts` the result is in counts.
  package func degrade(_ pattern: Matrix, _ random: inout RandomNumbers) -> Matrix {
    let level = background * random.uniform()
    // Inelastic electrons: brightest in the middle, half as bright towards the edge.
    let width = 0.3 + 0.4 * random.uniform()
    guard peakCounts != nil || level > 0 else { return pattern }
    let peak = Double(pattern.values.max() ?? 0)
    guard peak > 0 else { return pattern }
    let scale = (peakCounts ?? peak) / peak
    var result = pattern
    for row in 0..<pattern.rows {
      for column in 0..<pattern.columns {
        let y = (Double(row) + 0.5) / Double(pattern.rows) - 0.5
        let x = (Double(column) + 0.5) / Double(pattern.columns) - 0.5
        let diffuse = level * peak / (1 + (x * x + y * y) / (width * width))
        let mean = scale * (Double(pattern[row, column]) + diffuse)
        result[row, column] = Float(peakCounts == nil ? mean : Double(random.poisson(mean)))
      }
    }
    return result
  }
}
