/// A point or direction in three dimensions: Cartesian in Å, or fractional in units of the cell vectors.
package typealias Vector3 = SIMD3<Double>
/// A point or direction across the beam, in Å or 1/Å.
package typealias Vector2 = SIMD2<Double>

extension SIMD3<Double> {
  @inlinable package func dot(_ other: Self) -> Double { (self * other).sum() }

  package func cross(_ b: Self) -> Self {
    Self(y * b.z - z * b.y, z * b.x - x * b.z, x * b.y - y * b.x)
  }

  @inlinable package var length: Double { dot(self).squareRoot() }
  package var across: Vector2 { Vector2(x, y) }
}

extension SIMD2<Double> {
  @inlinable package func dot(_ other: Self) -> Double { (self * other).sum() }
  /// The z component of the vector product: positive when `b` is counterclockwise of `self`.
  @inlinable package func cross(_ b: Self) -> Double { x * b.y - y * b.x }
  @inlinable package var length: Double { dot(self).squareRoot() }
}

/// A 3x3 matrix that acts on columns.
package struct Matrix3: Sendable, Hashable {
  package var columns: (Vector3, Vector3, Vector3) {
    get { (first, second, third) }
    set { (first, second, third) = newValue }
  }
  private var first: Vector3
  private var second: Vector3
  private var third: Vector3

  package init(columns first: Vector3, _ second: Vector3, _ third: Vector3) {
    self.first = first
    self.second = second
    self.third = third
  }

  package init(rows a: Vector3, _ b: Vector3, _ c: Vector3) {
    self.init(columns: Vector3(a.x, b.x, c.x), Vector3(a.y, b.y, c.y), Vector3(a.z, b.z, c.z))
  }

  package static let identity = Matrix3(columns: [1, 0, 0], [0, 1, 0], [0, 0, 1])

  package static func * (m: Self, v: Vector3) -> Vector3 { m.first * v.x + m.second * v.y + m.third * v.z }
  package static func * (a: Self, b: Self) -> Self { Self(columns: a * b.first, a * b.second, a * b.third) }

  package var transposed: Self { Self(rows: first, second, third) }
  package var determinant: Double { first.dot(second.cross(third)) }

  /// Only for a matrix that has one; the caller checks the determinant.
  package var inverse: Self {
    let scale = 1 / determinant
    return Self(
      rows: second.cross(third) * scale, third.cross(first) * scale, first.cross(second) * scale)
  }
}
