import Glibc  // atan2
import Scattering

/// Everything that decides what a pattern looks like, apart from its brightness.
package struct PatternParameters: Sendable, Hashable {
  /// nm.
  package var thickness: Double
  /// mrad, in the crystal's frame.
  package var mistilt: Vector2
  /// mrad.
  package var convergence: Double
  /// True angle of a pixel over the assumed one.
  package var scale = 1.0
  /// Degrees from rows towards columns by which the crystal is turned in the image.
  package var rotationDegrees = 0.0
  /// The direct beam's place off the middle of the image, rows and columns, in pixels.
  package var shift = Vector2.zero
  package var distortion = Vector2.zero
  /// Mean square displacements of the atoms over the crystal's own.
  package var motion = 0.0
  /// Variance of the detector's blur, in square pixels.
  package var blur = 0.0

  package init(thickness: Double, mistilt: Vector2 = .zero, convergence: Double) {
    self.thickness = thickness
    self.mistilt = mistilt
    self.convergence = convergence
  }

  /// Direction of the mistilt in the image, degrees from rows towards columns, 0 to 360.
  package var azimuthDegrees: Double {
    let turned = atan2(mistilt.y, mistilt.x) * 180 / .pi + rotationDegrees
    return turned - 360 * (turned / 360).rounded(.down)
  }

  /// On a grid of `size` pixels with the assumed `pitch`.
  func geometry(size: Int = FitImage.size, pitch: Double) -> PatternGeometry {
    let middle = Double(size - 1) / 2
    return PatternGeometry(
      rows: size, columns: size, pitch: [pitch * scale, pitch * scale],
      centre: [middle + shift.x, middle + shift.y], rotationDegrees: rotationDegrees,
      distortion: distortion)
  }

  /// The same on pixels twice as large, and half as large.
  var halved: Self { resized(by: 0.5) }
  var doubled: Self { resized(by: 2) }

  private func resized(by factor: Double) -> Self {
    var p = self
    p.shift = p.shift * factor
    p.blur *= factor * factor
    return p
  }

  /// The aperture's edge as pixels of that pitch average over it; whatever blurs more is the detector's.
  func illumination(pitch: Double) -> Illumination {
    Illumination(
      convergence: convergence, mistilt: mistilt, edge: .intensity(width: pitch * scale))
  }
}
