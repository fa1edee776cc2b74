import Diffraction
import Glibc  // cos, sin
import Scattering

/// How the stage tilts the crystal, as an operator measures it: tilt by a little of alpha, then of beta, and see where the
/// mistilt has moved on the screen.
package struct StageCalibration: Sendable, Equatable {
  /// What a mrad of alpha and of beta moves the mistilt by, to the right and up, in mrad.
  private let alpha: Vector2
  private let beta: Vector2

  /// Two angles on the screen, of `mistilt_azimuth`'s kind, towards which alpha and beta move the mistilt: `35,125`. Or
  /// the movements themselves, to the right and up in mrad, for a mrad of alpha and for one of beta: `0.8,0.6,-0.6,0.8`.
  package init(_ text: String) throws(InvalidParameter) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Double($0) }.filter { $0.magnitude <= 3600 }
    func refused(_ why: String) -> InvalidParameter {
      InvalidParameter("stage_calibration: \"\(text)\" \(why)")
    }
    guard numbers.count == parts.count, numbers.count == 2 || numbers.count == 4 else {
      throw refused("is neither two directions such as 35,125 nor four movements such as 0.8,0.6,-0.6,0.8")
    }
    if numbers.count == 2 {
      (alpha, beta) = (Self.direction(numbers[0]), Self.direction(numbers[1]))
    } else {
      (alpha, beta) = (Vector2(numbers[0], numbers[1]), Vector2(numbers[2], numbers[3]))
    }
    // Nothing moves, or both do alike.
    guard abs(alpha.cross(beta)) > 0.2 * alpha.length * beta.length, alpha.length > 1e-3, beta.length > 1e-3
    else { throw refused("does not tell alpha and beta apart") }
  }

  private static func direction(_ degrees: Double) -> Vector2 {
    Vector2(cos(degrees * .pi / 180), sin(degrees * .pi / 180))
  }

  /// A mistilt (mrad to the right and up), known within `half` in every direction, as degrees of both axes with theirs.
  func tilt(_ mistilt: Vector2, half: Double) -> (alpha: Angle, beta: Angle) {
    let area = alpha.cross(beta)
    func angle(_ value: Double, _ other: Vector2) -> Angle {
      Angle(
        degrees: value / area * Self.degrees,
        half: half * other.length / abs(area) * Self.degrees)
    }
    return (angle(mistilt.cross(beta), beta), angle(alpha.cross(mistilt), alpha))
  }

  /// With half of its 95 % interval.
  struct Angle: Sendable, Equatable {
    var degrees: Double
    var half: Double
  }

  /// A mrad.
  private static let degrees = 0.18 / Double.pi
}
