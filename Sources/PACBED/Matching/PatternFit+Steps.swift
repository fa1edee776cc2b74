import Arrays
import Scattering

// How far one step goes, and all of them.
extension PatternFit {
  func add(_ change: Double, to quantity: Quantity, _ p: inout PatternParameters) {
    // No step jumps over a neighbouring minimum.
    let limit = quantity == .thickness ? max(0.8, 0.06 * p.thickness) : 5 * quantity.unit
    let change = min(limit, max(-limit, change))
    switch quantity {
    case .thickness: p.thickness += change
    case .tiltX: p.mistilt.x += change
    case .tiltY: p.mistilt.y += change
    case .convergence: p.convergence += change
    case .scale: p.scale += change
    case .rotation: p.rotationDegrees += change
    case .shiftX: p.shift.x += change
    case .shiftY: p.shift.y += change
    case .distortionX: p.distortion.x += change
    case .distortionY: p.distortion.y += change
    case .motion: p.motion += change
    case .blur: p.blur += change
    }
  }

  /// How far fits may go.
  static let scales = 0.75...1.3
  static let distortions = -0.08...0.08

  func clamped(_ p: PatternParameters) -> PatternParameters {
    var p = p
    let request = tables.middle.request
    p.thickness = min(max(p.thickness, 0.2), request.thickness)
    let tilt = p.mistilt.length
    if tilt > request.mistilt { p.mistilt = p.mistilt * (request.mistilt / tilt) }
    let most = request.convergence - 0.8 * image.pitch * p.scale
    p.convergence = min(max(p.convergence, 0.85 * statedConvergence), min(most, 1.15 * statedConvergence))
    func within(_ x: Double, _ range: ClosedRange<Double>) -> Double {
      min(max(x, range.lowerBound), range.upperBound)
    }
    p.scale = within(p.scale, Self.scales)
    p.distortion = [within(p.distortion.x, Self.distortions), within(p.distortion.y, Self.distortions)]
    p.shift = [min(max(p.shift.x, -8), 8), min(max(p.shift.y, -8), 8)]
    p.motion = min(max(p.motion, MotionTables.range.lowerBound), MotionTables.range.upperBound)
    p.blur = min(max(p.blur, 0), DetectorBlur.largest)
    return p
  }
}
