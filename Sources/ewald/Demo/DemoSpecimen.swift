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
  /// Exposures a second that such an experiment may come to: a tilt series takes its time.
  var rate = 2.0
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
    samples: [
      "crystallites/hex-vacancy_sino.tif", "crystallites/cluster-vacancy_series.tif",
      "crystallites/square-dislocation_sino.csv",
    ]
  ) { _, seed in CrystalliteSpecimen(seed: seed) },
  Showpiece(
    name: "frame-scaling", samples: ["quartz-3ded/quartz_dyn.cif_pets"],
    settings: { _ in ["structure": "quartz"] }, rate: 0.1
  ) { _, seed in try SeriesSpecimen(seed: seed) },
]

/// All of them in turns, as on a day of several users; the slow ones not in every round.
struct AlternatingSpecimen: DemoSpecimen {
  private var parts: [any DemoSpecimen]
  private let turns: [Int]

  init(_ pieces: [Showpiece], size: Int, seed: UInt64) throws {
    parts = try pieces.map { try $0.make(size, seed) }
    let rounds = pieces.map { max(1, Int((2 / Double(pieces.count) / $0.rate).rounded())) }
    let most = pieces.count > 1 ? rounds.max() ?? 1 : 1
    turns = (0..<most).flatMap { round in pieces.indices.filter { round % rounds[$0] == 0 } }
  }

  mutating func exposure(_ number: Int, _ accident: Accident?) throws -> Exposure {
    let (round, turn) = (number - 1).quotientAndRemainder(dividingBy: turns.count)
    let part = turns[turn]
    let before = round * turns.count { $0 == part } + turns[..<turn].count { $0 == part }
    return try parts[part].exposure(before + 1, accident)
  }

  /// The same specimen a good while later: what an operator puts in the place of an exposure.
  mutating func repeated(_ number: Int) throws -> Exposure {
    try exposure(number + 1000 * turns.count, nil)
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
