import Glibc
import JSON
import System

/// A small crystal with one defect and its projections: what is known exactly, so that an answer can be judged.
package struct Crystallite: Sendable {
  package enum Defect: String, Sendable, CaseIterable { case none, vacancy, interstitial, dislocation }
  package enum Shape: String, Sendable, CaseIterable { case box, disc }

  package var kind = LatticeKind.hexagonal
  package var defect = Defect.vacancy
  package var shape = Shape.box
  /// Half of the crystal's width, in bonds.
  package var halfWidth = 3.05
  /// Of the first lattice vector, in degrees.
  package var orientation = 0.0
  package var angles = [0.0, 60]
  package var sigma = 0.15
  package var pitch = 0.1
  /// Of the noise, as a share of one atom's peak.
  package var noise = 0.02
  /// The root mean square of the atoms' displacements along an axis, in bonds.
  package var thermal = 0.0
  package var seed: UInt64 = 1

  package init() {}

  /// The directions that a lattice's rows suggest.
  package static func standardAngles(_ kind: LatticeKind, count: Int) -> [Double] {
    let rows = kind == .hexagonal ? [0.0, 60, 120] : [0.0, 90, 45]
    return Array(rows.prefix(max(2, min(3, count))))
  }

  /// Where the atoms are.
  package func atoms() -> AtomPlane {
    var random = RandomNumbers(seed: seed)
    var atoms = lattice()
    // Well inside.
    let place = SIMD2(random.uniform(in: -1...1), random.uniform(in: -1...1)) * (0.35 * halfWidth)
    switch defect {
    case .none: break
    case .vacancy:
      let gone = nearest(place, atoms)
      let centre = atoms[gone]
      atoms.remove(at: gone)
      if kind == .square { atoms = displaced(atoms, from: centre, by: -0.24) }
    case .interstitial:
      let centre = gap(nearest: place, atoms)
      if kind == .square { atoms = displaced(atoms, from: centre, by: 0.43) }
      atoms.append(centre)
    case .dislocation: atoms = dislocated(around: place)
    }
    // Lennard-Jones holds a hexagonal lattice and no square one.
    if kind == .hexagonal { atoms = relaxed(atoms) }
    if thermal > 0 {
      for index in atoms.coordinates.indices { atoms.coordinates[index] += thermal * random.normal() }
    }
    return atoms
  }

  /// What the detector shows of them.
  package func projections(of atoms: AtomPlane) -> Projections {
    let farthest = atoms.points.reduce(0) { max($0, $1.length) }
    let reach = ((farthest + 2) / pitch).rounded(.up)
    let pixels = 2 * Int(min(100_000, max(1, reach))) + 1
    let empty = Projections(
      degrees: angles, start: -pitch * Double(pixels / 2), pitch: pitch,
      values: [Double](repeating: 0, count: pixels * angles.count))
    let blob = AtomBlob(sigma: sigma)
    var projections = empty.projecting(atoms, blob)
    var random = RandomNumbers(seed: seed).stream(1)
    for index in projections.values.indices {
      projections.values[index] += noise * blob.peak * random.normal()
    }
    return projections
  }

  private func isInside(_ point: SIMD2<Double>) -> Bool {
    switch shape {
    case .box: max(point.x.magnitude, point.y.magnitude) <= halfWidth
    case .disc: point.length <= halfWidth
    }
  }

  /// All sites within twice the size: what a displacement may bring in.
  private var sites: [SIMD2<Double>] {
    let (a, b) = kind.basis(orientation, 1)
    let reach = Int(min(300, 4 * halfWidth)) + 2
    var sites: [SIMD2<Double>] = []
    for i in -reach...reach {
      for j in -reach...reach {
        let site = Double(i) * a + Double(j) * b
        if max(site.x.magnitude, site.y.magnitude) < 1.5 * halfWidth + 2 { sites.append(site) }
      }
    }
    return sites
  }

  private func lattice() -> AtomPlane { AtomPlane(points: sites.filter(isInside)) }

  private func nearest(_ place: SIMD2<Double>, _ atoms: AtomPlane) -> Int {
    (0..<atoms.count).min { (atoms[$0] - place).length < (atoms[$1] - place).length } ?? 0
  }

  /// The middle of the cell, or of the triangle, nearest to a place.
  private func gap(nearest place: SIMD2<Double>, _ atoms: AtomPlane) -> SIMD2<Double> {
    let (a, b) = kind.basis(orientation, 1)
    let corner = atoms[nearest(place, atoms)]
    return corner + (kind == .hexagonal ? (a + b) / 3 : (a + b) / 2)
  }

  /// Away from a point, by less the further: the field of the square references.
  private func displaced(_ atoms: AtomPlane, from centre: SIMD2<Double>, by size: Double) -> AtomPlane {
    AtomPlane(
      points: atoms.points.map { point in
        let away = point - centre
        let distance = max(1e-9, away.length)
        return point + size * exp(-distance / 0.8) / distance * away
      })
  }

  /// An edge dislocation with its Burgers vector along the first lattice vector.
  private func dislocated(around core: SIMD2<Double>) -> AtomPlane {
    let (a, _) = kind.basis(orientation, 1)
    let across = SIMD2(-a.y, a.x)
    // Between rows, and off every atom.
    let row = (core.x * across.x + core.y * across.y)
    let spacing = kind == .hexagonal ? 0.75.squareRoot() : 1
    let centre =
      core + (EdgeDislocation.betweenPlanes(row, spacing: spacing) - row) * across + 0.2371 * a
    let moved = sites.map { site in
      let from = site - centre
      let field = EdgeDislocation.displacement(
        x: from.x * a.x + from.y * a.y, y: from.x * across.x + from.y * across.y)
      return site + field.along * a + field.across * across
    }
    // Where the cut closes, atoms that came to lie on each other are one.
    var kept: [SIMD2<Double>] = []
    for point in moved where isInside(point) {
      if kept.allSatisfy({ ($0 - point).length > 0.5 }) { kept.append(point) }
    }
    return AtomPlane(points: kept)
  }

  private func relaxed(_ atoms: AtomPlane) -> AtomPlane {
    let nothing = Projections(degrees: [], start: 0, pitch: 1, values: [])
    let objective = AtomObjective(nothing, AtomBlob(sigma: 1), potential: .lennardJones, alpha: 1)
    return Descent(iterations: 5000, tolerance: 1e-8, gain: 1e-14).run(objective, from: atoms).atoms
  }
}

extension Projections {
  /// A table with the coordinate first and one column a tilt.
  package var table: String {
    func digits(_ value: Double) -> String { "\((value * 1e7).rounded() / 1e7)" }
    var text = "u," + angles.map { "theta_\(digits($0))" }.joined(separator: ",") + "\n"
    for pixel in 0..<pixels {
      let row = angles.indices.map { digits(values[$0 * pixels + pixel]) }
      text += "\(digits(start + pitch * Double(pixel))),\(row.joined(separator: ","))\n"
    }
    return text
  }
}

extension Crystallite {
  /// What was simulated, for who compares.
  package func truth(_ atoms: AtomPlane) -> String {
    var writer = JSONWriter()
    writer.object { json in
      json.member("lattice", kind.rawValue)
      json.member("defect", defect.rawValue)
      json.member("angles_deg", angles)
      json.member("sigma", sigma)
      json.member("noise_fraction_of_single_atom_peak", noise)
      json.member("seed", seed)
      json.key("atoms")
      json.array { json in
        for point in atoms.points {
          json.array { json in
            json.number(point.x)
            json.number(point.y)
          }
        }
      }
    }
    return writer.text + "\n"
  }
}
