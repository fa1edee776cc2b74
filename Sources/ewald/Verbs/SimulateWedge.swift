import System
import Diffraction
import FrameFormats
import Glibc
import PACBED
import Scattering

let simulateWedge = Verb(
  name: "wedge", operands: "",
  summary: "an acquisition across a rutile wedge: 16-bit TIFFs as a camera counts them, and truth.json",
  options: [
    Verb.Option("--frames", "N", "24"),
    Verb.Option("--thickness-nm", "A..B", "from the first frame to the last (4..40)"),
    Verb.Option("--pixels", "N", "pixels along an edge; 64 mrad across (128)"),
    Verb.Option("--seed", "N", "same seed, same frames (1)"),
    Verb.Option("--output", "DIR", "where the frames go"),
  ],
  run: { arguments in
    guard let folder = arguments["--output"] else { throw UsageError("simulate: --output DIR is needed") }
    let size = Int(try arguments.number("--pixels", 128, in: 32...1024))
    var sample = try WedgeSample.rutile()
    sample.simulation.cache = .standard()
    (sample.simulation.width, sample.simulation.height) = (size, size)
    sample.simulation.pitch = Vector2(WedgeSpecimen.field / Double(size), WedgeSpecimen.field / Double(size))
    sample.frames = Int(try arguments.number("--frames", 24, in: 2...9999))
    sample.seed = UInt64(try arguments.number("--seed", 1, in: 0...1e15))
    sample.thickness = try arguments.range("--thickness-nm", 4...40)
    guard sample.thickness.lowerBound >= 0, sample.thickness.upperBound <= 400 else {
      throw UsageError("simulate: --thickness-nm: thicknesses from 0 to 400 nm are simulated")
    }
    let output = try sample.run()
    try Folder.make(folder)
    for (name, image) in zip(output.names, output.frames) {
      let counts = image.values.map { UInt16(min(65535, max(0, $0.rounded()))) }
      let page = TIFFWriter.Page(
        Pixels(width: image.columns, height: image.rows, values: counts),
        description: "simulated PACBED of a rutile wedge")
      try TIFFWriter.write([page], to: "\(folder)/\(name).tif")
      Console.line("\(folder)/\(name).tif")
    }
    try NewFile.write(Array(output.truth.utf8), to: "\(folder)/truth.json", durability: .cached)
    return .ok
  })
