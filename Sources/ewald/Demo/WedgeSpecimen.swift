import System
import Arrays
import Diffraction
import FrameFormats
import PACBED
import Scattering

/// A rutile wedge along c at 80 kV: the beam goes up and down its edge, and every pass finds it tilted
/// otherwise.
struct WedgeSpecimen: DemoSpecimen {
  private var sample: WedgeSample
  private let size: Int
  private let seed: UInt64
  private var pass: (number: Int, frames: [Matrix])?

  /// mrad across the camera, whatever its size.
  static let field = 64.0

  init(size: Int, seed: UInt64) throws {
    sample = try .rutile()
    sample.simulation.cache = .standard()
    (sample.simulation.width, sample.simulation.height) = (size, size)
    sample.simulation.pitch = Vector2(Self.field / Double(size), Self.field / Double(size))
    self.size = size
    self.seed = seed
  }

  mutating func exposure(_ number: Int, _ accident: Accident?) throws -> Exposure {
    let turn = sample.frames
    let index = (number - 1) % turn
    let frames = try frames(ofPass: (number - 1) / turn)
    var values = frames[(number - 1) / turn % 2 == 0 ? index : turn - 1 - index].values
    let peak = values.max() ?? 1
    switch accident {
    case .blanked: for i in values.indices { values[i] = Float((i * 7919) % 5) }
    case .saturated: for i in values.indices { values[i] *= 90_000 / peak }
    case nil: break
    }
    let counts = values.map { UInt16(min(65535, max(0, $0.rounded()))) }
    let page = TIFFWriter.Page(
      Pixels(width: size, height: size, values: counts), description: "simulated PACBED of a rutile wedge")
    return Exposure(file: frameName("pacbed", number), bytes: TIFFWriter.encode([page]))
  }

  private mutating func frames(ofPass number: Int) throws -> [Matrix] {
    if let pass, pass.number == number { return pass.frames }
    var random = RandomNumbers(seed: seed).stream(number)
    sample.seed = seed &+ UInt64(number)
    sample.simulation.mistilt = Vector2(random.uniform() * 6 - 3, random.uniform() * 6 - 3)
    sample.rotationDegrees = random.uniform() * 360
    let frames = try sample.run().frames
    pass = (number, frames)
    return frames
  }
}
