import Diffraction

/// What the accepted frames of a session teach about the instrument, for those that come later. Frames that were taken
/// alike and are analysed alike teach each other. What a frame was told is one of its settings, and so in the session
/// file: a replay tells it the same, whatever the order in which frames were answered.
struct Lessons: Sendable {
  /// What a lesson holds for: one engine, camera length, voltage, angle, size of frame, and the same settings.
  struct Circumstances: Hashable, Sendable {
    fileprivate var engine: String
    private var sides: [Int]
    private var instrument: [String]
    private var settings: [String: String]

    init(_ engine: any AnalysisEngine, _ file: FileSummary, _ settings: [String: String]) {
      self.engine = engine.name
      sides = [file.width, file.height]
      // How long was exposed says nothing about where pixels lie.
      instrument = (file.beam.items + file.calibration.items).filter { $0.name != "exposure" }.map {
        "\($0.name) \($0.value)"
      }
      self.settings = settings.filter { $0.key != engine.lessonSetting }
    }
  }

  private var findings: [Circumstances: [Finding]] = [:]
  /// Last used, last.
  private var order: [Circumstances] = []
  /// Frames that are remembered of each circumstances: enough to choose from, few enough to follow a slow change.
  private static let frames = 12
  private static let kinds = 8

  /// Only what is accepted teaches.
  mutating func take(_ finding: Finding, _ engine: any AnalysisEngine, _ circumstances: Circumstances) {
    guard engine.lessonSetting != nil, finding.verdict == .accept else { return }
    var bare = finding
    // Numbers are enough.
    (bare.histograms, bare.profiles, bare.exhibits, bare.artifacts) = ([], [], [], [:])
    order.removeAll { $0 == circumstances }
    order.append(circumstances)
    findings[circumstances, default: []].append(bare)
    if let count = findings[circumstances]?.count, count > Self.frames {
      findings[circumstances]?.removeFirst(count - Self.frames)
    }
    if order.count > Self.kinds { findings[order.removeFirst()] = nil }
  }

  /// What a frame is to be told: the setting and its value. Nothing where an operator said something.
  func told(
    to engine: any AnalysisEngine, _ circumstances: Circumstances, stated: [String: String]
  ) -> (name: String, value: String)? {
    guard let name = engine.lessonSetting,
      (stated[name] ?? "").isEmpty || stated[name] == ParameterValue.automaticWord,
      let known = findings[circumstances], let value = engine.lesson(from: known)
    else { return nil }
    return (name, value)
  }

  /// The instrument is not what it was.
  mutating func forget(_ engine: any AnalysisEngine) {
    order.removeAll { $0.engine == engine.name }
    findings = findings.filter { $0.key.engine != engine.name }
  }
}
