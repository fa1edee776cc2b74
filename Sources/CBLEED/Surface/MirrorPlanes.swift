/// Mirror planes across x or y that a structure has. Two incident directions that such a plane exchanges
/// have the same beams, exchanged likewise.
struct MirrorPlanes: Sendable, Equatable {
  /// x -> -x about some line, y -> -y about some line.
  var acrossX: Bool
  var acrossY: Bool

  static let none = MirrorPlanes(acrossX: false, acrossY: false)

  /// - Parameter throughOrigin: only planes that contain the origin. Others keep intensities but turn the
  ///   phases of amplitudes.
  static func shared(by structures: [SurfaceStructure], throughOrigin: Bool = false) -> MirrorPlanes {
    MirrorPlanes(
      acrossX: structures.allSatisfy { $0.isSymmetric(PlaneVector(-1, 1), throughOrigin: throughOrigin) },
      acrossY: structures.allSatisfy { $0.isSymmetric(PlaneVector(1, -1), throughOrigin: throughOrigin) })
  }

  /// The equivalent direction with components that are not negative, and the beam to look at there.
  func fold(_ kappa: PlaneVector, _ order: PlaneVector) -> (kappa: PlaneVector, order: PlaneVector) {
    let x: Double = acrossX && kappa.x < 0 ? -1 : 1
    let y: Double = acrossY && kappa.y < 0 ? -1 : 1
    return (PlaneVector(x * kappa.x, y * kappa.y), PlaneVector(x * order.x, y * order.y))
  }
}

extension SurfaceStructure {
  /// Whether reversing the components of `signs` that are negative, about a line somewhere, changes nothing.
  package func isSymmetric(_ signs: PlaneVector, throughOrigin: Bool = false) -> Bool {
    func reflect(_ p: PlaneVector) -> PlaneVector { PlaneVector(signs.x * p.x, signs.y * p.y) }
    let cells = [cell, bulkCell]
    guard cells.allSatisfy({ $0.contains(reflect($0.a)) && $0.contains(reflect($0.b)) }) else { return false }
    guard bulkCell.contains(reflect(bulkRepeat.plane) - bulkRepeat.plane) else { return false }
    let surface = layers.flatMap(\.atoms).map { ($0, cell) } + bulk.flatMap(\.atoms).map { ($0, bulkCell) }
    guard let (first, _) = surface.first else { return false }
    // Were there a mirror line, it would carry the first atom onto one of its kind: try them all.
    for (target, _) in surface where first.matches(target) {
      let shift = target.position.plane - reflect(first.position.plane)
      let line = PlaneVector(signs.x < 0 ? shift.x : 0, signs.y < 0 ? shift.y : 0)
      if throughOrigin, !cells.allSatisfy({ $0.contains(line) }) { continue }
      let fits = surface.allSatisfy { atom, home in
        surface.contains { other, otherHome in
          home == otherHome && atom.matches(other)
            && home.contains(other.position.plane - reflect(atom.position.plane) - line)
        }
      }
      if fits { return true }
    }
    return false
  }
}

extension SurfaceAtom {
  /// The same kind of atom at the same height.
  fileprivate func matches(_ other: SurfaceAtom) -> Bool {
    element == other.element && meanSquare == other.meanSquare && abs(position.z - other.position.z) < 1e-9
  }
}
