import Diffraction
import LiveSession
import System
import TerminalUI

/// All there is to say of one finding, to judge it by and to keep: pictures, values, probabilities, settings, origin.
package struct ValidationSheet: Sendable {
  package let detail: FrameDetail
  package let result: ResultRecord
  package let engine: (any AnalysisEngine)?
  /// How pictures of a kind are shown.
  package let look: @Sendable (PictureKind) -> Look
  /// Where the frame and its finding come from, in lines of name and text.
  package let origin: [(name: String, text: String)]

  /// Nil where there is no finding to show.
  package init?(
    _ detail: FrameDetail, _ engine: (any AnalysisEngine)?, origin: [(name: String, text: String)],
    look: @escaping @Sendable (PictureKind) -> Look = { Look(for: $0) }
  ) {
    guard let result = detail.result else { return nil }
    self.detail = detail
    self.result = result
    self.engine = engine
    self.origin = origin
    self.look = look
  }

  package static let width = 1000.0
  private static let margin = 30.0
  private static let line = 18.0

  private var outputs: [Output] { engine?.outputs ?? [] }

  private var measured: Exhibit.Image? { detail.measured(engine?.signal ?? .other) }

  /// Every figure alone, under the name of its file.
  package func figures(width: Double) -> [(name: String, plate: Plate)] {
    var figures = pictures.map { (Self.fileName($0.title), $0.plate(width: width)) }
    if let regions = detail.regions {
      figures.append(("regions", PlotFigures.regions(regions, width: width)))
    }
    if let scatter = detail.scatter {
      figures.append(("scatter", PlotFigures.scatter(scatter, width: width)))
    }
    if let points = detail.points {
      figures.append(("points", PlotFigures.points(points, width: width)))
    }
    figures += histograms.map {
      (
        "histogram_\(Self.fileName($0.name))",
        PlotFigures.histogram($0, result.finding[$0.name], width: width)
      )
    }
    figures += curves.map { ("curve_\(Self.fileName($0.title))", PlotFigures.curves($0, width: width)) }
    // Two of one name would be one file.
    var seen: [String: Int] = [:]
    return figures.map { name, plate in
      let number = seen[name, default: 0] + 1
      seen[name] = number
      return (number > 1 ? "\(name)_\(number)" : name, plate)
    }
  }

  /// The measured frame, what explains it, and maps; expected and measured share their limits.
  private var pictures: [PictureFigure] {
    var figures: [PictureFigure] = []
    let own = measured
    let shared = own.map { look($0.kind).limits(of: [$0.pixels]) }
    if let own { figures.append(PictureFigure(own, look(own.kind), limits: shared)) }
    for image in detail.images {
      let isShared = image.role == .expected && image.unit == own?.unit
      figures.append(PictureFigure(image, look(image.kind), limits: isShared ? shared : nil))
    }
    return figures + detail.maps.map { PictureFigure($0, look($0.kind)) }
  }

  private var histograms: [Histogram] {
    detail.exhibits.compactMap { if case .histogram(let histogram) = $0 { histogram } else { nil } }
  }

  private var curves: [Exhibit.Curves] {
    detail.exhibits.compactMap {
      if case .curves(let curves) = $0, curves.part == nil { curves } else { nil }
    }
  }

  private static func fileName(_ title: String) -> String {
    let name = title.lowercased().unicodeScalars.map { scalar in
      ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "_"
    }
    return String(String(name).split(separator: "_").joined(separator: "_").prefix(60))
  }
}

extension ValidationSheet {
  /// One page as high as it needs to be.
  package var plate: Plate {
    var plate = Plate(width: Self.width, height: 1)
    var y = Self.margin
    head(&plate, &y)
    rows(pictures.map { figure in { figure.plate(width: $0) } }, across: 3, &plate, &y)
    values(&plate, &y)
    var figures: [(Double) -> Plate] = histograms.map { histogram in
      { PlotFigures.histogram(histogram, result.finding[histogram.name], width: $0) }
    }
    figures += curves.map { curves in { PlotFigures.curves(curves, width: $0) } }
    if let regions = detail.regions { figures.append { PlotFigures.regions(regions, width: $0) } }
    if let scatter = detail.scatter { figures.append { PlotFigures.scatter(scatter, width: $0) } }
    if let points = detail.points { figures.append { PlotFigures.points(points, width: $0) } }
    rows(figures, across: 2, &plate, &y)
    var tables: [(Double) -> Plate] = []
    if let regions = detail.regions, !regions.rows.isEmpty {
      tables.append { PlotFigures.rows(of: regions, width: $0) }
    }
    if let points = detail.points { tables.append { PlotFigures.rows(of: points, width: $0) } }
    tables += detail.tables.filter { $0.part == nil }.map { table in { PlotFigures.table(table, width: $0) } }
    rows(tables, across: 1, &plate, &y)
    // One a region: side by side, and not the whole of them.
    let parts = detail.tables.filter { $0.part != nil }.prefix(12)
    rows(parts.map { table in { PlotFigures.table(table, width: $0, most: 12) } }, across: 3, &plate, &y)
    let placed = detail.exhibits.compactMap { exhibit -> Exhibit.Points? in
      if case .points(let points) = exhibit, points.part != nil { points } else { nil }
    }
    rows(
      placed.prefix(12).map { points in { PlotFigures.rows(of: points, width: $0, most: 12) } }, across: 3,
      &plate, &y)
    settings(&plate, &y)
    facts("Origin", origin, &plate, &y)
    plate.end(at: y + Self.margin)
    return plate
  }

  private func head(_ plate: inout Plate, _ y: inout Double) {
    let name = result.file.split(separator: "/").last.map(String.init) ?? result.file
    plate.text(RawPath(bytes: PathText.bytes(name)).display, Place(Self.margin, y), isBold: true)
    plate.text(
      "\(result.engine), \(result.verdict.words)", Place(Self.width - Self.margin, y), .end,
      result.verdict.ink, isBold: true)
    y += Self.line + 4
    for reason in result.reasons {
      paragraph("\(reason.code): \(reason.text)", result.verdict.ink, &plate, &y)
    }
    y += 8
  }

  private func paragraph(_ text: String, _ ink: Ink, _ plate: inout Plate, _ y: inout Double) {
    let columns = Int((Self.width - 2 * Self.margin) / Double(Typeface.width))
    for line in wrap(text, to: columns) {
      plate.text(line, Place(Self.margin, y), .start, ink)
      y += Self.line
    }
  }

  private func rows(
    _ figures: [(Double) -> Plate], across: Int, _ plate: inout Plate, _ y: inout Double
  ) {
    let gap = 16.0
    let width = (Self.width - 2 * Self.margin - gap * Double(across - 1)) / Double(across)
    for start in stride(from: 0, to: figures.count, by: across) {
      var height = 0.0
      for (column, figure) in figures[start..<min(start + across, figures.count)].enumerated() {
        let part = figure(width)
        plate.put(part, Place(Self.margin + Double(column) * (width + gap), y))
        height = max(height, part.height)
      }
      y += height + 14
    }
  }

  private func values(_ plate: inout Plate, _ y: inout Double) {
    guard !result.values.isEmpty else { return }
    plate.text("Values", Place(Self.margin, y), isBold: true)
    plate.text("95 % interval", Place(640, y), .end, .quiet)
    plate.text("p", Place(710, y), .end, .quiet)
    y += Self.line + 2
    for quantity in result.values {
      let decimals = Format.decimals(quantity, outputs)
      plate.text(Format.words(quantity.name), Place(Self.margin, y), .start, .quiet)
      plate.text(Format.value(quantity.value, decimals: decimals), Place(380, y), .end, isBold: true)
      plate.text(Format.unit(quantity.unit), Place(390, y), .start, .quiet)
      if let interval = Format.interval(quantity, decimals: decimals) {
        plate.text(interval, Place(640, y), .end)
      }
      if let p = quantity.probability { plate.text(Format.probability(p), Place(710, y), .end) }
      let others = quantity.alternatives.prefix(2).map {
        "or \(Format.value($0.value, decimals: decimals)) (\(Format.probability($0.probability)))"
      }
      plate.text(
        ([quantity.said].compactMap { $0 } + others).joined(separator: ", "), Place(728, y), .start, .doubtful
      )
      y += Self.line
    }
    y += 12
  }

  /// What was set by hand stands out from what is the engine's own.
  private func settings(_ plate: inout Plate, _ y: inout Double) {
    let all = result.parameters.sorted { $0.key < $1.key }.filter { !$0.value.isEmpty }
    guard !all.isEmpty else { return }
    plate.text("Settings", Place(Self.margin, y), isBold: true)
    plate.text("bold: by hand", Place(Self.margin + 90, y), .start, .quiet)
    y += Self.line + 2
    let rows = (all.count + 1) / 2
    for (index, setting) in all.enumerated() {
      let x = Self.margin + (index < rows ? 0 : 480)
      let standard = engine?.parameters.first { $0.name == setting.key }?.standard.description
      let isByHand = standard != nil && standard != setting.value
      let at = Place(x, y + Self.line * Double(index % rows))
      plate.text(String(Format.words(setting.key).prefix(26)), at, .start, .quiet)
      plate.text(String(setting.value.prefix(24)), Place(x + 245, at.y), .start, .text, isBold: isByHand)
    }
    y += Self.line * Double(rows) + 12
  }

  private func facts(
    _ title: String, _ facts: [(name: String, text: String)], _ plate: inout Plate, _ y: inout Double
  ) {
    guard !facts.isEmpty else { return }
    plate.text(title, Place(Self.margin, y), isBold: true)
    y += Self.line + 2
    let columns = Int((Self.width - 2 * Self.margin - 130) / Double(Typeface.width))
    for fact in facts {
      plate.text(fact.name, Place(Self.margin, y), .start, .quiet)
      for line in wrap(fact.text, to: columns) {
        plate.text(line, Place(Self.margin + 130, y))
        y += Self.line
      }
    }
  }

  /// The sheet as a page that needs nothing beside it.
  package var page: String {
    let title = "\(RawPath(bytes: PathText.bytes(result.file)).display): \(result.verdict.words)"
    return """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <meta http-equiv="Content-Security-Policy" content="\(HTML.policy)">
      <title>\(HTML.escape(title))</title><style>body{margin:0;background:#fff}svg{display:block;margin:auto}</style>
      </head><body>
      \(plate.svg(label: title))</body></html>

      """
  }
}

extension Verdict {
  package var ink: Ink {
    switch self {
    case .accept: .accept
    case .doubtful: .doubtful
    case .outOfDomain: .foreign
    case .notAnalysable: .refused
    }
  }
}
