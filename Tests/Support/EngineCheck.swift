import Diffraction

/// What every engine owes to every frame: a finding or a refusal, and no accepted nonsense.
package struct EngineCheck {
  package let engine: any AnalysisEngine
  /// With every analysis.
  package var settings: [String: ParameterValue] = [:]

  package init(_ engine: any AnalysisEngine, settings: [String: ParameterValue] = [:]) {
    self.engine = engine
    self.settings = settings
  }

  /// What is wrong with the engine's answer, in a line; nil for a sound one.
  package func fault(
    _ subject: Subject, _ name: String, isBlank: Bool = false, _ more: [String: ParameterValue] = [:]
  ) -> String? {
    let values = ParameterValues(settings.merging(more) { $1 })
    let told = "\(engine.name), \(name) \(more.map { "\($0)=\($1)" }.joined(separator: " "))"
    do throws(AnalysisError) {
      let finding = try engine.analyze(subject, values, AnalysisContext())
      return Self.fault(finding, isBlank: isBlank).map { "\(told): \($0)" }
    } catch {
      let text = error.description
      return text.isEmpty || text.contains("\n") ? "\(told): refused with \"\(text)\"" : nil
    }
  }

  package static func fault(_ finding: Finding, isBlank: Bool) -> String? {
    for quantity in finding.values {
      let numbers = [quantity.value, quantity.low ?? 0, quantity.high ?? 0, quantity.probability ?? 0]
      if !numbers.allSatisfy(\.isFinite) { return "\(quantity.name) is \(numbers)" }
    }
    if finding.verdict == .accept { return isBlank ? "accepts what holds no pattern" : nil }
    if finding.reasons.isEmpty { return "gives no reason for \(finding.verdict)" }
    return finding.reasons.first { $0.text.isEmpty || $0.text.contains("\n") }.map { "reason \"\($0.text)\"" }
  }

  /// A few of the frames, for the settings: of every kind that comes far.
  package func faultsOfSomeFrames(_ more: [String: ParameterValue] = [:]) -> [String] {
    let some = [
      "disc", "disc with a block of NaN", "disc of 1e37", "disc in the corner", "noise", "17 x 16",
    ]
    return HostileFrame.all.filter { some.contains($0.name) }.compactMap {
      fault(.frame($0.frame), $0.name, isBlank: $0.isBlank, more)
    }
  }

  /// Every hostile frame alone.
  package func faultsOfFrames(_ more: [String: ParameterValue] = [:]) -> [String] {
    HostileFrame.all.compactMap { fault(.frame($0.frame), $0.name, isBlank: $0.isBlank, more) }
  }

  /// Every hostile frame as a scan of one, two by two and three in a row.
  package func faultsOfScans(
    _ more: [String: ParameterValue] = [:],
    shapes: [ScanShape] = [(1, 1), (2, 2), (3, 1)].map { ScanShape(width: $0.0, height: $0.1) }
  ) -> [String] {
    HostileFrame.all.flatMap { hostile in
      shapes.compactMap { shape in
        let name = "\(hostile.name), \(shape.width) x \(shape.height) times"
        return fault(.scan(HostileScan(hostile.pixels, shape)), name, isBlank: hostile.isBlank, more)
      }
    }
  }

  /// Settings at both ends of their ranges, one after the other; every word of a choice; texts that are none.
  package static func ends(of engine: any AnalysisEngine) -> [[String: ParameterValue]] {
    engine.parameters.flatMap(ends)
  }

  package static func ends(of parameter: Parameter) -> [[String: ParameterValue]] {
    switch parameter.domain {
    case .number(let range):
      [
        [parameter.name: .number(range.lowerBound)], [parameter.name: .number(range.upperBound)],
      ]
    case .choice(let words): words.map { [parameter.name: .text($0)] }
    case .text:
      ["", "x", "0x0", "1x1", "65536x65536", "1e300,-1e300", "nan,inf", "A+B", "A/3", "A1", "-A", "🙂"].map {
        [parameter.name: .text($0)]
      }
    }
  }
}

/// One picture at every position of a scan.
package final class HostileScan: FrameSource {
  package let summary: FileSummary
  private let pixels: [Pixels]

  package init(_ pixels: [Pixels], _ shape: ScanShape, states: Bool = true) {
    self.pixels = pixels
    summary = FileSummary(
      format: "memory", width: pixels[0].width, height: pixels[0].height, sample: pixels[0].sample,
      frames: pixels.count, scan: states ? Sourced(shape, source: "test") : nil)
  }

  package convenience init(_ pixels: Pixels, _ shape: ScanShape) {
    self.init(Array(repeating: pixels, count: shape.count), shape)
  }

  package func frame(at index: Int) throws(FileRefusal) -> Frame {
    guard pixels.indices.contains(index) else { throw FileRefusal(.truncated, "no frame \(index)") }
    return Frame(pixels: pixels[index], index: index)
  }
}
