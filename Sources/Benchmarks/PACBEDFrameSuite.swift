import Arrays
import Diffraction
import PACBED
import Scattering

/// What a frame of 512x512 pixels costs once the model is loaded: the network by itself, with what is known of the
/// camera and without, and the network with the fit.
enum PACBEDFrameSuite {
  static func run() async -> [Measurement] {
    do {
      return try measure()
    } catch {
      return [Measurement("failed: \(error)", .nan, "")]
    }
  }

  private static func measure() throws -> [Measurement] {
    var sample = try WedgeSample.rutile()
    sample.simulation.cache = .standard()
    (sample.simulation.width, sample.simulation.height) = (512, 512)
    let pixel = 64.0 / 512
    sample.simulation.pitch = Vector2(pixel, pixel)
    let frames = try sample.run().frames.map { image in
      Frame(pixels: Pixels(width: 512, height: 512, values: image.values.map { UInt16($0.rounded()) }))
    }
    let engine = PACBEDEngine()
    let known: [String: ParameterValue] = [
      "material": .text("rutile-80kv"), "convergence_mrad": .number(20), "voltage_kv": .number(80),
    ]
    var rows: [Measurement] = []
    let earlier = try frames.map { frame in
      try engine.analyze(.frame(frame), ParameterValues(known), AnalysisContext())
    }
    guard let lesson = engine.lesson(from: earlier) else { throw AnalysisError.failed("nothing was learnt") }
    for (name, more, goal) in [
      ("network", ["method": .text("network")], ""),
      ("network, angle of a pixel stated", ["method": .text("network"), "pixel_mrad": .number(pixel)], "10"),
      ("network + fit", [:], "500"),
      ("network + fit, angle of a pixel stated", ["pixel_mrad": .number(pixel)], "500"),
      ("network + fit, geometry known from the session", ["known_geometry": .text(lesson)], "150"),
    ] as [(String, [String: ParameterValue], String)] {
      let values = ParameterValues(known.merging(more) { $1 })
      _ = try engine.analyze(.frame(frames[0]), values, AnalysisContext())
      var times: [Double] = []
      var (busy, spared) = (0.0, 0)
      for frame in frames {
        let (start, processor) = (seconds(), processorSeconds())
        let finding = try engine.analyze(.frame(frame), values, AnalysisContext())
        times.append((seconds() - start) * 1e3)
        busy += (processorSeconds() - processor) * 1e3
        spared += finding["pixel"]?.said == nil ? 0 : 1
        guard finding["thickness"] != nil else { throw AnalysisError.failed("\(name): no thickness") }
      }
      times.sort()
      rows += [
        Measurement("\(name): median", times[times.count / 2], "ms", goal: goal),
        Measurement("\(name): worst of \(times.count)", times[times.count - 1], "ms"),
        Measurement("\(name): processor time, mean", busy / Double(times.count), "ms"),
      ]
      if more["known_geometry"] != nil {
        rows.append(Measurement("\(name): spared the search, of \(times.count)", Double(spared), ""))
      }
    }
    return rows
  }
}
