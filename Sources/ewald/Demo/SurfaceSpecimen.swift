import System
import CBLEED
import Diffraction
import FrameFormats

/// Si(001)-(2x1) under a convergent slow beam: the energy goes up and down, and now and then the dimers
/// buckle more or less.
struct SurfaceSpecimen: DemoSpecimen {
  private let surface: SurfaceModel
  private let model: DynamicalModel
  private let detector: Detector
  private let seed: UInt64

  init(size: Int, seed: UInt64) throws {
    surface = try .siliconDimers()
    model = DynamicalModel(
      surface: surface, phaseShifts: try surface.phaseShifts(),
      settings: DynamicalSettings(cone: .interpolated(degree: 6)))
    // More pixels than discs fill are no use to a demo that must keep its pace.
    detector = Detector(commensurateWith: surface.cell, size: max(48, min(size, 128)))
    self.seed = seed
  }

  mutating func exposure(_ number: Int, _ accident: Accident?) throws -> Exposure {
    var random = RandomNumbers(seed: seed).stream(number)
    var steps = RandomNumbers(seed: seed).stream(-1 - number / 16)
    let step = number % 60
    let energy = 45 + Double(step < 30 ? step : 60 - step)
    let structure = try surface.structure([
      "dimer_buckling": 0.1 + 0.5 * steps.uniform(), "dimer_height": 0.2 * steps.uniform() - 0.1,
      "dimer_length": 2.2 + 0.2 * steps.uniform(),
    ])
    var camera = detector
    camera.shift = PlaneVector(
      detector.pixel * (2 * random.uniform() - 1), detector.pixel * (2 * random.uniform() - 1))
    let pattern = try model.patterns(energy: energy, structures: [structure], detector: camera)[0]
    var values = Augmentation(peakCounts: 500, background: 0.03).degrade(pattern, &random).values
    switch accident {
    case .blanked: for i in values.indices { values[i] = Float((i * 7919) % 3) }
    case .saturated: for i in values.indices { values[i] *= 500 }
    case nil: break
    }
    let counts = values.map { UInt16(min(65535, max(0, $0.rounded()))) }
    let page = TIFFWriter.Page(
      Pixels(width: camera.size, height: camera.size, values: counts), description: "simulated CBLEED pattern"
    )
    return Exposure(file: frameName("cbleed", number), bytes: TIFFWriter.encode([page]))
  }
}
