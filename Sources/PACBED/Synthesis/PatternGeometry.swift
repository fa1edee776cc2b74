import Glibc  // sin, cos
import Scattering

/// Where the pixels of a pattern lie: rows step along the crystal's first vector (x), columns along y.
///
/// A pixel's angle is rotation . (1 + distortion) . pitch (pixel - centre), in mrad, in the crystal's frame.
package struct PatternGeometry: Sendable, Hashable {
  package var rows: Int
  package var columns: Int
  /// mrad a row and a column.
  package var pitch: Vector2
  /// Row and column of the undeflected direct beam; whole numbers are pixel centres.
  package var centre: Vector2
  /// Degrees from x towards y by which the crystal's frame is turned in the image.
  package var rotationDegrees: Double
  /// Elliptical distortion: by how much x is stretched and y shrunk, and the same along the diagonals.
  package var distortion: Vector2

  /// The direct beam is at (rows / 2, columns / 2), in whole numbers, where `centre` is not given.
  package init(
    rows: Int, columns: Int, pitch: Vector2, centre: Vector2? = nil, rotationDegrees: Double = 0,
    distortion: Vector2 = .zero
  ) {
    self.rows = rows
    self.columns = columns
    self.pitch = pitch
    self.centre = centre ?? [Double(rows / 2), Double(columns / 2)]
    self.rotationDegrees = rotationDegrees
    self.distortion = distortion
  }

  package init(size: Int, pitch: Double) {
    self.init(rows: size, columns: size, pitch: [pitch, pitch])
  }

  /// The change of angle in mrad for one row down and for one column to the right.
  var steps: (row: Vector2, column: Vector2) {
    // An image turned by phi shows the direction x of the crystal at phi: pixels turn back.
    let phi = -rotationDegrees * .pi / 180
    func angle(_ p: Vector2) -> Vector2 {
      let q = Vector2(
        (1 + distortion.x) * p.x + distortion.y * p.y, distortion.y * p.x + (1 - distortion.x) * p.y)
      return [cos(phi) * q.x - sin(phi) * q.y, sin(phi) * q.x + cos(phi) * q.y]
    }
    return (angle([pitch.x, 0]), angle([0, pitch.y]))
  }

  /// The largest angle of any pixel's centre, in mrad.
  package var largestAngle: Double {
    let (row, column) = steps
    var largest = 0.0
    for r in [0, rows - 1] {
      for c in [0, columns - 1] {
        largest = max(largest, (row * (Double(r) - centre.x) + column * (Double(c) - centre.y)).length)
      }
    }
    return largest
  }
}

/// The illumination of a pattern.
package struct Illumination: Sendable, Hashable {
  /// How the aperture ends.
  package enum Edge: Sendable, Hashable {
    case hard
    /// The amplitude falls linearly from 1 to 0 over so many mrad along x and y around the convergence
    /// angle (an ellipse between them); the intensity is its square.
    case amplitude(width: Vector2)
    /// The intensity falls linearly: what a pixel of that width sees of a hard edge.
    case intensity(width: Double)
    /// What a mrad more of convergence adds to that: the edge alone.
    case rim(width: Double)
  }

  /// Semi-angle in mrad.
  package var convergence: Double
  /// Mistilt in mrad along x and y of the crystal's frame.
  package var mistilt: Vector2
  package var edge: Edge

  package init(convergence: Double, mistilt: Vector2 = .zero, edge: Edge = .hard) {
    self.convergence = convergence
    self.mistilt = mistilt
    self.edge = edge
  }

  /// The outermost angle with any intensity.
  var outer: Double {
    switch edge {
    case .hard: convergence
    case .amplitude(let width): convergence + width.max() / 2
    case .intensity(let width), .rim(let width): convergence + width / 2
    }
  }

  /// Up to this angle nothing passes.
  var hole: Double {
    if case .rim(let width) = edge { return max(0, convergence - width / 2) }
    return 0
  }

  /// Up to this angle all intensity passes.
  var inner: Double {
    switch edge {
    case .hard: convergence
    case .amplitude, .rim: 0
    case .intensity(let width): max(0, convergence - width / 2)
    }
  }

  /// Relative intensity at an angle in mrad from the aperture's centre.
  @inline(__always)
  func weight(_ q: Vector2) -> Double {
    let theta = q.length
    switch edge {
    case .hard: return theta <= convergence ? 1 : 0
    case .intensity(let width):
      return min(1, max(0, (convergence - theta) / max(width, 1e-9) + 0.5))
    case .rim(let width): return abs(theta - convergence) <= width / 2 ? 1 / max(width, 1e-9) : 0
    case .amplitude(let width):
      let along = theta > 0 ? q / theta : Vector2(1, 0)
      let d = max((along * width).length, 1e-9)
      let a = min(1, max(0, (convergence - theta) / d + 0.5))
      return a * a
    }
  }

  /// The integral of the weight over the aperture, in mrad²; for a rim of the aperture that it bounds.
  var solidAngle: Double {
    switch edge {
    case .hard: return .pi * convergence * convergence
    case .intensity(let width), .rim(let width): return .pi * (convergence * convergence + width * width / 12)
    case .amplitude(let width):
      let d = (width.x + width.y) / 2
      let inner = convergence - d / 2
      return .pi * inner * inner + 2 * .pi * d * ((convergence + d / 2) / 3 - d / 4)
    }
  }
}
