import Arrays
import CBLEED
import Foundation
import Testing

@Suite struct DynamicalTests {
  static let reference = DynamicalSettings(
    maximumDegree: 7, beamAmplitude: 1e-3, latticeRadius: .fixed(90), bulkLayers: 24)
  /// Coarse, for laws that hold at every order.
  static let coarse = DynamicalSettings(
    maximumDegree: 3, beamAmplitude: 0.05, latticeRadius: .untilAmplitude(0.02), bulkLayers: 8)

  static func model(_ settings: DynamicalSettings, _ surface: SurfaceModel = Reference.surface)
    -> DynamicalModel
  {
    DynamicalModel(surface: surface, phaseShifts: [Reference.phaseShifts], settings: settings)
  }

  @Test func `multiple scattering amplitudes agree with the reference`() throws {
    let model = Self.model(Self.reference)
    let groups = Dictionary(grouping: Reference.table("iv_points.csv")) { Array($0[0..<6]) }
    #expect(groups.count == 4)
    for (key, rows) in groups {
      let structure = try Reference.surface.structure(Reference.parameters(key[3], key[4], key[5]))
      let beams = try model.reflections(
        energy: key[0], kappas: [PlaneVector(key[1], key[2])], structures: [structure])[0][0]
      for row in rows {
        let beam = try #require(beams.first { $0.beam == BeamIndex(Int(row[6]), Int(row[7])) })
        let error = (beam.amplitude - ComplexDouble(row[8], row[9])).modulus
        #expect(error <= 1e-5 * ComplexDouble(row[8], row[9]).modulus)
        #expect(abs(beam.intensity / row[10] - 1) <= 1e-5)
      }
    }
  }

  @Test func `a pattern agrees with the reference along a row of incident directions`() throws {
    let model = Self.model(DynamicalSettings())
    let structure = try Reference.surface.structure(Reference.parameters(0, 0.1, 0.4))
    let reference = Reference.image("dynamical_60eV.f32")
    let maximum = Double(try #require(reference.max()))
    let pixel = Double.pi / (5.4310 / 2.0.squareRoot()) / 10
    let columns = [-3, 1]
    let angles = try model.reflections(
      energy: 60, kappas: columns.map { PlaneVector(Double($0) * pixel, 2 * pixel) }, structures: [structure])[
        0]
    for (column, beams) in zip(columns, angles) {
      for beam in beams {
        let (r, c) = (28 - 2 - 20 * beam.beam.k, 28 + column + 10 * beam.beam.h)
        guard (0..<56).contains(r), (0..<56).contains(c) else { continue }
        #expect(abs(beam.intensity - Double(reference[r * 56 + c])) <= 1e-5 * maximum)
      }
    }
  }

  @Test func `intensities follow the independent program`() throws {
    let groups = Dictionary(grouping: Reference.table("independent_program.csv")) { Array($0[0..<5]) }
    #expect(groups.count == 6)
    for (key, rows) in groups {
      let surface = Reference.surface(top: key[2], below: key[1])
      let model = Self.model(DynamicalSettings(), surface)
      let structure = try surface.structure(Reference.parameters(0, 0.1, 0.4))
      let kappa = PlaneVector(key[3], key[4])
      let beams = try model.reflections(energy: key[0], kappas: [kappa], structures: [structure])[
        0][0]
      var (mine, theirs): ([Double], [Double]) = ([], [])
      for row in rows {
        let order = BeamIndex(Int(row[5]), Int(row[6]))
        let beam = try #require(beams.first { $0.beam == order })
        let out = kappa + structure.cell.beam(order.h, order.k)
        // CLEED absorbs from 1.25 A above the top atom on.
        let decay = Self.decay(key[0], kappa) + Self.decay(key[0], out)
        mine.append(beam.intensity * exp(-2 * (1.25 - 0.24) * decay))
        theirs.append(row[7])
      }
      #expect(Self.correlation(mine, theirs) >= 0.998)
    }
  }

  /// Im kz inside the crystal.
  static func decay(_ energy: Double, _ along: PlaneVector) -> Double {
    let square = ComplexDouble((energy + 12) / 3.809982111 - along.squaredLength, 4 / 3.809982111)
    return ((square.modulus - square.re) / 2).squareRoot()
  }

  static func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let (ma, mb) = (a.reduce(0, +) / Double(a.count), b.reduce(0, +) / Double(b.count))
    var (aa, bb, ab) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      aa += (x - ma) * (x - ma)
      bb += (y - mb) * (y - mb)
      ab += (x - ma) * (y - mb)
    }
    return ab / (aa * bb).squareRoot()
  }

  @Test func `a wave and its reverse are reflected alike`() throws {
    let structure = try Reference.surface.structure(["dimer_buckling": 0.45, "dimer_height": 0.1])
    let model = Self.model(Self.coarse)
    let energy = 57.0
    let kappa = PlaneVector(0.11, -0.23)
    let forward = try model.reflections(energy: energy, kappas: [kappa], structures: [structure])[0][0]
    func normal(_ p: PlaneVector) -> ComplexDouble {
      let square = ComplexDouble((energy + 12) / 3.809982111 - p.squaredLength, 4 / 3.809982111)
      let decay = ((square.modulus - square.re) / 2).squareRoot()
      return ComplexDouble(square.im / (2 * decay), decay)
    }
    var checked = 0
    for beam in forward where abs(beam.beam.h) <= 2 && abs(beam.beam.k) <= 1 {
      let out = kappa + structure.cell.beam(beam.beam.h, beam.beam.k)
      // Coming in the way the beam went out, the wave leaves the way it came.
      let backward = try model.reflections(energy: energy, kappas: [-out], structures: [structure])[0][0]
      let back = try #require(backward.first { $0.beam == beam.beam })
      let a = normal(out) * beam.amplitude
      let b = normal(kappa) * back.amplitude
      #expect((a - b).modulus <= 1e-10 * max(a.modulus, 1e-3))
      checked += 1
    }
    #expect(checked >= 9)
  }

  @Test func `reversing the buckling mirrors the beams`() throws {
    let model = Self.model(Self.coarse)
    let structures = try [0.5, -0.5].map { try Reference.surface.structure(["dimer_buckling": $0]) }
    let kappas = [PlaneVector(0.2, 0.1), PlaneVector(-0.2, 0.1)]
    let found = try model.reflections(energy: 48, kappas: kappas, structures: structures)
    let largest = try #require(found[0][0].map(\.intensity).max())
    for beam in found[0][0] {
      let image = try #require(found[1][1].first { $0.beam == BeamIndex(-beam.beam.h, beam.beam.k) })
      // As good as the coarse cut of the lattice sums, which knows no mirror planes.
      #expect(abs(beam.intensity - image.intensity) <= 0.02 * largest)
    }
  }

  @Test func `patterns that share mirrored directions differ by no more than the cut`() throws {
    let model = Self.model(Self.coarse)
    let structure = try Reference.surface.structure(["dimer_buckling": 0.3])
    var detector = Detector(commensurateWith: structure.cell, size: 24)
    detector.discRadius = 0.3
    let all = try model.patterns(energy: 50, structures: [structure], detector: detector, mirrors: .ignored)[
      0]
    let shared = try model.patterns(energy: 50, structures: [structure], detector: detector)[0]
    let maximum = try #require(all.values.max())
    #expect(maximum > 0)
    for (a, b) in zip(all.values, shared.values) { #expect(abs(a - b) <= 0.02 * maximum) }
    #expect(
      model.incidentDirections(energy: 50, structures: [structure], detector: detector)
        < model.incidentDirections(energy: 50, structures: [structure], detector: detector, mirrors: .ignored)
    )
  }

  @Test func `structures that share an energy come out as they do alone`() throws {
    let model = Self.model(Self.coarse)
    let structures = try [0.1, 0.2].map { try Reference.surface.structure(["dimer_height": $0]) }
    let kappas = [PlaneVector(0.05, 0.1), PlaneVector(0, 0)]
    let together = try model.reflections(energy: 40, kappas: kappas, structures: structures)
    for (number, structure) in structures.enumerated() {
      let alone = try model.reflections(energy: 40, kappas: kappas, structures: [structure])[0]
      #expect(alone == together[number])
    }
  }

  @Test func `a cancelled run says so`() throws {
    let structure = try Reference.surface.structure()
    #expect(throws: CBLEEDError.cancelled) {
      try Self.model(Self.coarse).reflections(
        energy: 40, kappas: [.zero], structures: [structure], isCancelled: { true })
    }
  }
}
