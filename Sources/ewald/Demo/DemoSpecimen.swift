import Diffraction
import FrameFormats

/// What the demo's microscope looks at: exposure by exposure, from a number alone.
package protocol DemoSpecimen {
  /// Numbers count from 1. What an accident does to an exposure is the specimen's business.
  mutating func exposure(_ number: Int, _ accident: Accident?) throws -> Exposure
}

/// What goes wrong at a microscope, besides its files.
package enum Accident { case blanked, saturated }

package struct Exposure {
  /// Under the watched folder.
  package var file: String
  package var bytes: [UInt8]
  /// The file grows: a scan that is written while it is acquired.
  package var appends = false
}

/// What an engine is shown with: a specimen under the demo's microscope, an acquisition that comes with the
/// program, and what an operator would say of both.
package struct Showpiece: Sendable {
  /// The engine's.
  package let name: String
  /// Files under `Samples`; none for an engine whose specimen is sample enough.
  package var samples: [String] = []
  /// What an operator knows of the microscope and types in once, for frames so many pixels wide.
  package var settings: @Sendable (_ size: Int) -> [String: String] = { _ in [:] }
  package let make: @Sendable (_ size: Int, _ seed: UInt64) throws -> any DemoSpecimen
}

/// Every engine's; a new engine adds its own.
package let specimens = [
  Showpiece(name: "frame") { size, seed in DiscSpecimen(beam: SimulatedBeam(size: size, seed: seed)) },
  Showpiece(
    name: "cbleed", samples: ["silicon-cbleed/cbleed_00003.tif", "silicon-cbleed/cbleed_00012.tif"],
    settings: { _ in ["model": "silicon-dimers"] }
  ) { size, seed in try SurfaceSpecimen(size: size, seed: seed) },
  Showpiece(
    name: "pacbed", samples: ["rutile-wedge/wedge_007.tif", "rutile-wedge/wedge_013.tif"],
    settings: { size in
      [
        "material": "rutile-80kv", "voltage_kv": "80", "convergence_mrad": "20",
        "pixel_mrad": "\(WedgeSpecimen.field / Double(size))", "stage_calibration": "35,125",
      ]
    }
  ) { size, seed in try WedgeSpecimen(size: size, seed: seed) },
  Showpiece(name: "sped", samples: ["mgo-sped/mgo-sped.blo"]) { _, seed in try ParticleSpecimen(seed: seed) },
  Showpiece(
    name: "atom-tomography",
    samples: ["crystallites/hex-vacancy_sino.tif", "crystallites/square-dislocation_sino.csv"]
  ) { _, seed in CrystalliteSpecimen(seed: seed) },
  Showpiece(
    name: "frame-scaling", samples: ["quartz-3ded/quartz_dyn.cif_pets"],
    settings: { _ in ["structure": "quartz"] }
  ) { _, seed in try SeriesSpecimen(seed: seed) },
]

/// All of them in turns, as on a day of several users.
struct AlternatingSpecimen: DemoSpecimen {
  var parts: [any DemoSpecimen]

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
struct DiscSpecimen: DemoSpecimen {
  let beam: SimulatedBeam

  func exposure(_ number: Int, _ accident: Accident?) -> Exposure {
    let pixels = beam.frame(number, isBlanked: accident == .blanked, isSaturated: accident == .saturated)
    let page = TIFFWriter.Page(pixels, description: "ImageJ=1.53k\nunit=mrad\nsimulated=yes\n")
    return Exposure(file: frameName("disc", number), bytes: TIFFWriter.encode([page]))
  }
}
