import Scattering

/// What symmetry leaves free of an atom's coordinates and displacements: a basis whose vectors each own one number, so
/// that a parameter is that number itself.
struct FreeDirections {
  /// The places of the numbers that are parameters, ascending.
  let owners: [Int]
  /// One vector an owner: 1 at its own place, 0 at the other owners'.
  let vectors: [[Double]]

  /// The span of the columns of a projector; owners are taken in the order of `preference`.
  init(projector: [[Double]], preference: [Int]) {
    // The columns as rows, brought to the form in which each owner stands alone.
    var rows = preference.map { column in projector.map { $0[column] } }
    var found: [(owner: Int, row: Int)] = []
    for place in preference {
      let taken = Set(found.map(\.row))
      guard
        let pivot = rows.indices.filter({ !taken.contains($0) })
          .max(by: { rows[$0][place].magnitude < rows[$1][place].magnitude }),
        rows[pivot][place].magnitude > 1e-6
      else { continue }
      let scale = 1 / rows[pivot][place]
      rows[pivot] = rows[pivot].map { $0 * scale }
      for other in rows.indices where other != pivot {
        let factor = rows[other][place]
        if factor != 0 {
          for i in rows[other].indices { rows[other][i] -= factor * rows[pivot][i] }
        }
      }
      found.append((place, pivot))
    }
    found.sort { $0.owner < $1.owner }
    owners = found.map(\.owner)
    vectors = found.map { rows[$0.row].map { $0.magnitude < 1e-12 ? 0 : $0 } }
  }

  /// One vector, whatever it is.
  init(single vector: [Double]) {
    owners = [0]
    vectors = [vector.map { $0 / vector[0] }]
  }
}

/// The operations that leave an atom where it is.
struct SiteSymmetry {
  let rotations: [Matrix3]
  /// Where the atom is when it stands exactly on its special position.
  let position: Vector3

  /// Images closer than this, in Å, are one atom.
  private static let nearness = 0.05

  init(of position: Vector3, under operations: [SymmetryOperation], cell: UnitCell) {
    var rotations: [Matrix3] = []
    var offset = Vector3.zero
    for operation in operations {
      var difference = operation(position) - position
      difference -= difference.rounded(.toNearestOrAwayFromZero)
      guard cell.cartesian(difference).length < Self.nearness else { continue }
      rotations.append(operation.rotation)
      offset += difference
    }
    // The identity is always among them, unless a file leaves it out.
    if rotations.isEmpty { rotations = [.identity] }
    self.rotations = rotations
    self.position = position + offset / Double(rotations.count)
  }

  /// Which of x, y, z are free.
  var coordinates: FreeDirections {
    var mean = [[Double]](repeating: [0, 0, 0], count: 3)
    for rotation in rotations {
      for i in 0..<3 {
        for j in 0..<3 { mean[i][j] += rotation[i, j] / Double(rotations.count) }
      }
    }
    return FreeDirections(projector: mean, preference: [0, 1, 2])
  }

  /// Which of U11, U22, U33, U12, U13, U23 are free.
  func displacements(reciprocalLengths lengths: Vector3) -> FreeDirections {
    var mean = [[Double]](repeating: [Double](repeating: 0, count: 6), count: 6)
    for rotation in rotations {
      for column in 0..<6 {
        var unit = [Double](repeating: 0, count: 6)
        unit[column] = 1
        let turned = DisplacementTensor(unit).turned(by: rotation, reciprocalLengths: lengths).components
        for row in 0..<6 { mean[row][column] += turned[row] / Double(rotations.count) }
      }
    }
    // U22 and U23 before U12 and U13, as crystallographers tabulate them.
    return FreeDirections(projector: mean, preference: [0, 1, 2, 5, 4, 3])
  }
}

/// Displacements in the form of a CIF, along a* a, b* b, c* c.
struct DisplacementTensor {
  /// U11, U22, U33, U12, U13, U23 in Å².
  let components: [Double]

  static let places = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
  static let names = ["U11", "U22", "U33", "U12", "U13", "U23"]

  init(_ components: [Double]) { self.components = components }

  init(cartesian tensor: Matrix3, cell: UnitCell) {
    let (ra, rb, rc) = cell.reciprocal
    let inverse = Matrix3(columns: cell.a * ra.length, cell.b * rb.length, cell.c * rc.length).inverse
    let u = inverse * tensor * inverse.transposed
    components = Self.places.map { u[$0.0, $0.1] }
  }

  func cartesian(cell: UnitCell) -> Matrix3 {
    let (ra, rb, rc) = cell.reciprocal
    let axes = Matrix3(columns: cell.a * ra.length, cell.b * rb.length, cell.c * rc.length)
    return axes * matrix * axes.transposed
  }

  var matrix: Matrix3 {
    let u = components
    return Matrix3(rows: [u[0], u[3], u[4]], [u[3], u[1], u[5]], [u[4], u[5], u[2]])
  }

  /// U' with a*_i a*_j U'_ij = R (a*_k a*_l U_kl) R^T.
  func turned(by rotation: Matrix3, reciprocalLengths s: Vector3) -> DisplacementTensor {
    let scale = Matrix3(columns: [s.x, 0, 0], [0, s.y, 0], [0, 0, s.z])
    let turn = scale.inverse * rotation * scale
    let turned = turn * matrix * turn.transposed
    return DisplacementTensor(Self.places.map { turned[$0.0, $0.1] })
  }
}

extension Matrix3 {
  /// Row, then column.
  subscript(row: Int, column: Int) -> Double {
    switch column {
    case 0: columns.0[row]
    case 1: columns.1[row]
    default: columns.2[row]
    }
  }
}
