import FrameScaling
import Scattering
import System

/// A quartz crystal after the other, each of another thickness, tilted through the beam.
struct SeriesSpecimen: DemoSpecimen {
  private let seed: UInt64
  private let unit: AsymmetricUnit

  init(seed: UInt64) throws {
    self.seed = seed
    unit = try AsymmetricUnit(cif: Array((Crystal.knownText("quartz") ?? "").utf8))
  }

  func exposure(_ number: Int, _ accident: Accident?) throws -> Exposure {
    var simulation = SeriesSimulation()
    simulation.frames = 18
    (simulation.first, simulation.step) = (-51, 6)
    // Reflections near the middle, so that few steps follow the fringes of the thickest one.
    simulation.limit = 1.2
    simulation.thickness = 200 + 25 * Double(number % 12)
    simulation.seed = seed &+ UInt64(number)
    var series = try simulation.result(unit).series
    let brightest = series.reflections.map(\.intensity).max() ?? 0
    for place in series.reflections.indices {
      switch accident {
      case .blanked: series.reflections[place].intensity = 0
      case .saturated:
        series.reflections[place].intensity = min(series.reflections[place].intensity, 0.1 * brightest)
      case nil: break
      }
    }
    let digits = String(repeating: "0", count: max(0, 4 - String(number).count)) + "\(number)"
    return Exposure(file: "quartz_\(digits)_dyn.cif_pets", bytes: Array(series.petsText.utf8))
  }
}
