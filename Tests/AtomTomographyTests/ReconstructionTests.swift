import AtomTomography
import Foundation
import Learning
import Testing

@Suite(.timeLimit(.minutes(20))) struct ReconstructionTests {
  /// Neither lattice nor defect is told.
  @Test func `All reference crystals are found, every atom near its place`() throws {
    var complete = 0
    for known in ReferenceCase.all {
      let found = try #require(Reconstruction(ReconstructionRequest(known.projections)))
      let matching = AtomMatching(found.atoms.points, known.truth, limit: 0.5)
      #expect(found.account.isConverged && found.kind == known.kind, "\(known)")
      #expect(abs(found.account.floor / known.expectedMisfit - 1) < 0.35, "\(known)")
      let isGood =
        matching.extra.isEmpty && matching.missing.isEmpty && matching.meanError <= 0.02
        && matching.largestError <= 0.05
      complete += isGood ? 1 : 0
      let trusted = matching.pairs.filter { $0.distance > 0.1 && found.certainty[$0.found].isDetermined }
      #expect(trusted.isEmpty, "\(known)")
    }
    #expect(complete >= 11)
  }

  @Test func `The same seed gives the same atoms, and a wrong bond or mass is found out`() throws {
    let known = ReferenceCase.all[1]
    var request = ReconstructionRequest(known.projections)
    let first = try #require(Reconstruction(request))
    #expect(try #require(Reconstruction(request)).atoms == first.atoms)
    for (bond, mass) in [(1.03, 1.0), (0.97, 1.0), (1.0, 1.03), (1.0, 0.97)] {
      request.terms.bond = bond
      request.terms.mass = mass
      let found = try #require(Reconstruction(request))
      let matching = AtomMatching(found.atoms.points, known.truth, limit: 0.5)
      #expect(matching.extra.isEmpty && matching.missing.isEmpty, "\(bond), \(mass)")
    }
  }

  @Test func `Springs around the lattice that was found settle it, too`() throws {
    let known = ReferenceCase.all[9]
    var request = ReconstructionRequest(known.projections)
    request.settlesBySprings = true
    let found = try #require(Reconstruction(request))
    let matching = AtomMatching(found.atoms.points, known.truth, limit: 0.5)
    #expect(matching.extra.isEmpty && matching.missing.isEmpty && matching.meanError < 0.01)
  }

  /// At this noise the mass is off by more than half an atom as often as not.
  @Test func `Where the mass leaves the number open the objective says it`() throws {
    var crystal = Crystallite()
    crystal.defect = .dislocation
    crystal.noise = 0.2
    crystal.seed = 4
    let truth = crystal.atoms()
    let projections = crystal.projections(of: truth)
    let mass = projections.masses.reduce(0, +) / 2
    #expect(Int(mass.rounded()) != truth.count)
    let found = try #require(Reconstruction(ReconstructionRequest(projections)))
    #expect(found.atoms.count == truth.count)
  }

  @Test func `What no arrangement explains is said not to have converged`() throws {
    var projections = ReferenceCase.all[0].projections
    // Another crystal in the second row.
    let other = ReferenceCase.all[8].projections
    for pixel in 0..<projections.pixels {
      projections.values[projections.pixels + pixel] = other.values[pixel]
    }
    var request = ReconstructionRequest(projections)
    request.terms.scans = false
    let found = try #require(Reconstruction(request))
    #expect(!found.account.isConverged)
    #expect(found.certainty.allSatisfy { $0.doubts.contains(.notConverged) })
  }

  @Test func `Who is not wanted any more leaves without an answer`() {
    #expect(
      Reconstruction(ReconstructionRequest(ReferenceCase.all[0].projections), isCancelled: { true }) == nil)
  }

  /// Two vacancies of a square lattice on opposite corners of a rectangle look along both rows as those on the other
  /// two corners do.
  @Test func `Exchanges that two projections of a square lattice cannot see are named`() throws {
    var crystal = Crystallite()
    crystal.kind = .square
    crystal.defect = .none
    crystal.angles = [0, 90]
    var atoms = crystal.atoms()
    let gone = [SIMD2(-1.0, -1), SIMD2(1.0, 1)]
    let rest = atoms.points.filter { point in gone.allSatisfy { ($0 - point).length > 0.1 } }
    #expect(rest.count == atoms.count - 2)
    atoms = AtomPlane(points: rest)
    let found = try #require(Reconstruction(ReconstructionRequest(crystal.projections(of: atoms))))
    #expect(found.account.isConverged)
    // Whichever pair is empty in the answer, the atoms at the other two corners are the ones in question.
    let corners = [SIMD2(-1.0, -1), SIMD2(1.0, 1), SIMD2(-1.0, 1), SIMD2(1.0, -1)]
    let named = found.certainty.indices.filter { found.certainty[$0].doubts.contains(.exchange) }
    #expect(named.count == 2)
    #expect(named.allSatisfy { index in corners.contains { ($0 - found.atoms[index]).length < 0.2 } })
    #expect(found.exchanges.count == 1)

    // A third projection between them tells.
    crystal.angles = [0, 90, 45]
    let told = try #require(Reconstruction(ReconstructionRequest(crystal.projections(of: atoms))))
    #expect(told.exchanges.isEmpty)
    let matching = AtomMatching(told.atoms.points, atoms.points, limit: 0.5)
    #expect(matching.extra.isEmpty && matching.missing.isEmpty)
  }
}

/// Trained for a moment only: that it learns, and that the same seed gives the same network.
@Suite(.timeLimit(.minutes(20))) struct LearnedLocalisationTests {
  @Test func `A network learns where atoms are`() throws {
    var training = LearnedLocalisation.Training()
    (training.steps, training.batch) = (24, 4)
    nonisolated(unsafe) var losses: [Double] = []
    let model = try training.run(report: { _, loss in losses.append(loss) })
    #expect(losses.count == 24)
    let (first, last) = (losses.prefix(4).reduce(0, +), losses.suffix(4).reduce(0, +))
    #expect(last < 0.8 * first)
    training.threads = 1
    let again = try training.run().bytes()
    #expect(try model.bytes() == again)
    let known = ReferenceCase.all[6]
    let found = try LearnedLocalisation(model).atoms(
      known.projections, AtomBlob(sigma: known.sigma), count: known.truth.count)
    #expect(found.count <= known.truth.count && found.count > 0)
  }
}

/// The methods of the publication, on what they can do.
@Suite struct PublishedMethodTests {
  /// Three atoms that no projection shows on top of each other.
  private func few() -> (projections: Projections, truth: [SIMD2<Double>]) {
    let truth: [SIMD2<Double>] = [SIMD2(0.1, 0.2), SIMD2(1.3, -0.4), SIMD2(-0.9, 1.1)]
    let empty = Projections(
      degrees: [0, 40, 80, 130], start: -4, pitch: 0.1, values: [Double](repeating: 0, count: 4 * 81))
    return (empty.projecting(AtomPlane(points: truth), AtomBlob(sigma: 0.15)), truth)
  }

  @Test func `Insertion and descent end at the atoms, without energy and with it`() {
    let (projections, truth) = few()
    for alpha in [0, 1e-6] {
      var insertion = AtomInsertion(projections, AtomBlob(sigma: 0.15))
      insertion.alpha = alpha
      let matching = AtomMatching(insertion.run().points, truth, limit: 0.5)
      #expect(matching.extra.isEmpty && matching.missing.isEmpty && matching.largestError < 1e-3)
    }
  }

  @Test func `Annealing ends on the nearest sites of its grid, and peaks of an image near the atoms`() {
    let (projections, truth) = few()
    var annealing = GridAnnealing(projections, AtomBlob(sigma: 0.15), count: 3)
    annealing.alpha = 0
    let onGrid = AtomMatching(annealing.run().points, truth, limit: 0.5)
    #expect(onGrid.missing.isEmpty && onGrid.largestError < 0.2)
    let method = IterativeReconstruction(projections, AtomBlob(sigma: 0.15))
    let peaks = AtomMatching(method.peaks(method.image(), count: 3).points, truth, limit: 0.5)
    #expect(peaks.missing.isEmpty && peaks.largestError < 0.05)
  }
}
