import Arrays

/// The lattice sums of one energy for many kappa and all distances between atoms of some structures.
/// They depend on nothing else, so every structure of that energy reads from one store.
package struct LatticeSumStore: Sendable {
  private let kappas: Int
  private let width: Int
  /// For a distance: a row for every kappa, then the rows of -distance.
  private let tables: [Position: ComplexMatrix]

  package init(
    maximum: Int, waveNumber: ComplexDouble, cell: PlaneCell, radius: Double, kappas: [PlaneVector],
    layers: [SurfaceLayer]
  ) {
    self.kappas = kappas.count
    let basis = AngularBasis(maximum: 2 * maximum)
    width = basis.count
    var distances: Set<Position> = []
    for layer in layers {
      for a in layer.atoms {
        for b in layer.atoms { distances.insert(Self.canonical(a.position - b.position).distance) }
      }
    }
    let ordered = distances.sorted { ($0.z, $0.plane.x, $0.plane.y) < ($1.z, $1.plane.x, $1.plane.y) }
    let points = cell.points(within: radius)
    let phases = latticePhases(kappas + kappas.map { -$0 }, points)
    let degrees = basis.degrees
    let found = parallelMap(ordered.count) { index in
      var sums = LatticeTable(
        maximum: maximum, waveNumber: waveNumber, points: points, distance: ordered[index]
      ).sums(phases)
      // D_lm(-d, kappa) = (-1)^l D_lm(d, -kappa)
      for row in kappas.count..<2 * kappas.count {
        for i in 0..<basis.count where degrees[i] & 1 == 1 {
          sums.values[row * basis.count + i] = -sums.values[row * basis.count + i]
        }
      }
      return sums
    }
    tables = Dictionary(uniqueKeysWithValues: zip(ordered, found))
  }

  /// Of d and -d the one whose first component that is not zero is positive.
  private static func canonical(_ d: Position) -> (distance: Position, reversed: Bool) {
    let reversed = (d.z, d.plane.x, d.plane.y) < (0, 0, 0)
    // Adding zero turns -0 into 0; both must find the same table.
    let sign: Double = reversed ? -1 : 1
    return (Position(sign * d.plane.x + 0, sign * d.plane.y + 0, sign * d.z + 0), reversed)
  }

  /// D of the vector from atom b to atom a, in basis order.
  package func sums(kappa: Int, from b: SurfaceAtom, to a: SurfaceAtom) -> ArraySlice<ComplexDouble> {
    let (distance, reversed) = Self.canonical(a.position - b.position)
    guard let table = tables[distance] else { preconditionFailure("every distance was tabulated") }
    return table.row(reversed ? kappas + kappa : kappa)
  }
}
