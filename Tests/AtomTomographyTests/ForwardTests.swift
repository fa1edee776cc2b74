import AtomTomography
import Foundation
import JSON
import Testing

/// Projection, potentials and their gradients against values computed elsewhere, and against differences.
@Suite struct ForwardTests {
  private let reference = ReferenceCase.json("forward_reference.json")

  private var atoms: AtomPlane { AtomPlane(points: ReferenceCase.points(reference["atoms"])) }

  private func axis() throws -> Projections {
    let rows = try #require(reference["projection"]?.items)
    let u = try #require(reference["u"]?.items)
    let start = try #require(u[0].double)
    return Projections(
      degrees: [0, 60, 120], start: start, pitch: 0.1,
      values: rows.flatMap { ($0.items ?? []).compactMap(\.double) })
  }

  private func close(_ a: [Double], _ b: [Double], _ tolerance: Double) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }
  }

  @Test func `Projections are those of the reference`() throws {
    let expected = try axis()
    let found = expected.projecting(atoms, AtomBlob(sigma: 0.15))
    #expect(close(found.values, expected.values, 1e-10))
    // Written out, pixel by pixel.
    var plain = [Double](repeating: 0, count: expected.values.count)
    for (index, angle) in expected.angles.enumerated() {
      for pixel in 0..<expected.pixels {
        let u = expected.start + 0.1 * Double(pixel)
        for point in atoms.points {
          let d = u - point.x * cos(angle * .pi / 180) - point.y * sin(angle * .pi / 180)
          plain[index * expected.pixels + pixel] += exp(-d * d / (2 * 0.15 * 0.15)) / (sqrt(2 * .pi) * 0.15)
        }
      }
    }
    #expect(close(found.values, plain, 1e-10))
  }

  @Test func `Misfit, energies and gradients are those of the reference`() throws {
    var zero = try axis()
    zero.values = zero.values.map { _ in 0 }
    var gradient: [Double] = []
    let value = AtomObjective(zero, AtomBlob(sigma: 0.15)).value(atoms.coordinates, gradient: &gradient)
    #expect(abs(value.misfit - (try #require(reference["misfit_against_zero"]?.double))) < 1e-9)
    #expect(
      close(gradient, ReferenceCase.points(reference["misfit_gradient"]).flatMap { [$0.x, $0.y] }, 1e-9))
    for (potential, name, slope) in [
      (PairPotential.lennardJones, "energy_lj", "energy_gradient"),
      (.square, "energy_ljgauss", "energy_gradient_ljgauss"),
    ] {
      let energy = AtomObjective(zero, AtomBlob(sigma: 0.15), potential: potential)
        .energy(atoms.coordinates, gradient: &gradient)
      #expect(abs(energy - (try #require(reference[name]?.double))) < 1e-10)
      #expect(close(gradient, ReferenceCase.points(reference[slope]).flatMap { [$0.x, $0.y] }, 1e-9))
    }
  }

  @Test func `The potentials are those of the table`() throws {
    let text = try String(contentsOf: ReferenceCase.folder.appending(path: "potential.csv"), encoding: .utf8)
    let rows = text.split(separator: "\n").dropFirst().map {
      $0.split(separator: ",").compactMap { Double($0) }
    }
    #expect(rows.count == 20)
    for row in rows {
      let plain = PairPotential.lennardJones.pair(row[0])
      let square = PairPotential.square.pair(row[0])
      for (found, expected) in [
        (plain.value, row[1]), (plain.slope, row[2]), (square.value, row[3]), (square.slope, row[4]),
      ] {
        // Distances have twelve digits in the table, and the slope of the well changes 49 times as fast as they.
        #expect(abs(found - expected) <= 1e-10 * max(1, abs(expected)) + 49 * 5e-12, "at \(row[0])")
      }
    }
  }

  @Test(arguments: PairPotential.allCases)
  func `The gradient is what differences say`(_ potential: PairPotential) throws {
    let known = ReferenceCase.all[6]
    let objective = AtomObjective(
      known.projections, AtomBlob(sigma: 0.15), potential: potential, alpha: 0.13, bond: 1.04, mass: 0.97)
    var coordinates = known.truth.flatMap { [$0.x + 0.02 * $0.y, $0.y - 0.03 * $0.x * $0.x] }
    // Two atoms within the core.
    coordinates += [known.truth[5].x + 0.3, known.truth[5].y + 0.2]
    var gradient: [Double] = []
    var ignored: [Double] = []
    _ = objective.value(coordinates, gradient: &gradient)
    let scale = gradient.map(\.magnitude).max() ?? 1
    let step = 1e-5
    for index in coordinates.indices {
      var (up, down) = (coordinates, coordinates)
      up[index] += step
      down[index] -= step
      let slope =
        (objective.value(up, gradient: &ignored).total - objective.value(down, gradient: &ignored).total)
        / (2 * step)
      #expect(abs(slope - gradient[index]) < 1e-6 * scale)
    }
  }

  @Test func `Springs pull by their gradient`() {
    let network = HarmonicNetwork(bonds: [
      HarmonicNetwork.Bond(0, 1, length: 1, stiffness: 3),
      HarmonicNetwork.Bond(1, 2, length: 1.4, stiffness: 0.5),
    ])
    let coordinates = [0, 0, 0.9, 0.2, 1.7, -0.8]
    func energy(_ coordinates: [Double], _ gradient: inout [Double]) -> Double {
      gradient = [Double](repeating: 0, count: 6)
      return gradient.withUnsafeMutableBufferPointer { buffer in
        coordinates.withUnsafeBufferPointer {
          network.energy($0.baseAddress!, scale: 2, gradient: buffer.baseAddress!)
        }
      }
    }
    var gradient: [Double] = []
    var ignored: [Double] = []
    #expect(energy(coordinates, &gradient) > 0)
    for index in coordinates.indices {
      var (up, down) = (coordinates, coordinates)
      up[index] += 1e-6
      down[index] -= 1e-6
      let slope = 2 * (energy(up, &ignored) - energy(down, &ignored)) / 2e-6
      #expect(abs(slope - gradient[index]) < 1e-6)
    }
  }

  /// The list by cells against all pairs, before and after atoms have moved.
  @Test func `Many atoms have the energy of all their pairs`() {
    var crystal = Crystallite()
    crystal.defect = .dislocation
    crystal.halfWidth = 12
    crystal.shape = .disc
    crystal.kind = .square
    var atoms = crystal.atoms()
    #expect(atoms.count > 400)
    let nothing = Projections(degrees: [], start: 0, pitch: 1, values: [])
    let objective = AtomObjective(nothing, AtomBlob(sigma: 0.15), potential: .square, alpha: 1)
    var gradient: [Double] = []
    for turn in 0..<3 {
      for index in atoms.coordinates.indices {
        atoms.coordinates[index] += 0.12 * Double(turn) * sin(Double(index))
      }
      var plain = 0.0
      for i in 0..<atoms.count {
        for j in 0..<i { plain += PairPotential.square.pair((atoms[i] - atoms[j]).length).value }
      }
      #expect(abs(objective.energy(atoms.coordinates, gradient: &gradient) - plain) < 1e-9 * abs(plain))
    }
  }
}
