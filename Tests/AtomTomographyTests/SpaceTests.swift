import Arrays
import AtomTomography
import Foundation
import Testing

/// Images of atoms in space and what is minimised over them.
@Suite struct SpaceForwardTests {
  private func known(_ change: (inout NanoCluster) -> Void = { _ in }) -> (
    cluster: AtomCluster, images: ProjectionImages
  ) {
    var crystal = NanoCluster()
    crystal.atoms = 55
    crystal.euler = SIMD3(20, 31, 12)
    crystal.angles = [0, 37, 110]
    change(&crystal)
    let cluster = crystal.cluster()
    return (cluster, crystal.images(of: cluster))
  }

  @Test func `Images are sums of Gaussians, written out pixel by pixel`() {
    let (cluster, images) = known()
    var largest = 0.0
    for (index, angle) in images.angles.enumerated() {
      for row in stride(from: 0, to: images.height, by: 7) {
        for column in 0..<images.width {
          let u = images.start.x + images.pitch * Double(column)
          let v = images.start.y + images.pitch * Double(row)
          let plain = cluster.points.reduce(0.0) { sum, point in
            let du = u - point.x * cos(angle * .pi / 180) - point.z * sin(angle * .pi / 180)
            let dv = v - point.y
            return sum + exp(-(du * du + dv * dv) / (2 * 0.15 * 0.15)) / (2 * .pi * 0.15 * 0.15)
          }
          let value = images.values[(index * images.height + row) * images.width + column]
          largest = max(largest, abs(value - plain))
        }
      }
    }
    #expect(largest < 1e-9)
    #expect(images.masses.allSatisfy { abs($0 - Double(cluster.count)) < 1e-6 })
  }

  /// Of atoms of two weights, too.
  @Test(arguments: PairPotential.allCases)
  func `The gradient in space is what differences say`(_ potential: PairPotential) {
    let (cluster, images) = known { $0.noise = 0.05 }
    let objective = ClusterObjective(
      images, AtomBlob(sigma: 0.15), potential: potential, alpha: 0.13, bond: 1.03, mass: 0.96)
    objective.weights = (0..<cluster.count).map { $0 % 3 == 0 ? 0.6 : 1 }
    var coordinates = cluster.coordinates
    for index in coordinates.indices { coordinates[index] += 0.06 * sin(Double(index * index)) }
    var (gradient, ignored) = ([Double](), [Double]())
    _ = objective.value(coordinates, gradient: &gradient)
    let scale = gradient.map(\.magnitude).max() ?? 1
    for index in stride(from: 0, to: coordinates.count, by: 5) {
      var (up, down) = (coordinates, coordinates)
      up[index] += 1e-5
      down[index] -= 1e-5
      let slope =
        (objective.value(up, gradient: &ignored).total - objective.value(down, gradient: &ignored).total)
        / 2e-5
      #expect(abs(slope - gradient[index]) < 1e-6 * scale)
    }
  }

  /// The list by cells against all pairs, before and after atoms have moved.
  @Test func `A large cluster has the energy of all its pairs`() {
    var cluster = known { $0.atoms = 309 }.cluster
    let nothing = ProjectionImages(degrees: [], width: 0, height: 0, start: .zero, pitch: 1, values: [])
    let objective = ClusterObjective(nothing, AtomBlob(sigma: 0.15), alpha: 1)
    var gradient: [Double] = []
    for turn in 0..<3 {
      for index in cluster.coordinates.indices {
        cluster.coordinates[index] += 0.1 * Double(turn) * sin(Double(index))
      }
      var plain = 0.0
      for i in 0..<cluster.count {
        for j in 0..<i { plain += PairPotential.lennardJones.pair((cluster[i] - cluster[j]).length).value }
      }
      #expect(abs(objective.energy(cluster.coordinates, gradient: &gradient) - plain) < 1e-9 * abs(plain))
    }
  }

  /// Where the images are explained the misfit's curvature has no other part.
  @Test func `Curvatures are what differences of gradients say`() {
    let (cluster, images) = known()
    let search = ClusterObjective(images, AtomBlob(sigma: 0.15), alpha: 0)
    let curvature = ClusterCurvature(search, at: cluster)
    var (up, down) = ([Double](), [Double]())
    for index in [0, 31, 62, 100] {
      var moved = cluster.coordinates
      func compare(_ matrix: [Double], _ tolerance: Double, _ gradient: ([Double], inout [Double]) -> Void) {
        moved[index] = cluster.coordinates[index] + 1e-4
        gradient(moved, &up)
        moved[index] = cluster.coordinates[index] - 1e-4
        gradient(moved, &down)
        moved[index] = cluster.coordinates[index]
        let scale = matrix.map(\.magnitude).max() ?? 1
        for at in matrix.indices {
          #expect(abs((up[at] - down[at]) / 2e-4 - matrix[at]) < tolerance * scale)
        }
      }
      compare(Array(curvature.misfit.row(index)), 1e-5) { _ = search.value($0, gradient: &$1) }
      compare(Array(curvature.energy.row(index)), 1e-4) { _ = search.energy($0, gradient: &$1) }
    }
  }

  @Test
  func `Clusters have as many atoms as are asked for, and counted electrons scatter as their number says`() {
    for (structure, atoms) in [
      (NanoCluster.Structure.fcc, 55), (.fcc, 147), (.icosahedron, 55), (.icosahedron, 147),
    ] {
      for (defect, more) in [(NanoCluster.Defect.none, 0), (.vacancy, -1), (.interstitial, 1)] {
        var crystal = NanoCluster()
        (crystal.structure, crystal.atoms, crystal.defect) = (structure, atoms, defect)
        let cluster = crystal.cluster()
        #expect(cluster.count == atoms + more)
        let nearest = (1..<cluster.count).map { (cluster[$0] - cluster[0]).length }.min() ?? 0
        #expect(nearest > 0.6 && nearest < 1.1, "\(structure) \(defect)")
      }
    }
    // A dislocation takes no atom, and another neighbourhood than a perfect crystal's is where it is.
    var crystal = NanoCluster()
    (crystal.atoms, crystal.defect) = (201, .dislocation)
    let cluster = crystal.cluster()
    #expect(cluster.count == 201)
    let points = cluster.points
    let bonds = points.map { point in points.count { (0.01...1.25).contains(($0 - point).length) } }
    let deep = points.indices.filter { points[$0].length < 2.2 }
    #expect(deep.contains { bonds[$0] != 12 } && deep.contains { bonds[$0] == 12 })
    let shortest = points.indices.dropFirst().flatMap { i in points[..<i].map { ($0 - points[i]).length } }
      .min()
    #expect((0.85...1).contains(shortest ?? 0))
    let clean = known()
    let counted = known { $0.electrons = 400 }.images
    var (square, expected) = (0.0, 0.0)
    for (value, mean) in zip(counted.values, clean.images.values) {
      square += (value - mean) * (value - mean)
      expected += mean / (400 * counted.area)
    }
    #expect(abs(square / expected - 1) < 0.05)
    #expect(known { $0.electrons = 400 }.images == counted)
  }
}

/// The default method in space.
@Suite(.timeLimit(.minutes(20))) struct ClusterReconstructionTests {
  private func reconstructed(_ crystal: NanoCluster, _ change: (inout ClusterRequest) -> Void = { _ in })
    throws
    -> (
      found: ClusterReconstruction, matching: AtomMatching
    )
  {
    let truth = crystal.cluster()
    var request = ClusterRequest(crystal.images(of: truth))
    change(&request)
    let found = try #require(ClusterReconstruction(request))
    return (found, AtomMatching(found.cluster.points, truth.points, limit: 0.5))
  }

  private func isComplete(_ matching: AtomMatching) -> Bool {
    matching.extra.isEmpty && matching.missing.isEmpty
  }

  /// Neither lattice nor orientation nor defect is told.
  @Test(arguments: [NanoCluster.Defect.vacancy, .interstitial])
  func `A cluster of 55 atoms with a defect is found from three images`(_ defect: NanoCluster.Defect) throws {
    var crystal = NanoCluster()
    (crystal.atoms, crystal.defect, crystal.noise, crystal.euler) = (55, defect, 0.02, SIMD3(25, 37, 11))
    let (found, matching) = try reconstructed(crystal)
    #expect(found.account.isConverged && isComplete(matching))
    #expect(matching.meanError < 0.01 && matching.largestError < 0.03)
    #expect(
      abs(found.account.floor / (0.02 * 7.07 * 0.02 * 7.07 * 0.01 * Double(found.expected.values.count)) - 1)
        < 0.1)
    let trusted = matching.pairs.filter { $0.distance > 0.1 && found.certainty[$0.found].isDetermined }
    #expect(trusted.isEmpty)
  }

  @Test func `A cluster of 147 atoms is found along its zone axes, of counted electrons`() throws {
    var crystal = NanoCluster()
    (crystal.atoms, crystal.electrons) = (147, 2000)
    let (found, matching) = try reconstructed(crystal) { $0.terms.restarts = 2 }
    #expect(found.account.isConverged && isComplete(matching))
    #expect(matching.meanError < 0.03 && matching.largestError < 0.1)
  }

  /// How many atoms there are is not told either.
  @Test func `Atoms of two types are told apart by their weight, and where noise hides it that is said`()
    throws
  {
    var crystal = NanoCluster()
    (crystal.atoms, crystal.noise, crystal.euler, crystal.types) = (55, 0.02, SIMD3(25, 37, 11), [1, 0.6])
    let truth = crystal.weights(crystal.cluster())
    let (found, matching) = try reconstructed(crystal) { $0.types = [1, 0.6] }
    #expect(found.account.isConverged && isComplete(matching) && Set(truth).count == 2)
    #expect(matching.pairs.allSatisfy { found.weights[$0.found] == truth[$0.truth] })
    #expect(found.certainty.allSatisfy { !$0.doubts.contains(.type) })

    (crystal.noise, crystal.types) = (0.2, [1, 0.97])
    let noisy = try reconstructed(crystal) { ($0.types, $0.terms.count) = ([1, 0.97], truth.count) }.found
    #expect(noisy.certainty.count { $0.doubts.contains(.type) } > truth.count / 2)
  }

  @Test func `The same seed gives the same atoms`() throws {
    var crystal = NanoCluster()
    (crystal.atoms, crystal.noise) = (55, 0.02)
    let request = ClusterRequest(crystal.images(of: crystal.cluster()))
    let first = try #require(ClusterReconstruction(request))
    #expect(try #require(ClusterReconstruction(request)).cluster == first.cluster)
  }

  @Test func `Images of two clusters are said not to be explained`() throws {
    var crystal = NanoCluster()
    (crystal.atoms, crystal.noise) = (19, 0.02)
    var images = crystal.images(of: crystal.cluster())
    crystal.euler = SIMD3(30, 40, 0)
    let other = crystal.images(of: crystal.cluster())
    // The first image is of the one, the others are of the other.
    let side = min(images.width, other.width)
    func middle(_ all: ProjectionImages, _ index: Int) -> [Double] {
      let margin = (all.width - side) / 2
      return (margin..<margin + side).flatMap { row in
        (margin..<margin + side).map { all.image(index)[index * all.pixels + row * all.width + $0] }
      }
    }
    let values = middle(images, 0) + middle(other, 1) + middle(other, 2)
    images = ProjectionImages(
      degrees: images.angles, width: side, height: side,
      start: SIMD2(repeating: -0.5 * images.pitch * Double(side - 1)), pitch: images.pitch, values: values)
    var request = ClusterRequest(images)
    (request.terms.restarts, request.terms.scans) = (1, false)
    let found = try #require(ClusterReconstruction(request))
    #expect(!found.account.isConverged && found.certainty.allSatisfy { $0.doubts.contains(.notConverged) })
  }

  @Test func `Who is not wanted any more leaves without atoms in space`() {
    let crystal = NanoCluster()
    let images = crystal.images(of: crystal.cluster())
    #expect(ClusterReconstruction(ClusterRequest(images), isCancelled: { true }) == nil)
  }
}
