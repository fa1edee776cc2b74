import Diffraction
import FrameFormats

/// What the demo's microscope looks at: exposure by exposure, from a number alone.
protocol Specimen {
  /// Numbers count from 1. What an accident does to an exposure is the specimen's business.
  mutating func exposure(_ number: Int, _ accident: Accident?) throws -> Exposure
}

/// What goes wrong at a microscope, besides its files.
enum Accident { case blanked, saturated }

struct Exposure {
  /// Under the watched folder.
  var file: String
  var bytes: [UInt8]
  /// The file grows: a scan that is written while it is acquired.
  var appends = false
}

/// Every engine's specimen, by the engine's name; a new engine adds its line.
let specimens: [(name: String, make: @Sendable (_ size: Int, _ seed: UInt64) throws -> any Specimen)] = [
  ("frame", { size, seed in DiscSpecimen(beam: SimulatedBeam(size: size, seed: seed)) }),
  ("cbleed", { size, seed in try SurfaceSpecimen(size: size, seed: seed) }),
  ("pacbed", { size, seed in try WedgeSpecimen(size: size, seed: seed) }),
  ("sped", { _, seed in try ParticleSpecimen(seed: seed) }),
]

/// All of them in turns, as on a day of several users.
struct TakingTurns: Specimen {
  var parts: [any Specimen]

  mutating func exposure(_ number: Int, _ accident: Accident?) throws -> Exposure {
    let index = (number - 1) % parts.count
    return try parts[index].exposure((number - 1) / parts.count + 1, accident)
  }
}

/// `pacbed_0012.tif`
func frameName(_ kind: String, _ number: Int) -> String {
  "\(kind)_\(String(repeating: "0", count: max(0, 4 - String(number).count)))\(number).tif"
}

/// A disc with fringes that stand for no crystal: for the engine that needs none.
struct DiscSpecimen: Specimen {
  let beam: SimulatedBeam

  func exposure(_ number: Int, _ accident: Accident?) -> Exposure {
    let pixels = beam.frame(number, isBlanked: accident == .blanked, isSaturated: accident == .saturated)
    let page = TIFFWriter.Page(pixels, description: "ImageJ=1.53k\nunit=mrad\nsimulated=yes\n")
    return Exposure(file: frameName("disc", number), bytes: TIFFWriter.encode([page]))
  }
}
