import Diffraction
import LiveSession
import System

/// What there is to show of a frame: what was measured, what its engine drew, what is recorded of its finding.
extension FrameDetail {
  package var exhibits: [Exhibit] {
    (drawn ?? []) + curves.map { .curves($0) } + (result?.histograms ?? []).map { .histogram($0) }
  }

  /// Profiles of one axis are shown together: `radial, measured` and `radial, predicted` are one picture.
  var curves: [Exhibit.Curves] {
    var curves: [Exhibit.Curves] = []
    for profile in result?.profiles ?? [] {
      let parts = profile.name.split(separator: ",", maxSplits: 1).map(\.trimmed)
      let title = parts.first ?? profile.name
      let word = parts.count > 1 ? parts[1] : ""
      let role: Exhibit.Role = word == "measured" ? .measured : word == "predicted" ? .expected : .other
      let series = Exhibit.Curves.Series(word, role: parts.count > 1 ? role : .measured, profile.values)
      if let index = curves.firstIndex(where: {
        $0.title == title && $0.unit == profile.unit && $0.start == profile.start && $0.step == profile.step
      }) {
        curves[index].series.append(series)
      } else {
        curves.append(
          Exhibit.Curves(title, unit: profile.unit, start: profile.start, step: profile.step, [series]))
      }
    }
    return curves
  }

  var maps: [Exhibit.ScanMap] { exhibits.compactMap { if case .map(let map) = $0 { map } else { nil } } }
  var images: [Exhibit.Image] {
    exhibits.compactMap { if case .image(let image) = $0 { image } else { nil } }
  }
  var tables: [Exhibit.Table] {
    exhibits.compactMap { if case .table(let table) = $0 { table } else { nil } }
  }
  var regions: Exhibit.Regions? {
    for case .regions(let regions) in exhibits { return regions }
    return nil
  }
  var points: Exhibit.Points? { points(of: nil) }
  func points(of part: Int?) -> Exhibit.Points? {
    for case .points(let points) in exhibits where points.part == part { return points }
    return nil
  }
  func curves(of part: Int) -> Exhibit.Curves? {
    for case .curves(let curves) in exhibits where curves.part == part { return curves }
    return nil
  }
  var scatter: Scatter? {
    for case .scatter(let scatter) in exhibits { return scatter }
    return nil
  }

  /// The frame as it was measured. What the file does not say of a pixel its engine was told, or has found.
  func measured(_ signal: Exhibit.Signal) -> Exhibit.Image? {
    if let drawn = images.first(where: { $0.role == .measured }) { return drawn }
    guard let frame, signal != .numbers else { return nil }
    let stated = (frame.calibration.x ?? summary?.calibration.x)?.value
    let found = images.first {
      $0.role == .expected && $0.pixels.width == frame.pixels.width
        && $0.pixels.height == frame.pixels.height
    }?.pixel
    let told = result?.finding[Output.pixel].map { AxisCalibration(scale: $0.value, unit: $0.unit) }
    return Exhibit.Image(
      "Measured", frame.pixels, role: .measured, signal: signal, pixel: stated ?? found ?? told)
  }

  /// The image with this role that belongs to an answer, or to all of them.
  func image(_ role: Exhibit.Role, answer: Int) -> Exhibit.Image? {
    let images = images.filter { $0.role == role }
    return images.first { $0.part == answer } ?? images.first { $0.part == nil } ?? images.first
  }
}

extension Model {
  /// The frame as it was measured.
  var measured: Exhibit.Image? {
    guard let shown else { return nil }
    return shown.measured(signal(of: shown.result?.engine ?? row?.run?.engine))
  }

  /// Of a frame without an answer: as the engine sees it that suits it best.
  func signal(of engine: String?) -> Exhibit.Signal {
    if let engine { return self.engine(named: engine)?.signal ?? .other }
    guard let summary = shown?.summary else { return .other }
    return engines.max { $0.suitability(for: summary) < $1.suitability(for: summary) }?.signal ?? .other
  }

  /// The measured frame and the images that explain it, of the chosen answer where it has its own.
  var strip: [Exhibit.Image] {
    // While a frame is read, what explains it waits for it.
    guard let shown, shown.frame != nil else { return [] }
    return [measured].compactMap { $0 }
      + [Exhibit.Role.expected, .difference].compactMap { shown.image($0, answer: answer) }
      .filter { $0.part == nil || shown.regions == nil }
  }

  /// Positions of the scan under the cursor, as its maps or its file have them.
  var scanSize: (width: Int, height: Int)? {
    guard let shown else { return nil }
    if let map = shown.maps.first { return (map.pixels.width, map.pixels.height) }
    if let regions = shown.regions { return (regions.labels.width, regions.labels.height) }
    if let scan = shown.summary?.scan?.value { return (scan.width, scan.height) }
    return nil
  }

  /// The answers of the first value: the value itself, then the others.
  var answers: [(value: Double, probability: Double?)] {
    guard let first = shown?.result?.values.first else { return [] }
    return [(first.value, first.probability)] + first.alternatives.map { ($0.value, $0.probability) }
  }

  /// Why a slot for something of an answer is empty.
  func missing(_ otherwise: String) -> String {
    guard let shown else { return list.cursor == nil ? "no frame yet" : "reading" }
    if shown.problem != nil { return "the file cannot be read" }
    guard let result = shown.result else { return "not analysed yet" }
    if result.verdict == .notAnalysable { return "there is no answer" }
    return shown.drawn == nil && wantsExhibits ? "drawing" : otherwise
  }

  mutating func writePictures() -> [Effect] {
    guard shown?.result != nil else {
      notice = Notice(text: "no finding to draw: \(missing("not analysed yet"))", isError: true)
      return []
    }
    notice = Notice(text: "drawing figures and sheet", isError: false)
    return [.writePictures]
  }

  func outputs(_ engine: String) -> [Output] { self.engine(named: engine)?.outputs ?? [] }

  /// The value of an engine that is listed, as the engine declares it.
  func listed(_ engine: String) -> Output? {
    let outputs = outputs(engine)
    guard let name = list.values[engine] else { return outputs.first }
    return outputs.first { $0.name == name }
  }
}
