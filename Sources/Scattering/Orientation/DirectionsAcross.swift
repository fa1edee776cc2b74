import Arrays
import Glibc  // atan2

/// A crystal's directions as they lie across the beam: which of them is x, and what others are called.
///
/// x is the projection of the conventional cell's a (b where the beam runs along a), or of a direction that somebody
/// names; y completes a right-handed frame with the beam. An oriented crystal's own first vector may be another one:
/// for gallium arsenide along [001] it is half of a face's diagonal.
package struct DirectionsAcross: Sendable {
  private let cell: UnitCell
  private let first: Vector3
  private let second: Vector3
  private let beam: Vector3
  /// Degrees from the oriented crystal's first vector to x.
  package let x: Double

  /// `x` is refused where it runs along the beam.
  package init(
    _ crystal: Crystal, _ oriented: OrientedCrystal, x named: SIMD3<Int>? = nil
  ) throws(ScatteringError) {
    let (first, second, beam) = OrientedCrystal.axes(oriented.indices.map { crystal.cell.cartesian($0) })
    func angle(_ direction: SIMD3<Int>) -> Double? {
      let vector = crystal.cell.cartesian(Vector3(direction))
      let across = Vector2(vector.dot(first), vector.dot(second))
      return across.length > 1e-3 * vector.length ? atan2(across.y, across.x) * 180 / .pi : nil
    }
    if let named {
      guard named != .zero, let angle = angle(named) else {
        throw .orientation("\(Self.text(named)) runs along the beam: it cannot be x")
      }
      x = angle
    } else {
      x = angle([1, 0, 0]) ?? angle([0, 1, 0]) ?? 0
    }
    cell = crystal.cell
    (self.first, self.second, self.beam) = (first, second, beam)
  }

  /// The direction of low indices that lies nearest to an angle (degrees from the first vector towards the second one),
  /// and by how many degrees it is missed. Higher indices must lie nearer.
  package func nearest(to angle: Double) -> (name: String, off: Double)? {
    var best: (indices: SIMD3<Int>, off: Double, cost: Double)?
    for u in -2...2 {
      for v in -2...2 {
        for w in -2...2 where ZoneBasis.commonDivisor([u, v, w]) == 1 {
          let vector = cell.cartesian(Vector3(Double(u), Double(v), Double(w)))
          guard abs(vector.dot(beam)) < 1e-3 * vector.length else { continue }
          let at = atan2(vector.dot(second), vector.dot(first)) * 180 / .pi
          let off = abs(Self.wrapped(at - angle))
          let cost = off + 2 * Double(abs(u) + abs(v) + abs(w))
          if cost < (best?.cost ?? .infinity) - 1e-9 { best = ([u, v, w], off, cost) }
        }
      }
    }
    return best.map { (Self.text($0.indices), $0.off) }
  }

  /// Between -180 and 180 degrees.
  package static func wrapped(_ degrees: Double) -> Double {
    degrees - 360 * (degrees / 360).rounded(.toNearestOrEven)
  }

  private static func text(_ v: SIMD3<Int>) -> String {
    // Minus signs stand before their index; wide ones are set apart.
    let isWide = max(abs(v.x), abs(v.y), abs(v.z)) > 9
    return "[" + [v.x, v.y, v.z].map(String.init).joined(separator: isWide ? "," : "") + "]"
  }
}
