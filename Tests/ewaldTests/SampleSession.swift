import Diffraction
import Glibc
import FrameQuality
import LiveSession
import TerminalUI

import ewald

/// A session of 215 frames, the same in every run, and a model that shows it.
enum SampleSession {
  static let start = 1_795_176_000_000

  static func stamp(_ sequence: Int) -> Stamp {
    Stamp(
      sequence: sequence, unixMilliseconds: start + sequence * 500,
      monotonicNanoseconds: sequence * 500_000_000)
  }

  static func identifier(_ number: Int) -> Identifier {
    Identifier(unixMilliseconds: start + number, random: (UInt64(number), UInt64(number)))
  }

  static func result(_ number: Int, supersedes: Identifier? = nil, id: Int? = nil) -> ResultRecord {
    let wave = Double((number * 37) % 100) / 100
    var reasons: [Reason] = []
    if number % 50 == 12 { reasons = [Reason("SAT", "1661 saturated pixels at 65535 counts")] }
    if number % 97 == 96 { reasons = [Reason("DRFT", "beam moved 18.3 px since the frame before")] }
    let finding = Finding(
      values: [
        Quantity("dose", 8_000_000 + 100_000 * wave, unit: "counts"),
        Quantity("drift", 0.2 + wave, unit: "px"),
        Quantity("center_x", 31.5 + wave, unit: "px"), Quantity("center_y", 32.5, unit: "px"),
        Quantity("disc_radius", 18.2, unit: "px"), Quantity("sharpness", 0.006),
      ],
      profiles: [
        Profile(
          name: "radial", unit: "px", start: 0.5, step: 1,
          values: (0..<32).map { (r: Int) -> Double in r < 18 ? 900 : 900 / Double((r - 16) * (r - 16)) })
      ],
      verdict: reasons.isEmpty ? .accept : .doubtful, reasons: reasons)
    return ResultRecord(
      resultID: identifier(id ?? number), fileID: number, file: name(number), frame: 0, engine: "frame",
      finding: finding, parameters: ["drift_limit_px": "5"], durationMilliseconds: 4, supersedes: supersedes)
  }

  static func name(_ number: Int) -> String { "pacbed_\(String(10000 + number).dropFirst()).tif" }

  static var events: [SessionEvent] {
    var events: [SessionEvent] = [
      .session(
        SessionRecord(
          id: identifier(0), program: "ewald", version: "0", commit: "", system: "", folders: ["/data/wedge"])
      )
    ]
    for number in 1...215 {
      if number == 211 {
        events.append(
          .file(
            FileRecord(
              fileID: number, path: name(number), size: 300, status: .refused,
              reason: "TIFF: strip 3 ends past the end of the file", kind: "truncated", offset: 5120)))
        continue
      }
      events.append(
        .file(
          FileRecord(
            fileID: number, path: name(number), size: 8192, status: .done, format: "TIFF", frames: 1,
            declaredFrames: 1, shape: [64, 64], sample: "uint16")))
      events.append(.result(result(number)))
    }
    events += [
      .note(NoteRecord(fileID: 212, kind: .mark)), .note(NoteRecord(fileID: 209, kind: .tag, text: "good")),
      .note(NoteRecord(fileID: 208, kind: .exclude)),
      .note(NoteRecord(fileID: 213, kind: .note, text: "stage touched")),
      .result(result(213, supersedes: identifier(213), id: 1213)),
      .event(
        IncidentRecord(name: "polling", text: "the folder is polled: NFS tells nothing of other machines")),
    ]
    return events
  }

  static var state: SessionState {
    var state = SessionState()
    for (index, event) in events.enumerated() { state.apply(event, stamp(index + 1)) }
    return state
  }

  /// A disc with fringes.
  static var frame: Frame {
    var values = [UInt16](repeating: 10, count: 64 * 64)
    for row in 0..<64 {
      for column in 0..<64 {
        let dx = column - 32
        let dy = row - 32
        let r = dx * dx + dy * dy
        if r < 18 * 18 { values[row * 64 + column] = UInt16(300 + 600 * ((r / 40) % 2) + row) }
      }
    }
    return Frame(pixels: Pixels(width: 64, height: 64, values: values))
  }

  static func detail(of id: Int) -> FrameDetail {
    FrameDetail(
      fileID: id, result: id == 211 ? nil : result(id, id: id == 213 ? 1213 : id),
      summary: FileSummary(
        format: "TIFF", width: 64, height: 64, sample: .uint16, frames: 1,
        calibration: Calibration(
          x: Sourced(AxisCalibration(scale: 0.5, unit: "mrad"), source: "ImageJ"),
          y: Sourced(AxisCalibration(scale: 0.5, unit: "mrad"), source: "ImageJ"))),
      frame: id == 211 ? nil : frame, frames: 1, drawn: [],
      problem: id == 211 ? "TIFF: strip 3 ends past the end of the file" : nil)
  }

  /// The same file as an engine with a model and candidates would have seen it.
  static func explained(_ id: Int) -> FrameDetail {
    var detail = detail(of: id)
    func disc(_ scale: Int) -> Pixels {
      Pixels(width: 64, height: 64, values: frame.pixels.matrix().values.map { $0 * Float(scale) / 4 })
    }
    let centres = (0..<60).map { 20 + Double($0) / 2 }
    let peak = { (at: Double, x: Double) in 1 / (1 + (x - at) * (x - at) * 4) }
    let weights = centres.map { peak(41, $0) + 0.6 * peak(45.5, $0) }
    let total = weights.reduce(0, +)
    detail.result?.finding.histograms = [
      Histogram(name: "thickness", unit: "nm", centres: centres, probabilities: weights.map { $0 / total }),
      Histogram(
        name: "mistilt", unit: "mrad", centres: [0, 0.5, 1, 1.5], probabilities: [0.04, 0.25, 0.61, 0.1]),
    ]
    detail.result?.finding.values = [
      Quantity(
        "thickness", 41.2, unit: "nm", low: 40.7, high: 41.7, probability: 0.66,
        alternatives: [Quantity.Alternative(value: 45.5, probability: 0.31)]),
      Quantity("mistilt", 1.02, unit: "mrad", low: 0.9, high: 1.14),
    ]
    detail.result?.finding.profiles += [
      Profile(
        name: "match by thickness", unit: "nm", start: 20, step: 0.5,
        values: centres.map { 0.9 + 0.08 * peak(41, $0) + 0.05 * peak(45.5, $0) })
    ]
    detail.result?.finding.verdict = .doubtful
    detail.result?.finding.reasons = [Reason("2PK", "two answers: 41.2 nm (0.66) and 45.5 nm (0.31)")]
    detail.result?.finding.model = ModelIdentity(id: "rutile-80kv", sha256: "c2973cf0")
    detail.drawn = [
      .image(Exhibit.Image("Predicted", disc(3), role: .expected, signal: .discs, part: 0)),
      .image(Exhibit.Image("Predicted", disc(1), role: .expected, signal: .discs, part: 1)),
      .image(
        Exhibit.Image(
          "Difference",
          Pixels(width: 64, height: 64, values: (0..<4096).map { Float($0 % 64 - 32) / 300 }),
          role: .difference, signal: .discs)),
    ]
    return detail
  }

  /// A scan of 12 x 8 patterns with a map.
  static func scanned(_ id: Int) -> FrameDetail {
    var detail = detail(of: id)
    detail.frames = 96
    let values = (0..<96).map { Float(10 + $0 % 12 + $0 / 12) }
    detail.drawn = [
      .map(Exhibit.ScanMap("thickness", Pixels(width: 12, height: 8, values: values), unit: "nm")),
      .map(Exhibit.ScanMap("match", Pixels(width: 12, height: 8, values: values.map { 1 - $0 / 100 }))),
    ]
    return detail
  }

  /// The same file with a map of points: a spiral, the frame on it, its neighbours beside it.
  static func placed(_ id: Int) -> FrameDetail {
    var detail = detail(of: id)
    func spiral(_ number: Int) -> Scatter.Point {
      let turn = Float(number) / 25
      return Scatter.Point(x: turn * cosf(turn), y: turn * sinf(turn))
    }
    let cloud = (0..<240).map(spiral)
    let energies = (0..<240).map { 30 + Float($0) / 3.5 }
    detail.drawn = [
      .image(Exhibit.Image("Reconstruction", frame.pixels, role: .expected)),
      .scatter(
        Scatter(
          name: "Latent",
          axes: [
            Scatter.Axes(
              name: "PCA 1/2", cloud: cloud, own: spiral(120), neighbours: [spiral(118), spiral(123)]),
            Scatter.Axes(
              name: "LLE 1/2", cloud: cloud.map { Scatter.Point(x: $0.y, y: $0.x) },
              own: Scatter.Point(x: 9, y: 9), neighbours: [spiral(118), spiral(123)]),
          ],
          shades: [
            Scatter.Shade(name: "beam_energy", unit: "eV", values: energies),
            Scatter.Shade(name: "dimer_height", unit: "A", values: energies.map { $0 / 200 }),
          ],
          neighbours: [
            Scatter.Neighbour(text: "63.7 0.12", distance: 0.41, source: "train"),
            Scatter.Neighbour(text: "65.1 0.09", distance: 0.77, source: "train"),
          ])),
    ]
    return detail
  }

  /// A crystallite of 24 atoms, two of them not certain, with a projection and how the search went.
  static func crystallite(_ id: Int) -> FrameDetail {
    var detail = detail(of: id)
    let places = (0..<24).map { SIMD2(Double($0 % 5) - 2, Double($0 / 5) - 2) }
    let wave = (0..<80).map { 10 + 8 * cos(Double($0) / 2) }
    detail.result?.finding.profiles = [
      Profile(name: "projection at 0°, measured", unit: "r0", start: -4, step: 0.1, values: wave),
      Profile(
        name: "projection at 0°, predicted", unit: "r0", start: -4, step: 0.1, values: wave.map { $0 + 0.2 }),
      Profile(
        name: "log misfit by step", unit: "step", start: 0, step: 1,
        values: (0..<30).map { 2 / Double($0 + 1) }),
    ]
    detail.drawn = [
      .points(
        Exhibit.Points(
          "Atoms", unit: "r0", places: places, radius: 0.32,
          columns: [
            Exhibit.Column("±", unit: "r0", decimals: 3), Exhibit.Column("energy", decimals: 2),
          ],
          rows: places.indices.map { index in
            Exhibit.Row(
              "\(index + 1)", [0.2 / Double(index + 1), -Double(index % 3)],
              flags: index < 2 ? ["free"] : [])
          }))
    ]
    return detail
  }

  static func capabilities(_ term: String = "dumb-like", unicode: Bool = false) -> Capabilities {
    Capabilities(
      environment: [
        "TERM": "xterm-256color", "LANG": unicode ? "C.UTF-8" : "C", "NO_COLOR": unicode ? "" : "1",
      ],
      terminfo: TerminalFacts(colours: 256, rgb: false, canPosition: true))
  }

  static func model(
    width: Int = 80, height: Int = 24, settings: OperatorSettings = OperatorSettings()
  ) -> Model {
    var model = Model(
      size: Size(width: width, height: height), capabilities: capabilities(), title: "s014",
      engines: [FrameEngine()], settings: settings)
    var live = LiveStatus()
    live.folder = .watched
    live.rate = 8.3
    live.lag = 0.42
    live.queued = 2
    live.freeBytes = 412 << 30
    _ = model.update(.clock(unixMilliseconds: start + 440 * 500))
    _ = model.update(.snapshot(Snapshot(state: state, live: live)))
    _ = model.update(.detail(detail(of: 215)))
    return model
  }
}

extension Model {
  /// Types keys by name and answers what the screen asks to load.
  @discardableResult
  mutating func type(_ names: String...) -> [Effect] {
    var effects: [Effect] = []
    for name in names {
      guard let key = Key(name: name) else { preconditionFailure("no key \(name)") }
      for effect in update(.key(key)) {
        effects.append(effect)
        if case .load(let file, _) = effect { _ = update(.detail(SampleSession.detail(of: file))) }
      }
    }
    return effects
  }
}
