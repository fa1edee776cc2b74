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

    /// `settings` are all of them, those that nobody changed too.
    init(_ engine: any AnalysisEngine, _ file: FileSummary, _ settings: [String: String]) {
      self.init(engine, [file.height, file.width], file.calibration.items + file.beam.items, settings)
    }

    /// As the session file tells of it; nil for a scan.
    init?(_ engine: any AnalysisEngine, _ file: FileRecord, _ settings: [String: String]) {
      guard file.shape.count == 2 else { return nil }
      self.init(engine, file.shape, file.metadata, settings)
    }

    private init(
      _ engine: any AnalysisEngine, _ sides: [Int], _ items: [MetadataItem], _ settings: [String: String]
    ) {
      self.engine = engine.name
      self.sides = sides
      // How long was exposed says nothing about where pixels lie.
      instrument = ["pixel_x", "pixel_y", "voltage", "convergence", "camera_length"].map { name in
        items.first { $0.name == name }.map { "\(name) \($0.value)" } ?? name
      }
      self.settings = settings.filter { $0.key != engine.lessonSetting }
    }
  }

  private var findings: [Circumstances: [Finding]] = [:]
  /// Last used, last.
  private var order: [Circumstances] = []
  /// Frames that are remembered of each circumstances: enough to choose from, few enough to follow a slow change.
  static let frames = 12
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

  /// What a session file tells of the answers that came last, for whoever goes on with the session.
  mutating func take(_ recorded: [SessionEvent], _ engines: [any AnalysisEngine]) {
    var files: [Int: FileRecord] = [:]
    for event in recorded {
      switch event {
      case .file(let record): files[record.fileID] = record
      case .result(let result):
        // What was analysed again was analysed as the operator said.
        guard result.supersedes == nil, let engine = engines.first(where: { $0.name == result.engine }),
          !engine.isHurried(result.parameters), let file = files[result.fileID],
          let circumstances = Circumstances(engine, file, result.parameters)
        else { continue }
        take(result.finding, engine, circumstances)
      case .event(let incident) where incident.name == IncidentRecord.Kind.changed.rawValue:
        (findings, order) = ([:], [])
      default: break
      }
    }
  }

  /// The instrument is not what it was.
  mutating func forget(_ engine: any AnalysisEngine) {
    order.removeAll { $0.engine == engine.name }
    findings = findings.filter { $0.key.engine != engine.name }
  }
}

extension AnalysisEngine {
  fileprivate func isHurried(_ settings: [String: String]) -> Bool {
    !hurriedSettings.isEmpty && hurriedSettings.allSatisfy { settings[$0.key] == $0.value }
  }
}
