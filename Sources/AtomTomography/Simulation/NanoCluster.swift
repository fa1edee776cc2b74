import Glibc
import JSON
import System

/// A small crystal in space with one defect and its images: what is known exactly, so that an answer can be judged.
package struct NanoCluster: Sendable {
  package enum Defect: String, Sendable, CaseIterable { case none, vacancy, interstitial, dislocation }
  package enum Structure: String, Sendable, CaseIterable { case fcc, icosahedron }

  package var structure = Structure.fcc
  package var defect = Defect.vacancy
  /// Of the crystal without its defect.
  package var atoms = 147
  /// How its cube's axes are turned against x, y and z: about z, then about x, then about z, in degrees.
  package var euler = SIMD3(0.0, 0, 0)
  package var angles = [0.0, 45, 90]
  package var sigma = 0.15
  package var pitch = 0.1
  /// Of the noise, as a share of one atom's peak.
  package var noise = 0.0
  /// Counted electrons an atom; 0 where they are not counted.
  package var electrons = 0.0
  /// The root mean square of the atoms' displacements along an axis, in bonds.
  package var thermal = 0.0
  /// Of the types that its atoms have at random, the heaviest 1.
  package var types = [1.0]
  package var seed: UInt64 = 1

  package init() {}

  package static let largestCount = 600

  /// Where the atoms are: the sites relaxed by the energy of Lennard-Jones pairs.
  package func cluster() -> AtomCluster {
    var random = RandomNumbers(seed: seed)
    let rotation = Rotation(euler: euler)
    let perfect = structure == .fcc ? cuboctahedron(atoms) : icosahedron()
    let extent = perfect.reduce(0) { max($0, $1.length) }
    let place = SIMD3(random.uniform(in: -1...1), random.uniform(in: -1...1), random.uniform(in: -1...1))
    let inside = 0.4 * extent * place
    var sites = (defect == .dislocation ? dislocated(around: inside) : perfect).map { rotation * $0 }
    func nearest(_ point: SIMD3<Double>) -> Int {
      sites.indices.min { (sites[$0] - point).length < (sites[$1] - point).length } ?? 0
    }
    switch defect {
    // Of a dislocation no site is gone or added.
    case .none, .dislocation: break
    case .vacancy: sites.remove(at: nearest(inside))
    case .interstitial:
      // The octahedral gap beside an atom; of an icosahedron the middle of a bond.
      let from = structure == .fcc ? rotation * SIMD3(0.5.squareRoot(), 0, 0) : rotation * SIMD3(0.5, 0, 0)
      sites.append(sites[nearest(inside)] + from)
    }
    var cluster = relaxed(AtomCluster(points: sites))
    // Every run sees another part of a pixel.
    let shift = SIMD3(random.uniform(in: -1...1), random.uniform(in: -1...1), random.uniform(in: -1...1))
    for index in 0..<cluster.count {
      cluster[index] += 0.5 * pitch * shift
      if thermal > 0 {
        cluster[index] += thermal * SIMD3(random.normal(), random.normal(), random.normal())
      }
    }
    return cluster
  }

  /// Of every atom.
  package func weights(_ cluster: AtomCluster) -> [Double] {
    var random = RandomNumbers(seed: seed).stream(2)
    return (0..<cluster.count).map { _ in types.isEmpty ? 1 : types[random.integer(below: types.count)] }
  }

  /// What the detector shows of them.
  package func images(of cluster: AtomCluster) -> ProjectionImages {
    let farthest = cluster.points.reduce(0) { max($0, $1.length) }
    let half = Int(min(500, max(1, ((farthest + 8 * sigma) / pitch).rounded(.up))))
    let side = 2 * half + 1
    let empty = ProjectionImages(
      degrees: angles, width: side, height: side, start: SIMD2(repeating: -pitch * Double(half)),
      pitch: pitch,
      values: [Double](repeating: 0, count: side * side * angles.count))
    let blob = AtomBlob(sigma: sigma)
    var images = empty.projecting(cluster, blob, weights: weights(cluster))
    var random = RandomNumbers(seed: seed).stream(1)
    for index in images.values.indices {
      if electrons > 0 {
        let dose = electrons * images.area
        images.values[index] = Double(random.poisson(images.values[index] * dose)) / dose
      }
      if noise > 0 { images.values[index] += noise * blob.peak * blob.peak * random.normal() }
    }
    return images
  }

  /// A ball of a face-centred crystal with an edge dislocation: its Burgers vector is half of [1 1 0], it glides on
  /// (1 -1 1).
  private func dislocated(around core: SIMD3<Double>) -> [SIMD3<Double>] {
    let along = 0.5.squareRoot() * SIMD3(1.0, 1, 0)
    let across = (1 / 3.0).squareRoot() * SIMD3(1.0, -1, 1)
    let spacing = (2 / 3.0).squareRoot()
    let centre = SIMD2(
      (core * along).sum() + 0.2371, EdgeDislocation.betweenPlanes((core * across).sum(), spacing: spacing))
    // More than are kept: the field brings some in.
    let moved = cuboctahedron(3 * atoms).map { site in
      let field = EdgeDislocation.displacement(
        x: (site * along).sum() - centre.x, y: (site * across).sum() - centre.y)
      return site + field.along * along + field.across * across
    }
    let nearest = moved.indices.sorted { (moved[$0].length, $0) < (moved[$1].length, $1) }
    return nearest.prefix(atoms).map { moved[$0] }
  }

  /// Sites of a face-centred lattice, shell by shell of cuboctahedra: 55, 147, 309 and 561 fill them. Of the last one
  /// those nearest to the centre.
  private func cuboctahedron(_ atoms: Int) -> [SIMD3<Double>] {
    let reach = 12
    var ranked: [(shell: Int, square: Int, site: SIMD3<Int>)] = []
    for x in -reach...reach {
      for y in -reach...reach {
        for z in -reach...reach where (x + y + z) % 2 == 0 {
          let (a, b, c) = (abs(x), abs(y), abs(z))
          ranked.append((max(a, b, c, (a + b + c + 1) / 2), x * x + y * y + z * z, SIMD3(x, y, z)))
        }
      }
    }
    ranked.sort {
      ($0.shell, $0.square, $0.site.x, $0.site.y, $0.site.z)
        < ($1.shell, $1.square, $1.site.x, $1.site.y, $1.site.z)
    }
    return ranked.prefix(atoms).map { 0.5.squareRoot() * SIMD3<Double>($0.site) }
  }

  /// Mackay's icosahedra: around a centre shells of 12, 42, 92, 162 atoms, the last one as far as atoms are left.
  private func icosahedron() -> [SIMD3<Double>] {
    let golden = (1 + 5.0.squareRoot()) / 2
    var corners: [SIMD3<Double>] = []
    for s in [-1.0, 1] {
      for t in [-golden, golden] { corners += [SIMD3(0, s, t), SIMD3(s, t, 0), SIMD3(t, 0, s)] }
    }
    // Bonds along a shell are 5 % longer than those from shell to shell.
    let scale = 1 / corners[0].length
    corners = corners.map { scale * $0 }
    let edge = 1.06 * scale * 2
    var sites = [SIMD3<Double>.zero]
    var shell = 1
    while sites.count < atoms {
      var found: [SIMD3<Double>] = []
      func add(_ point: SIMD3<Double>) {
        if found.allSatisfy({ ($0 - point).length > 0.1 }) { found.append(point) }
      }
      for i in corners.indices {
        for j in 0..<i where (corners[i] - corners[j]).length < edge {
          for k in 0..<j
          where (corners[i] - corners[k]).length < edge && (corners[j] - corners[k]).length < edge {
            for a in 0...shell {
              for b in 0...shell - a {
                let c = shell - a - b
                add(Double(a) * corners[i] + Double(b) * corners[j] + Double(c) * corners[k])
              }
            }
          }
        }
      }
      sites += found
      shell += 1
    }
    return Array(sites.prefix(atoms))
  }

  private func relaxed(_ cluster: AtomCluster) -> AtomCluster {
    let nothing = ProjectionImages(degrees: [], width: 0, height: 0, start: .zero, pitch: 1, values: [])
    let objective = ClusterObjective(nothing, AtomBlob(sigma: 1), alpha: 1)
    let descent = Descent(iterations: 3000, tolerance: 1e-8, gain: 1e-14)
    return AtomCluster(descent.run(objective, from: cluster.coordinates).coordinates)
  }
}

extension NanoCluster {
  /// What was simulated, for who compares.
  package func truth(_ cluster: AtomCluster) -> String {
    var writer = JSONWriter()
    writer.object { json in
      json.member("structure", structure.rawValue)
      json.member("defect", defect.rawValue)
      json.member("orientation_deg", [euler.x, euler.y, euler.z])
      json.member("angles_deg", angles)
      json.member("sigma", sigma)
      json.member("noise_fraction_of_single_atom_peak", noise)
      json.member("electrons_an_atom", electrons)
      json.member("seed", seed)
      json.key("atoms")
      json.array { json in
        for point in cluster.points {
          json.array { json in for axis in 0..<3 { json.number(point[axis]) } }
        }
      }
      if types.count > 1 { json.member("weights", weights(cluster)) }
    }
    return writer.text + "\n"
  }
}
