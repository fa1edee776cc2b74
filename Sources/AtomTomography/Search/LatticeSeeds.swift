import Arrays
import Glibc
import System

package enum LatticeKind: String, Sendable, CaseIterable {
  case hexagonal = "hex"
  case square

  /// After this turn a lattice is itself again.
  var period: Double { self == .hexagonal ? 60 : 90 }
  package var potential: PairPotential { self == .hexagonal ? .lennardJones : .square }

  func basis(_ orientation: Double, _ bond: Double) -> (SIMD2<Double>, SIMD2<Double>) {
    let a = orientation * .pi / 180
    let b = a + (self == .hexagonal ? .pi / 3 : .pi / 2)
    return (bond * SIMD2(cos(a), sin(a)), bond * SIMD2(cos(b), sin(b)))
  }
}

/// Atoms on the sites of a lattice that explain the projections well: where a descent starts.
package struct LatticeSeed: Sendable {
  package var kind: LatticeKind
  /// In degrees.
  package var orientation: Double
  package var bond: Double
  package var phase: SIMD2<Double>
  package var residual: Double
  package var atoms: AtomPlane
}

/// All lattices of a kind, by orientation and phase, judged by how well their sites can explain the projections.
package struct LatticeScan {
  let projections: Projections
  let blob: AtomBlob
  let region: Region
  let mass: Double
  let count: Int
  private let directions: [Direction]
  private let correlation: Correlation
  private let overlap: Overlap
  private let power: Double

  /// `extra`: how much wider than they are atoms are looked at, so that sites need not be met exactly.
  package init(
    _ projections: Projections, _ blob: AtomBlob, extra: Double, region: Region, mass: Double, count: Int
  ) {
    self.projections = projections.blurred(by: extra)
    self.blob = AtomBlob(sigma: (blob.sigma * blob.sigma + extra * extra).squareRoot())
    self.region = region
    self.mass = mass
    self.count = count
    directions = projections.directions
    correlation = Correlation(self.projections, values: self.projections.values, self.blob)
    overlap = Overlap(self.blob, pitch: projections.pitch)
    power = self.projections.values.reduce(0) { $0 + $1 * $1 }
  }

  func seed(_ kind: LatticeKind, orientation: Double, phase: SIMD2<Double>, bond: Double, sweeps: Int)
    -> LatticeSeed
  {
    let (a, b) = kind.basis(orientation, bond)
    let origin = phase.x * a + phase.y * b
    let sites = region.sites(a, b, origin: origin)
    let occupancy = Occupancy(
      sites: sites, directions: directions, correlation: correlation, overlap: overlap, power: power,
      mass: mass, expected: Double(count), sweeps: sweeps)
    return LatticeSeed(
      kind: kind, orientation: orientation, bond: bond, phase: phase,
      residual: occupancy.residual * projections.pitch,
      atoms: AtomPlane(points: occupancy.largest(count).map { sites[$0] }))
  }

  /// The same lattice moved, turned and scaled until its sites explain the projections best: each parameter in turn,
  /// by ever smaller steps.
  func refined(_ seed: LatticeSeed, isCancelled: () -> Bool) -> LatticeSeed {
    var best = seed
    var step = SIMD4(1.5, 0.08, 0.08, 0.01)
    for _ in 0..<5 {
      if isCancelled() { break }
      for axis in 0..<4 {
        for sign in [1.0, -1] {
          var move = SIMD4<Double>.zero
          move[axis] = sign * step[axis]
          let next = self.seed(
            best.kind, orientation: best.orientation + move.x,
            phase: best.phase + SIMD2(move.y, move.z), bond: best.bond * (1 + move.w), sweeps: 30)
          if next.residual < best.residual {
            best = next
            break
          }
        }
      }
      step *= 0.6
    }
    return best
  }

  /// Whole atoms on a seed's sites.
  func filled(_ seed: LatticeSeed, alpha: Double, proposals: Int, _ random: inout RandomNumbers)
    -> LatticeSeed
  {
    let (a, b) = seed.kind.basis(seed.orientation, seed.bond)
    let sites = region.sites(a, b, origin: seed.phase.x * a + seed.phase.y * b)
    let occupancy = Occupancy(
      sites: sites, directions: directions, correlation: correlation, overlap: overlap, power: power,
      mass: mass, expected: Double(count), sweeps: 60)
    var gas = LatticeGas(
      sites: sites, filled: occupancy.largest(count), projections: projections, correlation: correlation,
      overlap: overlap, mass: mass, potential: seed.kind.potential, alpha: alpha, bond: seed.bond)
    gas.anneal(proposals, hot: 4 * alpha, cold: 0.2 * alpha, &random)
    var seed = seed
    seed.atoms = AtomPlane(points: gas.filledSites.map { sites[$0] })
    return seed
  }

  /// The best of every orientation, the best orientation first.
  package func scan(
    _ kind: LatticeKind, bonds: [Double], step: Double, phases: Int, isCancelled: @Sendable () -> Bool
  ) -> [LatticeSeed] {
    let turns = max(1, Int(bounded: (kind.period / step).rounded()))
    let count = turns * bonds.count
    let seeds = parallelMap(count) { index -> LatticeSeed? in
      if isCancelled() { return nil }
      let orientation = kind.period * Double(index % turns) / Double(turns)
      let bond = bonds[index / turns]
      var best: LatticeSeed?
      for i in 0..<phases where !isCancelled() {
        for j in 0..<phases {
          let phase = SIMD2((Double(i) + 0.5) / Double(phases), (Double(j) + 0.5) / Double(phases))
          let seed = seed(kind, orientation: orientation, phase: phase, bond: bond, sweeps: 12)
          if seed.residual < best?.residual ?? .infinity { best = seed }
        }
      }
      return best
    }
    return seeds.compactMap { $0 }.sorted { ($0.residual, $0.orientation) < ($1.residual, $1.orientation) }
  }
}

/// Where atoms may be: within what every projection shows.
package struct Region: Sendable {
  let directions: [Direction]
  /// The first and the last coordinate of each projection at which there is something.
  let spans: [ClosedRange<Double>]
  /// Half of what encloses all of it.
  let radius: Double
  let centre: SIMD2<Double>

  /// Something is what rises above a quarter of an atom's peak.
  package init(_ projections: Projections, _ blob: AtomBlob, mass: Double) {
    directions = projections.directions
    let threshold = 0.35 * mass * blob.peak
    spans = projections.angles.indices.map { index in
      let row = projections.row(index)
      let lit = row.indices.filter { row[$0] > threshold }
      let first = (lit.first ?? row.startIndex) - row.startIndex
      let last = (lit.last ?? row.startIndex) - row.startIndex
      let margin = 0.5 * blob.sigma
      let low = projections.start + projections.pitch * Double(first)
      let high = projections.start + projections.pitch * Double(last)
      return low - margin...max(low, high) + margin
    }
    var low = SIMD2(repeating: -Double.infinity)
    var high = SIMD2(repeating: Double.infinity)
    let corners = Self.corners(directions, spans)
    if !corners.isEmpty {
      low = corners.reduce(corners[0]) { pointwiseMin($0, $1) }
      high = corners.reduce(corners[0]) { pointwiseMax($0, $1) }
    } else {
      let width = spans.reduce(0) { max($0, $1.upperBound.magnitude, $1.lowerBound.magnitude) }
      (low, high) = (SIMD2(repeating: -width), SIMD2(repeating: width))
    }
    centre = 0.5 * (low + high)
    radius = 0.5 * (high - low).length
  }

  func contains(_ point: SIMD2<Double>) -> Bool {
    for (direction, span) in zip(directions, spans) {
      if !span.contains(direction.coordinate(point.x, point.y)) { return false }
    }
    return true
  }

  /// Where the edges of two spans meet within all others.
  private static func corners(_ directions: [Direction], _ spans: [ClosedRange<Double>]) -> [SIMD2<Double>] {
    var corners: [SIMD2<Double>] = []
    for i in directions.indices {
      for j in 0..<i {
        let (a, b) = (directions[i], directions[j])
        let determinant = a.cosine * b.sine - a.sine * b.cosine
        guard determinant.magnitude > 1e-6 else { continue }
        for u in [spans[i].lowerBound, spans[i].upperBound] {
          for v in [spans[j].lowerBound, spans[j].upperBound] {
            let point = SIMD2(
              (u * b.sine - v * a.sine) / determinant, (v * a.cosine - u * b.cosine) / determinant)
            let isInside = zip(directions, spans).allSatisfy {
              let along = $0.coordinate(point.x, point.y)
              return along > $1.lowerBound - 1e-6 && along < $1.upperBound + 1e-6
            }
            if isInside { corners.append(point) }
          }
        }
      }
    }
    return corners
  }

  /// The lattice's sites in the region.
  func sites(_ a: SIMD2<Double>, _ b: SIMD2<Double>, origin: SIMD2<Double>) -> [SIMD2<Double>] {
    let determinant = a.x * b.y - a.y * b.x
    guard determinant.magnitude > 1e-12 else { return [] }
    let from = centre - origin
    let middle = SIMD2(
      ((from.x * b.y - from.y * b.x) / determinant).rounded(),
      ((a.x * from.y - a.y * from.x) / determinant).rounded())
    let reach = min(400, Int(bounded: 1.3 * radius / min(a.length, b.length)) + 2)
    var sites: [SIMD2<Double>] = []
    for i in -reach...reach {
      for j in -reach...reach {
        let site = origin + (middle.x + Double(i)) * a + (middle.y + Double(j)) * b
        if contains(site) { sites.append(site) }
      }
    }
    return sites
  }
}
