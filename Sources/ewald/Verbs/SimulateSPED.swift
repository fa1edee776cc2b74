import System
import Arrays
import Diffraction
import FrameFormats
import Glibc
import SPED
import Scattering

let simulateSPED = Verb(
  name: "sped", operands: "",
  summary: "a precession scan of cubes and spheres on carbon: a block file and its truth",
  options: [
    Verb.Option(
      "--crystal", "FILE.cif|NAME", "a CIF file, or one of \(Crystal.knownNames.joined(separator: ", "))"),
    Verb.Option("--scan", "WxH", "scan points (32x26)"),
    Verb.Option("--step-nm", "N", "6"),
    Verb.Option("--detector", "N", "pixels along an edge (72)"),
    Verb.Option("--pixel", "N", "1/angstrom (0.0649)"),
    Verb.Option("--voltage-kv", "N", "200"),
    Verb.Option("--precession-mrad", "N", "16"),
    Verb.Option("--electrons", "N", "of a pattern (16000)"),
    Verb.Option("--particles", "N", "6"),
    Verb.Option("--sizes-nm", "A,B", "of particles (30,60)"),
    Verb.Option("--seed", "N", "same seed, same scan (1)"),
    Verb.Option("--name", "NAME", "of the files (sped)"),
    Verb.Option("--output", "DIR", "where they go"),
  ],
  run: { arguments in
    guard let folder = arguments["--output"] else { throw UsageError("simulate: --output DIR is needed") }
    let simulation = try SPEDRequest.simulation(arguments)
    let name = arguments["--name"] ?? "sped"
    guard !name.contains("/"), !name.isEmpty else { throw UsageError("--name \(name): is no file's name") }
    try Folder.make(folder)
    let maker = simulation.maker()
    try NewFile.write(SPEDRequest.file(simulation, maker), to: "\(folder)/\(name).blo", durability: .cached)
    let truth = maker.truth()
    for (what, images) in [
      ("masks", truth.masks), ("patterns", truth.patterns), ("descan_px", truth.descan),
    ] {
      try TIFFWriter.write(images.map { TIFFWriter.Page($0) }, to: "\(folder)/\(name)_truth_\(what).tif")
    }
    try NewFile.write(Array(maker.cases(name: name).utf8), to: "\(folder)/cases.json", durability: .cached)
    Console.line("\(folder)/\(name).blo")
    return .ok
  })

enum SPEDRequest {
  static func simulation(_ arguments: Arguments) throws -> SPEDSimulation {
    let name = arguments["--crystal"] ?? "magnesium-oxide"
    let crystal: Crystal
    if Crystal.knownNames.contains(name) {
      crystal = try Crystal(known: name)
    } else if let text = try? WholeFile.text(name, limit: 16 << 20) {
      crystal = try Crystal(cif: text)
    } else {
      throw UsageError("\(name): neither a file that can be read nor a known crystal")
    }
    let scan = try pair(arguments["--scan"] ?? "32x26", "x", "--scan", in: 1...4096)
    let sizes = try pair(arguments["--sizes-nm"] ?? "30,60", ",", "--sizes-nm", in: 2...1000)
    let step = try arguments.number("--step-nm", 6, in: 0.1...100)
    let seed = UInt64(try arguments.number("--seed", 1, in: 0...1e15))
    guard sizes.0 <= sizes.1 else { throw UsageError("--sizes-nm: the smaller comes first") }
    let specimen = Specimen.strewn(
      count: Int(try arguments.number("--particles", 6, in: 1...200)), width: scan.0 * step,
      height: scan.1 * step, sizes: sizes.0...sizes.1, seed: seed)
    var simulation = SPEDSimulation(crystal: crystal, specimen: specimen)
    (simulation.scanWidth, simulation.scanHeight) = (Int(scan.0), Int(scan.1))
    simulation.step = step
    simulation.detector = Int(try arguments.number("--detector", 72, in: 32...512))
    simulation.pixel = try arguments.number("--pixel", 0.0649, in: 0.001...0.2)
    simulation.kilovolts = try arguments.number("--voltage-kv", 200, in: 10...1000)
    simulation.precessionMilliradians = try arguments.number("--precession-mrad", 16, in: 0...60)
    simulation.electrons = try arguments.number("--electrons", 16_000, in: 10...1e7)
    simulation.seed = seed
    return simulation
  }

  static func header(_ s: SPEDSimulation) -> [UInt8] {
    BLOWriter.header(
      size: s.detector, scan: ScanShape(width: s.scanWidth, height: s.scanHeight), stepNanometres: s.step,
      pixel: s.pixel, kilovolts: s.kilovolts, note: "simulated")
  }

  static func records(_ points: Range<Int>, _ maker: SPEDSimulation.Maker) -> [UInt8] {
    let made = parallelMap(points.count) { i in
      BLOWriter.record(maker.pattern(points.lowerBound + i), index: points.lowerBound + i)
    }
    return Array(made.joined())
  }

  static func file(_ simulation: SPEDSimulation, _ maker: SPEDSimulation.Maker) -> [UInt8] {
    header(simulation) + records(0..<simulation.scanWidth * simulation.scanHeight, maker)
  }

  private static func pair(
    _ text: String, _ separator: Character, _ name: String, in range: ClosedRange<Double>
  ) throws -> (Double, Double) {
    let sides = text.split(separator: separator, omittingEmptySubsequences: false).map { Double($0) }
    guard sides.count == 2, let a = sides[0], let b = sides[1], range.contains(a), range.contains(b) else {
      throw UsageError("\(name) \(text): is not of the form A\(separator)B")
    }
    return (a, b)
  }
}
