import Diffraction
import FrameFormats
import SPED
import Scattering

/// Magnesium oxide on carbon, scanned line by line: a block file that grows by a few lines an exposure. When a
/// scan is complete another field is looked at.
struct ParticleSpecimen: DemoSpecimen {
  private let seed: UInt64
  private let exposures = 13
  private var field: (number: Int, simulation: SPEDSimulation, maker: SPEDSimulation.Maker)?

  init(seed: UInt64) throws {
    self.seed = seed
  }

  mutating func exposure(_ number: Int, _ accident: Accident?) throws -> Exposure {
    let index = (number - 1) / exposures
    let part = (number - 1) % exposures
    if field?.number != index {
      let specimen = Specimen.strewn(
        count: 6, width: 192, height: 156, sizes: 30...60, seed: seed &+ UInt64(index))
      var simulation = SPEDSimulation(crystal: try Crystal(known: "magnesium-oxide"), specimen: specimen)
      simulation.seed = seed &+ UInt64(index)
      field = (index, simulation, simulation.maker())
    }
    guard let field else { throw Failure("the specimen is gone") }
    let points = field.simulation.scanWidth * field.simulation.scanHeight
    let range = points * part / exposures..<points * (part + 1) / exposures
    // A scan does not stop for a blanked beam; accidents befall the other specimens.
    let bytes =
      (part == 0 ? SPEDRequest.header(field.simulation) : []) + SPEDRequest.records(range, field.maker)
    let name = frameName("sped", index + 1)
    return Exposure(file: String(name.dropLast(4)) + ".blo", bytes: bytes, appends: part > 0)
  }
}
