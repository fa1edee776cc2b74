import JSON
import System
import CBLEED
import Diffraction
import FrameFormats
import Glibc

/// Patterns of a surface over ranges of energy and structure, sampled evenly by a seed. A pattern that is
/// already in the folder is not computed again.
let simulateCBLEED = Verb(
  name: "cbleed", operands: "",
  summary: "patterns of a surface by energy and structure: float32 TIFFs and a cases.json",
  options: CBLEEDRequest.options + [Verb.Option("--output", "DIR", "where the patterns go")],
  check: { _ = try CBLEEDSimulation(try CBLEEDRequest.request($0)) },
  run: { arguments in
    guard let folder = arguments["--output"] else { throw UsageError("simulate: --output DIR is needed") }
    let simulation: CBLEEDSimulation
    do {
      simulation = try CBLEEDSimulation(try CBLEEDRequest.request(arguments))
    } catch let error as CBLEEDError {
      throw UsageError("simulate: \(error)")
    }
    return try CBLEEDRequest.write(simulation, to: folder)
  })

/// The flags of a simulation, and its patterns as files.
enum CBLEEDRequest {
  static let options: [Verb.Option] = [
    Verb.Option("--surface", "FILE", "cells, layers and parameters of a surface (Si(001)-(2x1))"),
    Verb.Option("--energy-ev", "A..B", "30..100"),
    Verb.Option("--dimer-height", "A[..B]", "over the relaxed position, in A; likewise the next two"),
    Verb.Option("--dimer-buckling", "A[..B]", "of the left atom over the right one, in A"),
    Verb.Option("--dimer-length", "A[..B]", "along the surface, in A"),
    Verb.Option("--parameters", "NAME=A..B,…", "ranges of any surface's parameters, by name"),
    Verb.Option("--samples", "N", "how many patterns (1)"),
    Verb.Option("--seed", "N", "same seed, same patterns (1)"),
    Verb.Option("--ramp", nil, "all ranges from end to end together, in order, instead of scattered"),
    Verb.Option("--dynamical", nil, "multiple scattering; needed below about 60 eV"),
    Verb.Option(
      "--cone-degree", "N", "directions between solved ones by polynomials of this degree; 0: none"),
    Verb.Option("--structures-per-energy", "N", "that share lattice sums and the bulk (16)"),
    Verb.Option("--pixels", "N", "along an edge (64)"),
    Verb.Option("--pixel-inv-angstrom", "N", "momentum of a pixel (beams whole pixels apart, about 4.2/N)"),
    Verb.Option("--disc-inv-angstrom", "N", "radius of the discs (0.38)"),
    Verb.Option("--peak-counts", "N", "electrons on the brightest pixel, with counting noise"),
    Verb.Option("--shift-pixels", "N", "misalignment up to this, along x and y"),
    Verb.Option("--background", "N", "diffuse, up to this fraction of the brightest pixel"),
  ]

  /// Ctrl-C ends a run between two incident directions; the same command goes on with it.
  static func write(_ simulation: CBLEEDSimulation, to folder: String) throws -> ExitCode {
    try Folder.make(folder)
    let list = Array(CBLEEDCaseList(simulation).text.utf8)
    let listPath = "\(folder)/cases.json"
    if let before = try? WholeFile.bytes(listPath) {
      guard before == list || (try? JSONValue(before)) == (try? JSONValue(list)) else {
        throw Failure("\(folder): holds patterns of another request; give another --output")
      }
    } else {
      try NewFile.write(list, to: listPath, durability: .cached)
    }
    let present = Set(FolderNames(folder))
    let done = Set(simulation.samples.map(\.index).filter { present.contains(CBLEEDCaseList.fileName($0)) })
    if !done.isEmpty { Console.message("\(done.count) of \(simulation.samples.count) patterns are there") }
    let interruption = Interruption()
    let isTerminal = isatty(2) == 1
    var run = simulation.patterns(skipping: done, isCancelled: { interruption.came }) { fraction in
      if isTerminal { Console.write("\r\(Int(fraction * 100)) %", to: 2) }
    }
    do {
      while let pattern = try run.next() {
        let image = pattern.pixels
        let pixels = Pixels(width: image.columns, height: image.rows, values: image.values)
        let path = "\(folder)/\(CBLEEDCaseList.fileName(pattern.sample.index))"
        try TIFFWriter.write(
          [TIFFWriter.Page(pixels, description: "simulated CBLEED pattern")], to: path)
        Console.line(path)
      }
    } catch CBLEEDError.cancelled {
      if isTerminal { Console.write("\r", to: 2) }
      Console.message("stopped; the same command goes on with it")
      return .interrupted
    }
    if isTerminal { Console.write("\r", to: 2) }
    return .ok
  }

  static func request(_ arguments: Arguments) throws -> SimulationRequest {
    let surface = try surface(arguments)
    let energies = try arguments.range("--energy-ev", 30...100)
    var ranges: [String: ClosedRange<Double>] = [:]
    for (option, name) in [
      ("--dimer-height", "dimer_height"), ("--dimer-buckling", "dimer_buckling"),
      ("--dimer-length", "dimer_length"),
    ] {
      if arguments.has(option) { ranges[name] = try arguments.range(option, 0...0) }
    }
    for pair in (arguments["--parameters"] ?? "").split(separator: ",") {
      let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw UsageError("simulate: --parameters \(pair): NAME=A..B is needed") }
      ranges[parts[0]] = try arguments.range("--parameters \(parts[0])", from: parts[1])
    }
    let size = Int(try arguments.number("--pixels", 64, in: 8...1024))
    let disc = try arguments.number("--disc-inv-angstrom", 0.38, in: 0.01...2)
    var detector = Detector(commensurateWith: surface.cell, size: size, discRadius: disc)
    detector.pixel = try arguments.number("--pixel-inv-angstrom", detector.pixel, in: 1e-4...1)
    let degree = Int(try arguments.number("--cone-degree", 6, in: 0...12))
    let settings = DynamicalSettings(cone: degree == 0 ? .everyPixel : .interpolated(degree: degree))
    let augmentation = Augmentation(
      peakCounts: arguments.has("--peak-counts")
        ? try arguments.number("--peak-counts", 100, in: 1...1e9) : nil,
      shiftPixels: try arguments.number("--shift-pixels", 0, in: 0...100),
      background: try arguments.number("--background", 0, in: 0...10))
    let isDynamical = arguments.has("--dynamical")
    var request = SimulationRequest(
      surface: surface, energies: energies, ranges: ranges,
      samples: Int(try arguments.number("--samples", 1, in: 1...10_000_000)),
      seed: UInt64(try arguments.number("--seed", 1, in: 0...1e15)),
      method: isDynamical ? .dynamical(settings) : .kinematic,
      structuresPerEnergy: isDynamical
        ? Int(try arguments.number("--structures-per-energy", 16, in: 1...10_000)) : 1,
      detector: detector, augmentation: augmentation)
    request.order = arguments.has("--ramp") ? .ramp : .scattered
    return request
  }

  static func surface(_ arguments: Arguments) throws -> SurfaceModel {
    guard let path = arguments["--surface"] else { return try SurfaceModel.siliconDimers() }
    guard let bytes = try? WholeFile.bytes(path) else { throw UsageError("\(path): cannot be read") }
    do {
      return try SurfaceModel(parsing: String(decoding: bytes, as: UTF8.self))
    } catch {
      throw UsageError("\(path): \(error)")
    }
  }
}
