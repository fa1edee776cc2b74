import System
import Diffraction
import Glibc
import PACBED
import Scattering

/// The published noise protocol on the engine as it is used: random cases of 200x200 pixels, scaled to -1...1 as
/// the published preprocessing does, with Gaussian noise of one strength on every pixel; read by the network
/// alone, by network and fit, and by the naive smallest sum of squares at no mistilt.
enum PACBEDAccuracySuite {
  static func run() async -> [Measurement] {
    do {
      return try measure()
    } catch {
      return [Measurement("failed: \(error)", .nan, "")]
    }
  }

  /// 500 up to the largest noise that was published, and as many again at twice that.
  private static let cases = 125

  private static func measure() throws -> [Measurement] {
    var rows: [Measurement] = []
    let engine = PACBEDEngine()
    let domain = ModelDomain(crystal: try Crystal(known: "rutile"), kilovolts: 80, convergence: 15...25)
    var request = try domain.tableRequest()
    request.pixel = 0
    // The corners of a square camera.
    request.angle = 62
    let table = try TableCache.standardTable(for: request)
    // The first frame loads the model and its table.
    _ = try answer(engine, try frame(table, Case(0), 0), Case(0), "network+fit")
    var plot = ErrorPlot(
      noises: [0, 0.1, 0.3, 0.5, 1],
      series: [
        ("S", "least squares at no mistilt, mean", []), ("N", "network alone, mean", []),
        ("n", "network alone, median", []), ("F", "network + fit, mean", []),
        ("f", "network + fit, median", []),
      ])
    for sigma in plot.noises {
      var (network, fit, naive, tilt): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
      var (held, wide, took) = (0, 0, 0.0)
      for number in 0..<cases {
        let truth = Case(number)
        let image = try frame(table, truth, sigma)
        let start = seconds()
        let finding = try answer(engine, image, truth, "network+fit")
        guard finding["thickness"] != nil else {
          throw AnalysisError.failed(finding.reasons.first.map { "\($0)" } ?? "no answer")
        }
        took += seconds() - start
        func error(_ value: Double?) -> Double {
          abs((value ?? 0) - truth.thickness) / truth.thickness * 100
        }
        network.append(error(finding["network_thickness"]?.value))
        fit.append(error(finding["thickness"]?.value))
        tilt.append(abs((finding["mistilt"]?.value ?? 0) - truth.mistilt.length))
        if let low = finding["thickness"]?.low, let high = finding["thickness"]?.high {
          held += low <= truth.thickness && truth.thickness <= high ? 1 : 0
        }
        wide += finding.verdict == .accept ? 0 : 1
        naive.append(error(try answer(engine, image, truth, "least_squares")["thickness"]?.value))
      }
      let errors = [mean(naive), mean(network), median(network), mean(fit), median(fit)]
      for (number, error) in errors.enumerated() { plot.series[number].values.append(error) }
      let name = "noise \(sigma)"
      rows += [
        Measurement("\(name): network alone, mean", mean(network), "%"),
        Measurement("\(name): network alone, median", median(network), "%"),
        Measurement("\(name): network + fit, mean", mean(fit), "%"),
        Measurement("\(name): network + fit, median", median(fit), "%"),
        Measurement("\(name): mistilt", mean(tilt), "mrad"),
        Measurement("\(name): least squares at no mistilt, mean", mean(naive), "%"),
        Measurement("\(name): truth inside the 95 % interval", 100 * Double(held) / Double(cases), "%"),
        Measurement("\(name): not plainly accepted", 100 * Double(wide) / Double(cases), "%"),
        Measurement("\(name): a frame, network + fit", took / Double(cases) * 1e3, "ms"),
      ]
    }
    if !CommandLine.arguments.contains("--json") { print(plot.lines.joined(separator: "\n")) }
    return rows
  }

  /// What a random frame shows; everything follows from its number.
  private struct Case {
    var thickness: Double
    var convergence: Double
    var mistilt: Vector2
    var rotation: Double
    var shift: Vector2

    init(_ number: Int) {
      var random = RandomNumbers(seed: 20_23).stream(number)
      thickness = random.uniform(in: 2...100)
      convergence = random.uniform(in: 15...25)
      let (size, azimuth) = (random.uniform(in: 0...10), random.uniform(in: 0...2 * .pi))
      mistilt = [size * cos(azimuth), size * sin(azimuth)]
      rotation = random.uniform(in: 0...360)
      shift = [random.uniform(in: -8...8), random.uniform(in: -8...8)]
    }
  }

  private static let size = 200

  private static func pitch(_ truth: Case) -> Double { 1.55 * truth.convergence / Double(size / 2) }

  private static func frame(_ table: PACBEDTable, _ truth: Case, _ sigma: Double) throws -> Frame {
    let pitch = pitch(truth)
    let geometry = PatternGeometry(
      rows: size, columns: size, pitch: [pitch, pitch],
      centre: Vector2(Double(size / 2), Double(size / 2)) + truth.shift, rotationDegrees: truth.rotation)
    let illumination = Illumination(
      convergence: truth.convergence, mistilt: truth.mistilt, edge: .intensity(width: pitch))
    var image = try table.patterns(geometry, illumination, thicknesses: [truth.thickness])[0]
    let peak = Double(image.values.max() ?? 1)
    let floor = Double(image.values.min() ?? 0)
    var random = RandomNumbers(seed: 7).stream(Int(truth.thickness * 1e6))
    for i in image.values.indices {
      let scaled = 2 * (Double(image.values[i]) - floor) / (peak - floor) - 1
      image.values[i] = Float(scaled + sigma * random.normal())
    }
    return Frame(pixels: Pixels(width: size, height: size, values: image.values))
  }

  private static func answer(
    _ engine: PACBEDEngine, _ frame: Frame, _ truth: Case, _ method: String
  ) throws -> Finding {
    try engine.analyze(
      .frame(frame),
      ParameterValues([
        "material": .text("rutile-80kv"), "voltage_kv": .number(80),
        "convergence_mrad": .number(truth.convergence), "method": .text(method),
        // The protocol's atoms are at rest.
        "debye_waller": .number(0),
      ]), AnalysisContext())
  }

  private static func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(max(1, values.count))
  }
  private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
