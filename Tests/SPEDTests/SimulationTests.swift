import Diffraction
import Glibc
import SPED
import Scattering
import Testing

@Suite struct SimulationTests {
  private func simulation() throws -> SPEDSimulation {
    let specimen = Specimen.strewn(count: 4, width: 180, height: 144, sizes: 34...46, seed: 3)
    var simulation = SPEDSimulation(crystal: try Crystal(known: "magnesium-oxide"), specimen: specimen)
    (simulation.scanWidth, simulation.scanHeight) = (30, 24)
    return simulation
  }

  @Test func aTiltedCubeIsAsThickAsItsDiagonal() {
    let flat = Particle(shape: .cube, size: 40, centre: [0, 0], orientation: Particle.rotation(20, 0, 0))
    #expect(abs(flat.thickness(3, -4) - 40) < 1e-9)
    #expect(flat.thickness(40, 0) == 0)
    let corner = Particle(
      shape: .cube, size: 40, centre: [0, 0],
      orientation: Particle.rotation(0, acos(1 / 3.0.squareRoot()) * 180 / .pi, 45))
    #expect(abs(corner.thickness(0, 0) - 40 * 3.0.squareRoot()) < 0.01)
    let sphere = Particle(shape: .sphere, size: 40, centre: [0, 0], orientation: Particle.rotation(0, 0, 0))
    #expect(abs(sphere.thickness(12, 0) - 32) < 1e-9)
  }

  @Test func theSameSeedMakesTheSameScanAndAnotherMakesAnother() throws {
    let maker = try simulation().maker()
    #expect(maker.pattern(7).doubles() == maker.pattern(7).doubles())
    #expect(maker.pattern(7).doubles() != maker.pattern(8).doubles())
  }

  @Test func electronsAreKeptWhateverTheySeeOnTheirWay() throws {
    var simulation = try simulation()
    simulation.electrons = 2000
    let maker = simulation.maker()
    for point in stride(from: 0, to: 320, by: 37) {
      let total = maker.pattern(point).doubles().reduce(0, +)
      // Some fall beside the detector, some of the direct beam above eight bits.
      #expect(total < 2150 && total > 500)
    }
  }

  @Test func theEngineFindsWhatWasSimulated() throws {
    let simulation = try simulation()
    let maker = simulation.maker()
    let source = SimulatedSource(simulation, maker)
    let finding = try SPEDEngine().analyze(.scan(source), ParameterValues(), AnalysisContext())
    let truth = maker.truth()
    #expect(truth.masks.count == 4)
    #expect((finding["crystals"]?.value ?? 0) >= 3)
    #expect((finding["crystals"]?.value ?? 0) <= 5)
    let covered = truth.masks.reduce(into: Set<Int>()) { set, mask in
      for (p, value) in mask.doubles().enumerated() where value > 0 { set.insert(p) }
    }
    let percent = 100 * Double(covered.count) / 720
    #expect(abs((finding["covered"]?.value ?? 0) - percent) < 8)
  }
}

private final class SimulatedSource: FrameSource {
  let summary: FileSummary
  private let maker: SPEDSimulation.Maker

  init(_ simulation: SPEDSimulation, _ maker: SPEDSimulation.Maker) {
    self.maker = maker
    let shape = ScanShape(width: simulation.scanWidth, height: simulation.scanHeight)
    summary = FileSummary(
      format: "memory", width: simulation.detector, height: simulation.detector, sample: .uint8,
      frames: shape.count, scan: Sourced(shape, source: "test"))
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame { Frame(pixels: maker.pattern(index), index: index) }
}
