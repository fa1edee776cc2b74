/// Lattice vectors for a zone axis: two across the beam and one along it, as fractions of the crystal's cell.
struct ZoneBasis {
  var vectors: [Vector3]
  /// Translations within the crystal's cell that are lattice vectors too.
  var centring: [Vector3]
  var shear: Double

  init(vectors: [Vector3], centring: [Vector3], shear: Double) {
    self.vectors = vectors
    self.centring = centring
    self.shear = shear
  }

  /// A cell across the beam may hold this many primitive cells before a sheared primitive one is preferred.
  private static let largestMultiple = 8.0
  static let largestIndex = 12

  init(crystal: Crystal, zone: SIMD3<Int>) throws(ScatteringError) {
    guard zone != .zero else { throw .orientation("the zone axis 0,0,0 is no direction") }
    let largest = max(abs(zone.x), abs(zone.y), abs(zone.z))
    guard largest <= Self.largestIndex else {
      throw .orientation("zone axis indices above \(Self.largestIndex) are not supported")
    }
    let cell = crystal.cell
    let centring = crystal.centringTranslations()
    let primitiveVolume = cell.volume / Double(centring.count)

    let along = Self.shortest(along: Vector3(zone), centring: centring)
    let beam = cell.cartesian(along)
    let z = beam / beam.length

    let lattice = Self.vectors(within: max(3, 2 * largest), centring: centring)
    let exact = lattice.filter { abs(cell.cartesian($0).dot(z)) < 1e-6 * cell.cartesian($0).length }
    let flatArea = primitiveVolume / beam.length
    func flat(_ v: Vector3) -> Vector3 {
      let u = cell.cartesian(v)
      return u - z * u.dot(z)
    }

    var pair = Self.reduced(exact, flat: flat, area: nil, z: z)
    var shear = 0.0
    let multiple = pair.map { abs(flat($0).cross(flat($1)).dot(z)) / flatArea } ?? .infinity
    if multiple > Self.largestMultiple {
      // No small cell is perpendicular: take the projected lattice, and drop the smallest heights possible.
      let lowered = lattice.map { v in
        v - along * (cell.cartesian(v).dot(z) / beam.length).rounded(.toNearestOrAwayFromZero)
      }
      pair = Self.reduced(lowered, flat: flat, area: flatArea, z: z)
    }
    guard let (p, q) = pair else {
      throw .orientation("no cell across the zone axis \(zone.x),\(zone.y),\(zone.z) of \(crystal.name)")
    }
    let ordered = Self.ordered(p, q, flat: flat, cell: cell, z: z)
    shear = max(abs(cell.cartesian(ordered.0).dot(z)), abs(cell.cartesian(ordered.1).dot(z)))
    self.init(vectors: [ordered.0, ordered.1, along], centring: centring, shear: shear < 1e-6 ? 0 : shear)
  }

  /// The largest number that divides all indices of a direction.
  static func commonDivisor(_ direction: SIMD3<Int>) -> Int {
    func gcd(_ a: Int, _ b: Int) -> Int { b == 0 ? abs(a) : gcd(b, a % b) }
    return gcd(gcd(direction.x, direction.y), direction.z)
  }

  /// The shortest lattice vector along `direction`.
  private static func shortest(along direction: Vector3, centring: [Vector3]) -> Vector3 {
    let whole = direction / Double(commonDivisor([Int(direction.x), Int(direction.y), Int(direction.z)]))
    for parts in stride(from: centring.count, to: 1, by: -1) {
      let candidate = whole / Double(parts)
      let isLattice = centring.contains { t in
        let rest = candidate - t
        let off = rest - rest.rounded(.toNearestOrAwayFromZero)
        return max(abs(off.x), abs(off.y), abs(off.z)) < 1e-4
      }
      if isLattice { return candidate }
    }
    return whole
  }

  private static func vectors(within n: Int, centring: [Vector3]) -> [Vector3] {
    var vectors: [Vector3] = []
    for i in -n...n {
      for j in -n...n {
        for k in -n...n {
          for t in centring where i != 0 || j != 0 || k != 0 || t != .zero {
            vectors.append(Vector3(Double(i), Double(j), Double(k)) + t)
          }
        }
      }
    }
    return vectors
  }

  /// The two shortest vectors across the beam that span a plane and, if an `area` is given, that area.
  private static func reduced(
    _ candidates: [Vector3], flat: (Vector3) -> Vector3, area: Double?, z: Vector3
  ) -> (Vector3, Vector3)? {
    let sorted = candidates.map { (vector: $0, length: flat($0).length) }.filter { $0.length > 1e-3 }
      .sorted { $0.length < $1.length - 1e-9 }
    guard let first = sorted.first else { return nil }
    let base = flat(first.vector)
    for candidate in sorted.dropFirst() {
      let spanned = abs(base.cross(flat(candidate.vector)).dot(z))
      guard spanned > 1e-3 * first.length * candidate.length else { continue }
      if let area, abs(spanned - area) > 1e-4 * area { continue }
      return (first.vector, candidate.vector)
    }
    return nil
  }

  /// Of the equally good pairs the one whose first vector lies closest to a (its second to b), at a right
  /// or obtuse angle and right-handed.
  private static func ordered(
    _ p: Vector3, _ q: Vector3, flat: (Vector3) -> Vector3, cell: UnitCell, z: Vector3
  ) -> (Vector3, Vector3) {
    let longest = max(flat(p).length, flat(q).length) * (1 + 1e-6)
    let area = abs(flat(p).cross(flat(q)).dot(z))
    let choices = [p, q, p + q, p - q].flatMap { [$0, Vector3.zero - $0] }.filter {
      flat($0).length <= longest
    }
    let references = [cell.a, cell.b, cell.c].filter { $0.cross(z).length > 1e-6 * $0.length }
    func closeness(_ v: Vector3, to reference: Vector3) -> Double {
      let u = flat(v)
      let across = reference - z * reference.dot(z)
      return u.dot(across) / (u.length * across.length)
    }
    var best: (score: Double, pair: (Vector3, Vector3)) = (-.infinity, (p, q))
    for a in choices {
      for b in choices {
        let u = flat(a)
        let v = flat(b)
        guard abs(u.cross(v).dot(z) - area) < 1e-6 * area, u.dot(v) < 1e-6 * area else { continue }
        let score = 100 * closeness(a, to: references[0]) + closeness(b, to: references[1])
        if score > best.score + 1e-9 { best = (score, (a, b)) }
      }
    }
    return best.pair
  }

  /// Every atom of the cell that these vectors span, with its position in fractions of them.
  func fill(_ crystal: Crystal) -> [(Site, Vector3)] {
    let matrix = Matrix3(columns: vectors[0], vectors[1], vectors[2])
    let inverse = matrix.inverse
    // Lattice vectors that differ within the new cell: one for each crystal cell it holds.
    let reach = vectors.reduce(Vector3.zero) { sum, v in
      sum + Vector3(abs(v.x), abs(v.y), abs(v.z))
    }
    var cells: [Key: Vector3] = [:]
    var order: [Vector3] = []
    let limits = (0..<3).map { Int(reach[$0].rounded(.up)) }
    for i in -limits[0]...limits[0] {
      for j in -limits[1]...limits[1] {
        for k in -limits[2]...limits[2] {
          let shift = wrapped(inverse * Vector3(Double(i), Double(j), Double(k)))
          if cells.updateValue(shift, forKey: Key(shift, nil)) == nil { order.append(shift) }
        }
      }
    }
    var seen: Set<Key> = []
    var atoms: [(Site, Vector3)] = []
    for site in crystal.sites {
      let base = inverse * site.position
      for shift in order {
        let position = wrapped(base + shift)
        if seen.insert(Key(position, site)).inserted { atoms.append((site, position)) }
      }
    }
    return atoms
  }

  /// A position to about 1e-5 of a vector, 0 and 1 being the same. The odd factor keeps round
  /// coordinates away from the edges between two keys.
  private struct Key: Hashable {
    let x: Int, y: Int, z: Int
    let element: Int
    let occupancy: Double

    init(_ p: Vector3, _ site: Site?) {
      func whole(_ v: Double) -> Int {
        let steps = 99_989.0
        return Int((v * steps + 0.3719).rounded(.down)) % Int(steps)
      }
      x = whole(p.x)
      y = whole(p.y)
      z = whole(p.z)
      element = site?.element.atomicNumber ?? 0
      occupancy = site?.occupancy ?? 0
    }
  }
}
