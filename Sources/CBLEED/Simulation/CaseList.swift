/// The JSON beside simulated patterns: what was asked for, and what every pattern shows. It is whole before
/// the first pattern is there, so that a run that was broken off knows what it was doing.
public struct CBLEEDCaseList: Sendable {
  private let simulation: CBLEEDSimulation

  public init(_ simulation: CBLEEDSimulation) { self.simulation = simulation }

  public static func fileName(_ index: Int) -> String {
    let digits = String(index)
    return "cbleed_" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits + ".tif"
  }

  public var text: String {
    let request = simulation.request
    let detector = request.detector
    var head: [(String, String)] = [
      ("format", "\"cbleed-cases-1\""), ("generator", "\"ewald\""),
      ("surface", Self.string(request.surface.name)), ("seed", "\(request.seed)"),
      ("n", "\(detector.size)"), ("pixel_invA", "\(detector.pixel)"),
      ("kdisc_invA", "\(detector.discRadius)"),
      ("centre", "\(detector.centre)"),
    ]
    switch request.method {
    case .kinematic: head.append(("method", "\"kinematic\""))
    case .dynamical(let settings):
      head += [
        ("method", "\"dynamical\""), ("lmax", "\(settings.maximumDegree)"),
        ("beam_eps", "\(settings.beamAmplitude)"), ("bulk_layers", "\(settings.bulkLayers)"),
        ("cone", "\"\(settings.cone)\""),
      ]
    }
    let noise = request.augmentation
    if let counts = noise.peakCounts { head.append(("peak_counts", "\(counts)")) }
    if noise.background > 0 { head.append(("background", "\(noise.background)")) }
    let fields = head.map { " \"\($0.0)\": \($0.1)" }.joined(separator: ",\n")
    let cases = simulation.samples.map { entry($0) }.joined(separator: ",\n")
    return "{\n\(fields),\n \"cases\": [\n\(cases)\n ]\n}\n"
  }

  private func entry(_ sample: CBLEEDSample) -> String {
    var fields = [
      ("file", Self.string(Self.fileName(sample.index))), ("beam_energy", "\(sample.energy)"),
    ]
    fields += sample.parameters.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
    fields += [
      ("shift_invA", "[\(sample.detector.shift.x), \(sample.detector.shift.y)]"),
      ("tilt_invA", "[\(sample.detector.tilt.x), \(sample.detector.tilt.y)]"),
    ]
    return "  {" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
  }

  private static func string(_ text: String) -> String {
    "\"" + text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] } + "\""
  }
}
