import AtomTomography
import Diffraction
import FrameFormats
import System

let simulateTomography = Verb(
  name: "tomography", operands: "",
  summary: "projections of a small crystal with a defect: a sinogram as TIFF and CSV, and its truth",
  options: [
    Verb.Option("--lattice", "hex|square", "hex"),
    Verb.Option(
      "--defect", Crystallite.Defect.allCases.map(\.rawValue).joined(separator: "|"), "vacancy"),
    Verb.Option("--shape", "box|disc", "box"),
    Verb.Option("--half-width", "N", "half of the crystal's width, in bonds (3.05)"),
    Verb.Option("--orientation-deg", "N", "of the first lattice vector (0)"),
    Verb.Option("--angles-deg", "N,N,…", "tilts (those of the lattice's rows)"),
    Verb.Option("--projections", "N", "2 or 3, where no tilts are given (2)"),
    Verb.Option("--sigma", "N", "width of an atom, in bonds (0.15)"),
    Verb.Option("--pixel", "N", "in bonds (0.1)"),
    Verb.Option("--noise", "N", "of a pixel, over one atom's peak (0.02)"),
    Verb.Option("--thermal", "N", "displacement of the atoms along an axis, in bonds (0)"),
    Verb.Option("--seed", "N", "same seed, same crystal and noise (1)"),
    Verb.Option("--name", "NAME", "of the files (crystal)"),
    Verb.Option("--output", "DIR", "where they go"),
  ],
  run: { arguments in
    guard let folder = arguments["--output"] else { throw UsageError("simulate: --output DIR is needed") }
    let crystallite = try TomographyRequest.crystallite(arguments)
    let name = arguments["--name"] ?? "crystal"
    guard !name.contains("/"), !name.isEmpty else { throw UsageError("--name \(name): is no file's name") }
    let atoms = crystallite.atoms()
    let projections = crystallite.projections(of: atoms)
    try Folder.make(folder)
    try NewFile.write(
      TomographyRequest.tiff(projections), to: "\(folder)/\(name)_sino.tif", durability: .cached)
    try NewFile.write(
      Array(projections.table.utf8), to: "\(folder)/\(name)_sino.csv", durability: .cached)
    try NewFile.write(
      Array(crystallite.truth(atoms).utf8), to: "\(folder)/\(name)_truth.json", durability: .cached)
    Console.line("\(folder)/\(name)_sino.tif")
    return .ok
  })

enum TomographyRequest {
  static func crystallite(_ arguments: Arguments) throws -> Crystallite {
    var crystallite = Crystallite()
    crystallite.kind = try arguments.choice("--lattice", .hexagonal)
    crystallite.defect = try arguments.choice("--defect", .vacancy)
    crystallite.shape = try arguments.choice("--shape", .box)
    crystallite.halfWidth = try arguments.number("--half-width", 3.05, in: 1...50)
    crystallite.orientation = try arguments.number("--orientation-deg", 0, in: -360...360)
    let count = Int(try arguments.number("--projections", 2, in: 2...3))
    crystallite.angles = Crystallite.standardAngles(crystallite.kind, count: count)
    if let text = arguments["--angles-deg"] {
      let words = text.split(separator: ",", omittingEmptySubsequences: false)
      let angles = words.compactMap { Double($0) }.filter { $0.magnitude <= 360 }
      guard angles.count == words.count, 1...16 ~= angles.count else {
        throw UsageError("simulate: --angles-deg \(text): up to 16 tilts such as 0,60 are needed")
      }
      crystallite.angles = angles
    }
    crystallite.sigma = try arguments.number("--sigma", 0.15, in: 0.02...0.5)
    crystallite.pitch = try arguments.number("--pixel", 0.1, in: 0.01...1)
    crystallite.noise = try arguments.number("--noise", 0.02, in: 0...10)
    crystallite.thermal = try arguments.number("--thermal", 0, in: 0...0.3)
    crystallite.seed = UInt64(try arguments.number("--seed", 1, in: 0...1e15))
    return crystallite
  }

  /// One row a projection, with its axes in the description.
  static func tiff(_ projections: Projections) -> [UInt8] {
    let axes = SinogramAxes(
      degrees: projections.angles, pitch: projections.pitch, start: projections.start)
    let pixels = Pixels(
      width: projections.pixels, height: projections.angles.count,
      values: projections.values.map { Float($0) })
    return TIFFWriter.encode([
      TIFFWriter.Page(pixels, description: "simulated projections\n" + axes.description)
    ])
  }
}
