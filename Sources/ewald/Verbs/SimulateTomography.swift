import AtomTomography
import Diffraction
import FrameFormats
import System

let simulateTomography = Verb(
  name: "tomography", operands: "",
  summary:
    "projections of a small crystal with a defect, in a plane (a sinogram as TIFF and CSV) or in space (a stack of images), and its truth",
  options: [
    Verb.Option("--lattice", "hex|square", "of a plane (hex)"),
    Verb.Option("--structure", "fcc|icosahedron", "of a cluster in space, which is simulated then"),
    Verb.Option("--atoms", "N", "of a cluster in space: 55, 147, 309 and 561 are whole (147)"),
    Verb.Option("--weights", "N,N", "of its types of atoms, mixed at random (1)"),
    Verb.Option(
      "--defect", Crystallite.Defect.allCases.map(\.rawValue).joined(separator: "|"),
      "(vacancy)"),
    Verb.Option("--shape", "box|disc", "of a crystal in a plane (box)"),
    Verb.Option("--half-width", "N", "half of its width, in bonds (3.05)"),
    Verb.Option(
      "--orientation-deg", "N[,N,N]", "of the first lattice vector (0); in space about z, about x, about z"),
    Verb.Option("--angles-deg", "N,N,…", "tilts (those of the lattice's rows)"),
    Verb.Option("--projections", "N", "2 or 3, where no tilts are given (2; 3 in space)"),
    Verb.Option("--sigma", "N", "width of an atom, in bonds (0.15)"),
    Verb.Option("--pixel", "N", "in bonds (0.1)"),
    Verb.Option("--noise", "N", "of a pixel, over one atom's peak (0.02)"),
    Verb.Option("--electrons", "N", "counted an atom and image, in space (0: not counted)"),
    Verb.Option("--thermal", "N", "displacement of the atoms along an axis, in bonds (0)"),
    Verb.Option("--seed", "N", "same seed, same crystal and noise (1)"),
    Verb.Option("--apart", nil, "in space: a file a tilt, as a microscope writes them"),
    Verb.Option("--name", "NAME", "of the files (crystal)"),
    Verb.Option("--output", "DIR", "where they go"),
  ],
  run: { arguments in
    guard let folder = arguments["--output"] else { throw UsageError("simulate: --output DIR is needed") }
    let name = arguments["--name"] ?? "crystal"
    guard !name.contains("/"), !name.isEmpty else { throw UsageError("--name \(name): is no file's name") }
    if arguments["--structure"] != nil {
      try ClusterImages.write(arguments, to: folder, name: name)
      return .ok
    }
    let crystallite = try TomographyRequest.crystallite(arguments)
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
      crystallite.angles = try degrees(text, of: "--angles-deg", 1...16, such: "0,60")
    }
    crystallite.sigma = try arguments.number("--sigma", 0.15, in: 0.02...0.5)
    crystallite.pitch = try arguments.number("--pixel", 0.1, in: 0.01...1)
    crystallite.noise = try arguments.number("--noise", 0.02, in: 0...10)
    crystallite.thermal = try arguments.number("--thermal", 0, in: 0...0.3)
    crystallite.seed = UInt64(try arguments.number("--seed", 1, in: 0...1e15))
    return crystallite
  }

  static func degrees(
    _ text: String, of option: String, _ counts: ClosedRange<Int>, such example: String
  ) throws -> [Double] {
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
    let angles = words.compactMap { Double($0) }.filter { $0.magnitude <= 360 }
    guard angles.count == words.count, counts ~= angles.count else {
      let many = counts.count == 1 ? "\(counts.upperBound)" : "up to \(counts.upperBound)"
      throw UsageError("simulate: \(option) \(text): \(many) angles such as \(example) are needed")
    }
    return angles
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
