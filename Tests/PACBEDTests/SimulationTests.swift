import Foundation
import PACBED
import Scattering
import Testing

@Suite struct SimulationTests {
  private func simulation() throws -> PACBEDSimulation {
    var simulation = PACBEDSimulation(crystal: try Crystal(known: "silicon"))
    simulation.zone = [1, 1, 0]
    simulation.kilovolts = 200
    simulation.convergence = 5
    simulation.mistilt = [1, -0.5]
    simulation.thicknesses = [2, 5.5]
    simulation.width = 26
    simulation.height = 20
    simulation.pitch = [0.6, 0.5]
    return simulation
  }

  @Test func `a simulation returns images and a list of cases that JSON readers take`() throws {
    var simulation = try simulation()
    simulation.debyeWaller = true
    let output = try simulation.run()
    #expect(output.patterns.map(\.thickness) == [2, 5.5])
    #expect(output.patterns.allSatisfy { $0.image.rows == 20 && $0.image.columns == 26 })
    #expect(output.patterns[0].name == "silicon_a5_tx1ty-0.5_t2nm")
    let list = try #require(JSONSerialization.jsonObject(with: Data(output.cases.utf8)) as? [String: Any])
    let cases = try #require(list["cases"] as? [[String: Any]])
    #expect(cases.count == 2)
    #expect(cases[1]["thickness_A"] as? Double == 55)
    #expect(cases[1]["shape"] as? [Int] == [20, 26])
    #expect(cases[1]["mistilt_mrad"] as? [Double] == [1, -0.5])
    let crystals = try #require(list["crystals"] as? [String: [String: Any]])
    #expect((crystals["silicon"]?["atoms"] as? [Any])?.count == 4)
    let resting = try {
      simulation.debyeWaller = false; return try simulation.run()
    }()
    #expect(resting.patterns[1].image != output.patterns[1].image)
  }

  @Test func `the two form factor families give nearly the same pattern`() throws {
    var simulation = try simulation()
    let kirkland = try simulation.run().patterns[1].image.values
    simulation.formFactors = .lobato
    let lobato = try simulation.run().patterns[1].image.values
    let match = correlation(kirkland, lobato)
    #expect(match > 0.9995 && match < 1)
  }

  @Test func `requests that make no sense are refused in words`() throws {
    for change in [
      { $0.thicknesses = [] }, { $0.thicknesses = [-1] }, { $0.width = 0 }, { $0.pitch = [0, 1] },
      { $0.zone = .zero },
      { $0.kilovolts = 0 }, { $0.thicknesses = [1e6] },
    ] as [(inout PACBEDSimulation) -> Void] {
      var simulation = try simulation()
      change(&simulation)
      #expect(throws: PACBEDError.self) { try simulation.run() }
    }
    var moving = PACBEDSimulation(crystal: try Crystal(known: "rutile"))
    moving.thicknesses = [1]
    moving.debyeWaller = true
    #expect(throws: PACBEDError.self) { try moving.run() }
  }

  @Test func `a wedge grows thicker from frame to frame and says by how much`() throws {
    let wedge = WedgeSample(
      simulation: try simulation(), frames: 5, thickness: 1...5, detector: CameraEffects(electrons: 5e4),
      seed: 9)
    let output = try wedge.run()
    #expect(output.thicknesses == [1, 2, 3, 4, 5])
    #expect(output.names[4] == "wedge_004")
    for frame in output.frames {
      let electrons = frame.values.reduce(0) { $0 + Double($1) }
      #expect(abs(electrons / 5e4 - 1) < 0.03)
      #expect(frame.values.allSatisfy { abs($0 - $0.rounded()) < 0.01 }, "frames hold counts")
    }
    let truth = try #require(JSONSerialization.jsonObject(with: Data(output.truth.utf8)) as? [String: Any])
    let frames = try #require(truth["frames"] as? [[String: Any]])
    #expect(frames.map { $0["thickness_nm"] as? Double } == [1, 2, 3, 4, 5])
    #expect(try wedge.run().frames == output.frames)
    #expect(try WedgeSample.rutile().simulation.crystal.name == "rutile")
  }
}
