/// Operations across the beam that map an oriented crystal onto itself.
///
/// Such an operation turns or mirrors the plane across the beam: I_{Rg}(Rk) = I_g(k).
package struct PlaneOperation: Sendable, Hashable {
  /// What the operation does to reciprocal lattice indices (h, k), row after row.
  package let indices: [Int]
  /// The same as a Cartesian matrix, row after row: x' = m[0] x + m[1] y.
  package let cartesian: [Double]

  package func callAsFunction(_ k: Vector2) -> Vector2 {
    [cartesian[0] * k.x + cartesian[1] * k.y, cartesian[2] * k.x + cartesian[3] * k.y]
  }

  package func callAsFunction(h: Int, k: Int) -> (Int, Int) {
    (indices[0] * h + indices[1] * k, indices[2] * h + indices[3] * k)
  }
}

/// Which operations count.
package enum SymmetryUse: String, Sendable, Hashable, CaseIterable {
  /// None but the identity.
  case none
  /// Those that keep every atom at its depth: they hold at any thickness.
  case exact
  /// Also screws and glides along the beam, which move atoms by part of a period: they hold for the
  /// endless crystal and nearly so for a thick one (4mm of rutile along c).
  case screw
}

extension OrientedCrystal {
  /// The operations of the plane, the identity first.
  package func symmetry(_ use: SymmetryUse) -> [PlaneOperation] {
    let identity = PlaneOperation(indices: [1, 0, 0, 1], cartesian: [1, 0, 0, 1])
    guard use != .none else { return [identity] }
    var operations = [identity]
    let range = -1...1
    for a in range {
      for b in range {
        for c in range {
          for d in range where abs(a * d - b * c) == 1 && [a, b, c, d] != [1, 0, 0, 1] {
            if keepsMetric(a, b, c, d), keepsAtoms(a, b, c, d, use) {
              operations.append(operation(a, b, c, d))
            }
          }
        }
      }
    }
    return operations
  }

  /// The matrix (a b; c d) takes fractional coordinates to fractional coordinates.
  private func image(_ a: Int, _ b: Int, _ c: Int, _ d: Int, _ v: Vector2) -> Vector2 {
    [Double(a) * v.x + Double(b) * v.y, Double(c) * v.x + Double(d) * v.y]
  }

  private func cartesian(_ v: Vector2) -> Vector2 { first * v.x + second * v.y }

  private func keepsMetric(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Bool {
    let u = cartesian(image(a, b, c, d, [1, 0]))
    let v = cartesian(image(a, b, c, d, [0, 1]))
    let tolerance = 1e-5 * area
    return abs(u.dot(u) - first.dot(first)) < tolerance && abs(v.dot(v) - second.dot(second)) < tolerance
      && abs(u.dot(v) - first.dot(second)) < tolerance
  }

  private func keepsAtoms(_ a: Int, _ b: Int, _ c: Int, _ d: Int, _ use: SymmetryUse) -> Bool {
    struct Kind: Hashable {
      let element: Element
      let occupancy: Int
    }
    let kinds = Dictionary(grouping: atoms) {
      Kind(element: $0.element, occupancy: Int(($0.occupancy * 1e4).rounded()))
    }
    guard let rarest = kinds.values.min(by: { $0.count < $1.count }) else { return false }
    let turn = operation(a, b, c, d)
    let start = image(a, b, c, d, rarest[0].across)
    return rarest.contains { target in
      let shift = target.across - start
      let sink = target.depth - rarest[0].depth
      if use == .exact, abs(sink) * period > 1e-3 { return false }
      return kinds.values.allSatisfy { members in
        members.allSatisfy { atom in
          let moved = image(a, b, c, d, atom.across) + shift
          return members.contains { other in
            near(moved - other.across, atom.depth + sink - other.depth) && alike(atom, other, turn)
          }
        }
      }
    }
  }

  private func near(_ across: Vector2, _ depth: Double) -> Bool {
    let off = across - across.rounded(.toNearestOrAwayFromZero)
    let sunk = depth - depth.rounded(.toNearestOrAwayFromZero)
    return cartesian(off).length < 1e-3 && abs(sunk) * period < 1e-3
  }

  /// Whether `atom`, turned, moves as `other` does. Only displacements across the beam scatter.
  private func alike(_ atom: Atom, _ other: Atom, _ turn: PlaneOperation) -> Bool {
    guard let u = atom.displacement?.tensor, let v = other.displacement?.tensor else {
      return atom.displacement == nil && other.displacement == nil
    }
    let m = turn.cartesian
    let rotation = Matrix3(rows: [m[0], m[1], 0], [m[2], m[3], 0], [0, 0, 1])
    let turned = rotation * u * rotation.transposed
    return abs(turned.columns.0.x - v.columns.0.x) < 1e-5 && abs(turned.columns.1.y - v.columns.1.y) < 1e-5
      && abs(turned.columns.1.x - v.columns.1.x) < 1e-5
  }

  private func operation(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> PlaneOperation {
    // Indices turn with the inverse transpose, Cartesian vectors with M = A W A^-1.
    let det = a * d - b * c
    let u = cartesian(image(a, b, c, d, [1, 0]))
    let v = cartesian(image(a, b, c, d, [0, 1]))
    let f = firstReciprocal
    let s = secondReciprocal
    return PlaneOperation(
      indices: [d * det, -c * det, -b * det, a * det],
      cartesian: [
        u.x * f.x + v.x * s.x, u.x * f.y + v.x * s.y, u.y * f.x + v.y * s.x, u.y * f.y + v.y * s.y,
      ])
  }
}
