import AtomTomography
import Diffraction
import FrameFormats
import System

/// `simulate tomography --structure …`: a cluster in space and an image of it a tilt.
enum ClusterImages {
  static func write(_ arguments: Arguments, to folder: String, name: String) throws {
    let crystal = try crystal(arguments)
    let cluster = crystal.cluster()
    try Folder.make(folder)
    let images = crystal.images(of: cluster)
    var files = [("\(name)_series.tif", tiff(images, images.angles.indices))]
    if arguments.has("--apart") {
      files = images.angles.indices.map { index in
        ("\(name)_\(images.angles[index].short)deg.tif", tiff(images, index..<index + 1))
      }
    }
    for (file, bytes) in files { try NewFile.write(bytes, to: "\(folder)/\(file)", durability: .cached) }
    try NewFile.write(
      Array(crystal.truth(cluster).utf8), to: "\(folder)/\(name)_truth.json", durability: .cached)
    for (file, _) in files { Console.line("\(folder)/\(file)") }
  }

  private static func crystal(_ arguments: Arguments) throws -> NanoCluster {
    var crystal = NanoCluster()
    crystal.structure = try arguments.choice("--structure", .fcc)
    crystal.defect = try arguments.choice("--defect", .vacancy)
    guard crystal.defect != .dislocation || crystal.structure == .fcc else {
      throw UsageError("simulate: --defect dislocation needs a lattice to be in: --structure fcc")
    }
    crystal.atoms = Int(try arguments.number("--atoms", 147, in: 13...Double(NanoCluster.largestCount)))
    if let text = arguments["--orientation-deg"] {
      let turns = try TomographyRequest.degrees(text, of: "--orientation-deg", 3...3, such: "25,37,11")
      crystal.euler = SIMD3(turns[0], turns[1], turns[2])
    }
    if let text = arguments["--angles-deg"] {
      crystal.angles = try TomographyRequest.degrees(text, of: "--angles-deg", 1...16, such: "0,45,90")
    } else {
      let count = Int(try arguments.number("--projections", 3, in: 2...3))
      if count == 2 { crystal.angles = [0, 90] }
    }
    if let text = arguments["--weights"] {
      let words = text.split(separator: ",", omittingEmptySubsequences: false)
      let weights = words.compactMap { Double($0) }.filter { 0.05...1 ~= $0 }
      guard weights.count == words.count, 1...3 ~= weights.count else {
        throw UsageError("simulate: --weights \(text): up to three weights such as 1,0.6 are needed")
      }
      crystal.types = weights
    }
    crystal.sigma = try arguments.number("--sigma", 0.15, in: 0.05...0.5)
    crystal.pitch = try arguments.number("--pixel", 0.1, in: 0.02...1)
    crystal.electrons = try arguments.number("--electrons", 0, in: 0...1e9)
    crystal.noise = try arguments.number("--noise", crystal.electrons > 0 ? 0 : 0.02, in: 0...10)
    crystal.thermal = try arguments.number("--thermal", 0, in: 0...0.3)
    crystal.seed = UInt64(try arguments.number("--seed", 1, in: 0...1e15))
    return crystal
  }

  /// One page a tilt, with the axes in the description.
  static func tiff(_ images: ProjectionImages, _ shown: Range<Int>) -> [UInt8] {
    let axes = SinogramAxes(
      degrees: Array(images.angles[shown]), pitch: images.pitch, start: images.start.x)
    let description = "simulated projections\n" + axes.description
    return TIFFWriter.encode(
      shown.map { index in
        let pixels = Pixels(
          width: images.width, height: images.height, values: images.image(index).map { Float($0) })
        return TIFFWriter.Page(pixels, description: index == shown.lowerBound ? description : nil)
      })
  }
}
