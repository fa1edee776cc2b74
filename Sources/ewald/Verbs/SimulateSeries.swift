import Diffraction
import FrameScaling
import JSON
import Scattering
import System

let simulateSeries = Verb(
  name: "3ded", operands: "",
  summary: "a tilt series of integrated intensities as PETS2 writes it, its structure as CIF, and its truth",
  options: [
    Verb.Option("--crystal", "FILE|NAME", "a CIF, or \(Crystal.knownNames.joined(separator: ", ")) (quartz)"),
    Verb.Option("--geometry", "rotation|precession", "rotation"),
    Verb.Option("--frames", "N", "zones (54)"),
    Verb.Option("--first-deg", "N", "tilt of the first (-53)"),
    Verb.Option("--step-deg", "N", "from zone to zone (2)"),
    Verb.Option("--semi-angle-deg", "N", "how far the beam rocks to each side (1.25)"),
    Verb.Option("--thickness-a", "N", "in angstroms (480)"),
    Verb.Option(
      "--thickness-model", ThicknessModel.allCases.map(\.rawValue).joined(separator: "|"), "single"),
    Verb.Option("--voltage-kv", "N", "200"),
    Verb.Option("--limit", "N", "reflections to this, in reciprocal angstroms (1.4)"),
    Verb.Option("--noise", "N", "of the intensities, relative (0.1)"),
    Verb.Option("--flicker", "N", "of the scales about their smooth curve, relative (0.02)"),
    Verb.Option("--seed", "N", "same seed, same orientation and noise (1)"),
    Verb.Option("--name", "NAME", "of the files (series)"),
    Verb.Option("--output", "DIR", "where they go"),
  ],
  check: {
    _ = try AsymmetricUnit(cif: try SeriesRequest.structure($0))
    _ = try SeriesRequest.simulation($0)
  },
  run: { arguments in
    guard let folder = arguments["--output"] else { throw UsageError("simulate: --output DIR is needed") }
    let name = arguments["--name"] ?? "series"
    guard !name.contains("/"), !name.isEmpty else { throw UsageError("--name \(name): is no file's name") }
    let text = try SeriesRequest.structure(arguments)
    let simulation = try SeriesRequest.simulation(arguments)
    let made = try simulation.result(try AsymmetricUnit(cif: text))
    try Folder.make(folder)
    try NewFile.write(
      Array(made.series.petsText.utf8), to: "\(folder)/\(name)_dyn.cif_pets", durability: .cached)
    try NewFile.write(text, to: "\(folder)/\(name).cif", durability: .cached)
    try NewFile.write(
      Array((SeriesRequest.truth(simulation, made) + "\n").utf8), to: "\(folder)/\(name)_truth.json",
      durability: .cached)
    Console.line("\(folder)/\(name)_dyn.cif_pets")
    return .ok
  })

enum SeriesRequest {
  static func structure(_ arguments: Arguments) throws -> [UInt8] {
    let name = arguments["--crystal"] ?? "quartz"
    if let known = Crystal.knownText(name) { return Array(known.utf8) }
    guard let text = try? WholeFile.text(name, limit: 1 << 20) else {
      throw UsageError("\(name): neither a file that can be read nor a known crystal")
    }
    return Array(text.utf8)
  }

  static func simulation(_ arguments: Arguments) throws -> SeriesSimulation {
    var simulation = SeriesSimulation()
    switch arguments["--geometry"] ?? "rotation" {
    case "rotation": simulation.geometry = .rotation
    case "precession": simulation.geometry = .precession
    case let word: throw UsageError("--geometry \(word): is neither rotation nor precession")
    }
    simulation.frames = Int(
      try arguments.number("--frames", 54, in: 2...Double(SeriesSimulation.mostFrames)))
    simulation.first = try arguments.number("--first-deg", -53, in: -180...180)
    simulation.step = try arguments.number("--step-deg", 2, in: -20...20)
    simulation.semiAngle = try arguments.number("--semi-angle-deg", 1.25, in: 0.05...10)
    simulation.thickness = try arguments.number("--thickness-a", 480, in: 10...10_000)
    simulation.model = try arguments.choice("--thickness-model", .single)
    simulation.kilovolts = try arguments.number("--voltage-kv", 200, in: 30...1000)
    simulation.limit = try arguments.number("--limit", 1.4, in: 0.3...3)
    simulation.noise = try arguments.number("--noise", 0.1, in: 0...1)
    simulation.flicker = try arguments.number("--flicker", 0.02, in: 0...1)
    simulation.seed = UInt64(try arguments.number("--seed", 1, in: 0...1e15))
    return simulation
  }

  static func truth(_ simulation: SeriesSimulation, _ made: SeriesSimulation.Result) -> String {
    var writer = JSONWriter()
    writer.object { json in
      json.member("thickness_A", simulation.thickness)
      json.member("thickness_model", simulation.model.rawValue)
      json.member("noise", simulation.noise)
      json.member("flicker", simulation.flicker)
      json.member("reflections", made.series.reflections.count)
      json.key("structure")
      json.object { json in
        for (name, value) in zip(made.names, made.values) { json.member(name, value) }
      }
      json.member("scales", made.scales)
    }
    return writer.text
  }
}
