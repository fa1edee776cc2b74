import Glibc

/// A turn in space: where it takes x, y and z.
package struct Rotation: Sendable, Equatable {
  package var x: SIMD3<Double>
  package var y: SIMD3<Double>
  package var z: SIMD3<Double>

  /// About z, then about x, then about z again, in degrees.
  package init(euler: SIMD3<Double>) {
    let about = { (axis: Int, degrees: Double) -> Rotation in
      let turn = Direction(degrees: degrees)
      return axis == 2
        ? Rotation(
          x: SIMD3(turn.cosine, turn.sine, 0), y: SIMD3(-turn.sine, turn.cosine, 0), z: SIMD3(0, 0, 1))
        : Rotation(
          x: SIMD3(1, 0, 0), y: SIMD3(0, turn.cosine, turn.sine), z: SIMD3(0, -turn.sine, turn.cosine))
    }
    self = about(2, euler.z) * (about(0, euler.y) * about(2, euler.x))
  }

  package init(x: SIMD3<Double>, y: SIMD3<Double>, z: SIMD3<Double>) {
    (self.x, self.y, self.z) = (x, y, z)
  }

  /// About the vector's direction by twice the arc tangent of its length: Rodrigues' vector.
  package init(rodrigues r: SIMD3<Double>) {
    let square = (r * r).sum()
    let scale = 1 / (1 + square)
    func column(_ axis: Int) -> SIMD3<Double> {
      var e = SIMD3<Double>.zero
      e[axis] = 1
      let cross = SIMD3(r.y * e.z - r.z * e.y, r.z * e.x - r.x * e.z, r.x * e.y - r.y * e.x)
      return scale * ((1 - square) * e + 2 * r[axis] * r + 2 * cross)
    }
    (x, y, z) = (column(0), column(1), column(2))
  }

  package static func * (turn: Rotation, point: SIMD3<Double>) -> SIMD3<Double> {
    point.x * turn.x + point.y * turn.y + point.z * turn.z
  }

  /// First the one on the right.
  package static func * (turn: Rotation, other: Rotation) -> Rotation {
    Rotation(x: turn * other.x, y: turn * other.y, z: turn * other.z)
  }
}
