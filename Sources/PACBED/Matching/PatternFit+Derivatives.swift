import Arrays
import Scattering

// What one unit of a quantity changes in a pattern.
extension PatternFit {
  /// A step of thickness, inwards, so that the table holds it.
  func thicker(than thickness: Double) -> Double {
    thickness + 0.06 > tables.middle.request.thickness ? -0.06 : 0.06
  }

  func slope(from model: [Float], to other: [Float], _ step: Double) -> [Float] {
    let factor = Float(1 / step)
    return zip(other, model).map { ($0 - $1) * factor }
  }

  /// By a pattern made anew in the middle table alone: however far the atoms move, a mistilt or a wider cone changes a
  /// pattern much alike, and a slope only has to lead downhill.
  func difference(_ p: PatternParameters, _ quantity: Quantity, from patterns: [[Float]]) -> [Float] {
    let base = patterns[tables.tables.count / 2]
    var illumination = p.illumination(pitch: image.pitch)
    // Inwards, so that the table holds it.
    let along = quantity == .tiltX ? p.mistilt.x : p.mistilt.y
    let step = along > 0 ? -0.15 : 0.15
    switch quantity {
    case .tiltX: illumination.mistilt.x += step
    case .tiltY: illumination.mistilt.y += step
    default: illumination.edge = .rim(width: image.pitch * p.scale)
    }
    var change = tables.middle.patterns(
      p.geometry(size: image.edge, pitch: image.pitch), illumination, near: [p.thickness])[0]
    if quantity == .convergence {
      // The same beam spreads over a wider cone.
      let width = image.pitch * p.scale
      let thinner = Float(2 * p.convergence / (p.convergence * p.convergence + width * width / 12))
      for i in change.indices { change[i] -= base[i] * thinner }
    } else {
      for i in change.indices { change[i] = (change[i] - base[i]) / Float(step) }
    }
    DetectorBlur.apply(p.blur, to: &change, rows: image.edge, columns: image.edge)
    return gather(change)
  }

  /// A change of geometry moves pixels through the same pattern: the derivative is the image's slope along
  /// the displacement.
  func geometric(_ pattern: [Float], _ p: PatternParameters, _ quantity: Quantity) -> [Float] {
    let size = image.edge
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
