/// A two-dimensional lattice and its reciprocal.
package struct PlaneCell: Sendable, Hashable {
  package var a: PlaneVector
  package var b: PlaneVector

  package init(_ a: PlaneVector, _ b: PlaneVector) {
    self.a = a
    self.b = b
  }

  package var area: Double { abs(a.x * b.y - a.y * b.x) }

  /// The reciprocal vectors, with the factor 2 pi.
  package var reciprocal: (PlaneVector, PlaneVector) {
    let scale = 2 * Double.pi / (a.x * b.y - a.y * b.x)
    return (PlaneVector(scale * b.y, -scale * b.x), PlaneVector(-scale * a.y, scale * a.x))
  }

  /// Beam (h, k) in 1/Angstrom.
  package func beam(_ h: Int, _ k: Int) -> PlaneVector {
    let (u, v) = reciprocal
    return Double(h) * u + Double(k) * v
  }

  /// Coordinates in units of the cell vectors.
  package func fractions(_ p: PlaneVector) -> (Double, Double) {
    let (u, v) = reciprocal
    return (p.dot(u) / (2 * .pi), p.dot(v) / (2 * .pi))
  }

  /// Whether `p` is a lattice vector.
  package func contains(_ p: PlaneVector, tolerance: Double = 1e-6) -> Bool {
    let (u, v) = fractions(p)
    return abs(u - u.rounded()) < tolerance && abs(v - v.rounded()) < tolerance
  }

  /// Lattice points with |P| <= radius, in a fixed order.
  package func points(within radius: Double) -> [PlaneVector] {
    // |h| <= radius |b| / area bounds the first index, likewise the second.
    let m = Int(radius * b.length / area) + 1
    let n = Int(radius * a.length / area) + 1
    var points: [PlaneVector] = []
    for i in -m...m {
      for j in -n...n {
        let p = Double(i) * a + Double(j) * b
        if p.squaredLength <= radius * radius { points.append(p) }
      }
    }
    return points
  }

  /// Points of `finer`, a lattice that contains this one, that lie in this cell: one for each coset.
  func cosets(of finer: PlaneCell) -> [PlaneVector] {
    let count = Int((area / finer.area).rounded())
    var found: [PlaneVector] = []
    let reach = count + 1
    for i in 0...reach {
      for j in -reach...reach where found.count < count {
        let p = Double(i) * finer.a + Double(j) * finer.b
        if !found.contains(where: { contains(p - $0) }) { found.append(p) }
      }
    }
    return found
  }
}
