import Arrays
import Scattering

// What one unit of a quantity changes in a pattern.
extension PatternFit {
  func difference(_ p: PatternParameters, _ quantity: Quantity, from model: [Float]) -> [Float] {
    var q = p
    var step: Double
    // Inwards, so that the table holds it.
    switch quantity {
    case .tiltX:
      step = p.mistilt.x > 0 ? -0.15 : 0.15
      q.mistilt.x += step
    case .tiltY:
      step = p.mistilt.y > 0 ? -0.15 : 0.15
      q.mistilt.y += step
    case .convergence:
      step = p.convergence > statedConvergence ? -0.1 : 0.1
      q.convergence += step
    case .blur:
      step = 0.15
      q.blur += step
    default:
      step = p.thickness + 0.06 > tables.middle.request.thickness ? -0.06 : 0.06
      q.thickness += step
    }
    let other = gather(render(q))
    let factor = Float(1 / step)
    return zip(other, model).map { ($0 - $1) * factor }
  }

  /// A change of geometry moves pixels through the same pattern: the derivative is the image's slope along
  /// the displacement.
  func geometric(_ pattern: [Float], _ p: PatternParameters, _ quantity: Quantity) -> [Float] {
    let size = FitImage.size
    let middle = Double(size - 1) / 2
    let d = p.distortion
    // Inverse of (1 + d.x, d.y; d.y, 1 - d.x), which takes pixels to angles before the rotation.
    let determinant = (1 + d.x) * (1 - d.x) - d.y * d.y
    return pattern.withUnsafeBufferPointer { m in
      image.counted.map { index -> Float in
        let i = Int(index)
        let r = i / size
        let c = i % size
        let down = r + 1 < size ? m[i + size] : m[i]
        let up = r > 0 ? m[i - size] : m[i]
        let right = c + 1 < size ? m[i + 1] : m[i]
        let left = c > 0 ? m[i - 1] : m[i]
        let slope = Vector2(Double(down - up) / 2, Double(right - left) / 2)
        let at = Vector2(Double(r) - middle - p.shift.x, Double(c) - middle - p.shift.y)
        let move: Vector2
        switch quantity {
        case .shiftX: move = [-1, 0]
        case .shiftY: move = [0, -1]
        case .scale: move = at / p.scale
        case .rotation:
          // The crystal's frame turns with the image: a pixel sees what lay turned back.
          let angle = Double.pi / 180
          let q = Vector2((1 + d.x) * at.x + d.y * at.y, d.y * at.x + (1 - d.x) * at.y)
          let turned = Vector2(q.y * angle, -q.x * angle)
          move = [
            ((1 - d.x) * turned.x - d.y * turned.y) / determinant,
            ((1 + d.x) * turned.y - d.y * turned.x) / determinant,
          ]
        case .distortionX: move = Self.undistorted([at.x, -at.y], d, determinant)
        default: move = Self.undistorted([at.y, at.x], d, determinant)
        }
        return Float(slope.dot(move))
      }
    }
  }

  private static func undistorted(_ v: Vector2, _ d: Vector2, _ determinant: Double) -> Vector2 {
    [((1 - d.x) * v.x - d.y * v.y) / determinant, ((1 + d.x) * v.y - d.y * v.x) / determinant]
  }
}
