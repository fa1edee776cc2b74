import System
import Diffraction
import FrameFormats
import Glibc
import PACBED
import Scattering

let simulatePACBED = Verb(
  name: "pacbed", operands: "", summary: "patterns of a crystal by thickness: float32 TIFFs and a cases.json",
  options: [
    Verb.Option(
      "--crystal", "FILE.cif|NAME", "a CIF file, or one of \(Crystal.knownNames.joined(separator: ", "))"),
    Verb.Option("--zone", "U,V,W", "zone axis (0,0,1)"),
    Verb.Option("--x-axis", "U,V,W", "direction of the crystal along x (the conventional cell's a)"),
    Verb.Option("--voltage-kv", "N", "80"),
    Verb.Option("--convergence-mrad", "N", "20"),
    Verb.Option("--mistilt-mrad", "X,Y", "0,0"),
    Verb.Option("--thickness-nm", "N,N,…", "one pattern each"),
    Verb.Option("--pixels", "WxH", "128x128"),
    Verb.Option("--pixel-mrad", "X[,Y]", "0.5"),
    Verb.Option("--form-factors", "kirkland|lobato", "kirkland"),
    Verb.Option("--debye-waller", nil, "damp by the displacements that the crystal states"),
    Verb.Option("--output", "DIR", "where the patterns go"),
  ],
  check: { _ = try PACBEDRequest.simulation($0) },
  run: { arguments in
    let simulation = try PACBEDRequest.simulation(arguments)
    guard let folder = arguments["--output"] else { throw UsageError("simulate: --output DIR is needed") }
    let output: PACBEDSimulation.Output
    do {
      output = try simulation.run(progress: { fraction in
        if isatty(2) == 1 { Console.write("\r\(Int(fraction * 100)) %", to: 2) }
      })
    } catch {
      throw UsageError("simulate: \(error)")
    }
    if isatty(2) == 1 { Console.write("\r", to: 2) }
    for warning in output.warnings { Console.message(warning) }
    try Folder.make(folder)
    for pattern in output.patterns {
      let image = pattern.image
      let pixels = Pixels(width: image.columns, height: image.rows, values: image.values)
      try TIFFWriter.write([TIFFWriter.Page(pixels)], to: "\(folder)/\(pattern.name).tif")
      Console.line("\(folder)/\(pattern.name).tif")
    }
    try NewFile.write(Array(output.cases.utf8), to: "\(folder)/cases.json", durability: .cached)
    return .ok
  })

/// The flags of `simulate pacbed` as a simulation.
private enum PACBEDRequest {
  static func simulation(_ arguments: Arguments) throws -> PACBEDSimulation {
    guard let name = arguments["--crystal"] else {
      throw UsageError("simulate: --crystal FILE.cif|NAME is needed")
    }
    var simulation = PACBEDSimulation(crystal: try crystal(name))
    func direction(_ text: String, _ flag: String) throws -> SIMD3<Int> {
      let indices = try numbers(text, flag, count: 3...3)
      guard indices.allSatisfy({ $0 == $0.rounded() && $0.magnitude < 100 }) else {
        throw UsageError("simulate: \(flag): three small whole numbers are needed")
      }
      return SIMD3(Int(indices[0]), Int(indices[1]), Int(indices[2]))
    }
    simulation.zone = try direction(arguments["--zone"] ?? "0,0,1", "--zone")
    simulation.xAxis = try arguments["--x-axis"].map { try direction($0, "--x-axis") }
    simulation.kilovolts = try arguments.number("--voltage-kv", 80, in: 10...1000)
    simulation.convergence = try arguments.number("--convergence-mrad", 20, in: 0.1...100)
    let mistilt = try numbers(arguments["--mistilt-mrad"] ?? "0,0", "--mistilt-mrad", count: 2...2)
    simulation.mistilt = Vector2(mistilt[0], mistilt[1])
    guard let thicknesses = arguments["--thickness-nm"] else {
      throw UsageError("simulate: --thickness-nm N,N,… is needed")
    }
    simulation.thicknesses = try numbers(thicknesses, "--thickness-nm", count: 1...10_000)
    if let text = arguments["--pixels"] {
      let sides = text.split(separator: "x").compactMap { Int($0) }
      guard sides.count == 2, sides.allSatisfy({ 1...8192 ~= $0 }) else {
        throw UsageError("simulate: --pixels \(text): WxH is needed, such as 128x128")
      }
      (simulation.width, simulation.height) = (sides[0], sides[1])
    }
    let pitch = try numbers(arguments["--pixel-mrad"] ?? "0.5", "--pixel-mrad", count: 1...2)
    simulation.pitch = Vector2(pitch[0], pitch[pitch.count - 1])
    simulation.formFactors = try arguments.choice("--form-factors", .kirkland)
    simulation.debyeWaller = arguments.has("--debye-waller")
    simulation.cache = .standard()
    return simulation
  }

  private static func crystal(_ name: String) throws -> Crystal {
    do {
      return try CrystalFile.read(name).0
    } catch {
      throw UsageError("\(name): \(error)")
    }
  }

  private static func numbers(_ text: String, _ name: String, count: ClosedRange<Int>) throws -> [Double] {
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
    let values = words.compactMap { Double($0) }.filter(\.isFinite)
    guard values.count == words.count, count.contains(values.count) else {
      throw UsageError("simulate: \(name) \(text): numbers with commas between them are needed")
    }
    return values
  }
}
