import Diffraction
import LiveSession
import TerminalUI

/// One frame: measured, expected and their difference; values, answers, runs; probabilities; curves.
package struct FrameView: ScreenView {
  /// Column and row in the frame, while the cross-hair is on.
  package var crosshair: (column: Int, row: Int)?
  /// One picture alone, from the last.
  package var alone: Int?
  /// The measured and the expected pattern in one place, in turns.
  package var blinks = false
  package var isBlinkOn = false
  package var scroll = 0

  package init() {}

  package var word: String { "frame" }
  package var title: String { "Frame" }
  package var purpose: String { "frame view: one frame and its answer" }

  package var commands: [Command] {
    [
      Command("scroll-down", [.char("j"), .down], "the result, a line down", .move) { $0.scrollResult(1) },
      Command("scroll-up", [.char("k"), .up], "the result, a line up", .move) { $0.scrollResult(-1) },
      Command("next-answer", [.char("]")], "the pictures of the next answer", .picture, hint: "answer") {
        $0.turnAnswer(1)
      },
      Command("blink", [.char("b")], "blink: measured and expected in one place", .picture, hint: "blink") {
        model in
        _ = model.change(FrameView.self) { view, _ in
          view.blinks.toggle()
          view.isBlinkOn = view.blinks
        }
        return []
      },
      Command(
        "alone", [.char("d")], "one picture alone: difference, expected, measured, all", .picture,
        hint: "alone"
      ) {
        model in
        let count = model.strip.count
        _ = model.change(FrameView.self) { view, _ in
          let next = view.alone.map { $0 + 1 } ?? 0
          view.alone = count > 1 && next < count ? next : nil
        }
        return []
      },
      Command("values", [.char("x")], "read pixel values with h j k l", .picture, hint: "values") { model in
        let pixels = model.measured?.pixels
        _ = model.change(FrameView.self) { view, _ in
          view.crosshair = view.crosshair == nil ? pixels.map { ($0.width / 2, $0.height / 2) } : nil
        }
        return []
      },
    ]
  }

  package func take(_ key: Key, _ model: inout Model) -> [Effect]? {
    guard let at = crosshair, let pixels = model.measured?.pixels else { return nil }
    var (column, row) = at
    switch key {
    case .char("h"), .left: column -= 1
    case .char("l"), .right: column += 1
    case .char("k"), .up: row -= 1
    case .char("j"), .down: row += 1
    case .char("H"): column -= 10
    case .char("L"): column += 10
    default: return nil
    }
    let place = (min(max(0, column), pixels.width - 1), min(max(0, row), pixels.height - 1))
    _ = model.change(FrameView.self) { view, _ in view.crosshair = place }
    return []
  }

  package func leave(_ model: inout Model) -> Bool {
    guard crosshair != nil || alone != nil || blinks else { return false }
    _ = model.change(FrameView.self) { view, _ in
      if view.crosshair != nil {
        view.crosshair = nil
      } else {
        view.alone = nil
        view.blinks = false
      }
    }
    return true
  }

  package func draw(_ model: Model, _ sheet: inout Sheet) {
    if model.isZoomed { return drawMain(model, sheet.area, &sheet) }
    let size = model.size
    var area = sheet.area
    if size.height >= 30, size.width >= 100 {
      var top: Rect
      (top, area) = area.cutTop(size.width >= 160 ? 2 : 1)
      drawStrip(model, top, &sheet)
    }
    let pictures = inView(model)
    if size.width >= 160 {
      var right: Rect
      (right, area) = area.cutRight(44)
      drawResult(model, right, &sheet, isFull: true, scroll: scroll)
    }
    let hasRoomBelow = size.height >= 16
    // Pictures are square: their height follows from the width of one, and the rest is for numbers.
    let across = max(1, model.strip.count)
    let column = (area.width - 1) / across - 1
    // Rows of a sinogram need few lines.
    let shape = model.strip.map { Double($0.pixels.height) / Double(max(1, $0.pixels.width)) }.max() ?? 1
    let tall = max(shape < 0.5 ? 2 : 6, Int((min(shape, 1) * Double((column + 1) / 2)).rounded(.up)))
    let rows = hasRoomBelow ? min(tall, area.height - (size.height < 30 ? 11 : 16)) : area.height - 2
    if across == 1, size.width >= 80 {
      let (left, right) = area.cutLeft(min(2 * (area.height - 2), area.width * 3 / 5))
      drawPictures(model, pictures, left, &sheet)
      drawNumbers(model, stacked: right, &sheet)
      return
    }
    let (top, below) =
      hasRoomBelow ? area.cutTop(max(2, rows)) : (area, Rect(x: 0, y: 0, width: 0, height: 0))
    drawPictures(model, pictures, top, &sheet)
    if hasRoomBelow { drawNumbers(model, beside: below, &sheet) }
  }

  /// What the strip shows now: one alone, or two in one place in turns, or all.
  private func inView(_ model: Model) -> [Exhibit.Image] {
    var strip = model.strip
    if let alone, strip.indices.contains(strip.count - 1 - alone) { return [strip[strip.count - 1 - alone]] }
    if blinks, strip.count > 1 {
      if isBlinkOn { strip[0] = strip[1] }
      strip.remove(at: 1)
    }
    return strip
  }

  private func drawPictures(_ model: Model, _ pictures: [Exhibit.Image], _ rect: Rect, _ sheet: inout Sheet) {
    guard !pictures.isEmpty else { return drawMeasured(model, rect, &sheet, isFocused: true) }
    let measured = model.measured
    for (index, (image, part)) in zip(pictures, rect.cutColumns(pictures.count)).enumerated() {
      if image.role == .measured {
        // What an engine drew of it says itself what it is.
        let isDrawn = model.shown?.images.contains { $0.role == .measured } ?? false
        var drawing = PictureDrawing(
          image, Text(isDrawn ? image.title : "Measured \(model.list.cursor ?? 0)"))
        drawing.cross = crosshair
        drawing.isFrame = true
        if let crosshair {
          let source = image.pixels.matrix()
          if source.values.indices.contains(crosshair.row * source.columns + crosshair.column) {
            let value = Double(source.values[crosshair.row * source.columns + crosshair.column])
            drawing.note = Text(
              "(\(crosshair.column), \(crosshair.row)) = \(Format.value(value, decimals: value == value.rounded() ? 0 : 3))",
              sheet.theme.bright)
          }
        } else if let detail = model.shown, detail.frames > 1 {
          drawing.note = Text("image \(model.image + 1) of \(detail.frames)")
        }
        if blinks { drawing.note = Text("blink", sheet.theme.doubtful) }
        sheet.picture(drawing, part, model, isFocused: index == 0)
      } else {
        var drawing = PictureDrawing(image, title(image, model, sheet.theme))
        if image.role == .expected, let measured, measured.unit == image.unit { drawing.family = [measured] }
        if blinks, index == 0 { drawing.note = Text("blink", sheet.theme.doubtful) }
        sheet.picture(drawing, part, model)
      }
    }
  }

  /// The expected pattern says whose it is.
  private func title(_ image: Exhibit.Image, _ model: Model, _ theme: Theme) -> Text {
    guard image.role == .expected, let part = image.part, model.answers.indices.contains(part),
      let first = model.shown?.result?.values.first
    else { return Text(image.title) }
    let decimals = min(1, Format.decimals(first, model.outputs(model.shown?.result?.engine ?? "")))
    let value = "\(Format.value(model.answers[part].value, decimals: decimals)) \(Format.unit(first.unit))"
    let number = model.answers.count > 1 ? " \(Format.circled(part + 1))" : ""
    return Text("\(image.title)\(number) \(value)")
  }

  /// Number, name, time, size of the frame; run, model, tags, note.
  private func drawStrip(_ model: Model, _ rect: Rect, _ sheet: inout Sheet) {
    let theme = sheet.theme
    guard let row = model.row else { return sheet.empty(rect, Text("Frame"), "no frame yet") }
    var facts: [Text] = []
    if row.runs.count > 1, let accepted = row.accepted {
      facts.append(
        Text("run ", theme.dim) + Text("\(accepted + 1)", theme.accent)
          + Text(" of \(row.runs.count)", theme.dim))
    }
    if let used = model.shown?.result?.model {
      facts.append(Text("\(used.id) \(used.sha256.prefix(7))", theme.dim))
    }
    if !row.tags.isEmpty {
      facts.append(Text("tags ", theme.dim) + Text(row.tags.joined(separator: ", "), theme.text))
    }
    if let note = row.notes.last { facts.append(Text("note ", theme.dim) + Text(note, theme.text)) }
    let inside = sheet.pane(rect, Text("Frame"), facts: facts)
    var line = Text(" \(row.id)  ", theme.bright) + Text(row.path, theme.bright)
    line += Text("   " + Timestamp.clockText(unixMilliseconds: row.unixMilliseconds), theme.dim)
    if let summary = model.shown?.summary {
      line += Text("   \(summary.width) × \(summary.height), \(summary.sample.rawValue)", theme.text)
      if summary.frames > 1 {
        line += Text("   \(Format.grouped(Double(summary.frames))) images", theme.text)
      }
      if let x = summary.calibration.x {
        line +=
          Text("   \(Format.fixed(x.value.scale, 3)) \(Format.unit(x.value.unit))/px", theme.text)
          + Text(" \(x.source)", theme.dim)
      }
      if let voltage = summary.beam.voltageKilovolts {
        line += Text("   \(Format.fixed(voltage.value, 0)) kV", theme.text)
      }
    }
    sheet.lines([line], in: inside)
    let lead = " \(row.id)  ".count
    sheet.canvas.link(
      ControlSequence.fileAddress(model.path(of: row), host: model.host), x: inside.x + lead, y: inside.y,
      width: min(TextWidth.columns(of: row.path), max(0, inside.width - lead)))
  }

  private func drawNumbers(_ model: Model, beside rect: Rect, _ sheet: inout Sheet) {
    let hasResult = model.size.width < 160
    let histograms = model.shown?.result?.histograms ?? []
    let curves = model.shown?.curves ?? []
    let room = max(1, rect.width / 36)
    var parts = rect.cutColumns(
      min(room, max(1, (hasResult ? 1 : 0) + min(1, histograms.count) + min(1, curves.count))))
    if !hasResult {
      parts = rect.cutColumns(
        max(
          1,
          min(
            room,
            histograms.count + curves.count - (sharesAxis(histograms, curves) && rect.height >= 15 ? 1 : 0))))
    }
    if model.size.width < 100 { parts = rect.cutColumns(3) }
    if hasResult, let first = parts.first {
      drawResult(model, first, &sheet, isFull: model.size.height >= 30, scroll: scroll)
      parts.removeFirst()
    }
    drawPlots(model, parts, histograms, curves, &sheet)
  }

  private func drawNumbers(_ model: Model, stacked rect: Rect, _ sheet: inout Sheet) {
    let histograms = model.shown?.result?.histograms ?? []
    let curves = model.shown?.curves ?? []
    var rest = rect
    if model.size.width < 160 {
      var top: Rect
      let count = min(2, histograms.count + curves.count)
      (top, rest) =
        count > 0 ? rest.cutTop(max(6, (rest.height - 2) * (count > 1 ? 2 : 3) / 5)) : (rest, rest)
      drawResult(model, top, &sheet, isFull: true, scroll: scroll)
      guard count > 0 else { return }
    }
    let count = max(1, min(rest.height / 9, histograms.count + curves.count))
    var parts: [Rect] = []
    for index in 0..<count {
      let height = (rest.height - 1) / (count - index) - 1
      var part: Rect
      (part, rest) = index + 1 == count ? (rest, rest) : rest.cutTop(height)
      parts.append(part)
    }
    drawPlots(model, parts, histograms, curves, &sheet)
  }

  private func drawPlots(
    _ model: Model, _ parts: [Rect], _ histograms: [Histogram], _ curves: [Exhibit.Curves],
    _ sheet: inout Sheet
  ) {
    var parts = parts
    var curves = curves
    // The first histogram with the curve that shares its axis below it, where there is height for both.
    if let first = histograms.first, let part = parts.first {
      if part.height >= 15, let match = curves.first(where: { $0.unit == first.unit }) {
        let (upper, lower) = part.cutTop((part.height - 3) / 2)
        drawHistogram(first, model, upper, &sheet)
        drawCurves(match, model, lower, &sheet)
        curves.removeAll { $0 == match }
      } else {
        drawHistogram(first, model, part, &sheet)
      }
      parts.removeFirst()
    }
    var rest: [Either] = histograms.dropFirst().map { .histogram($0) }
    let shared = histograms.first?.unit
    let others = curves.filter { $0.unit != shared } + curves.filter { $0.unit == shared }
    rest.insert(
      contentsOf: others.prefix(1).map { .curves($0) }, at: min(rest.count, parts.count > 1 ? 1 : 0))
    rest += others.dropFirst().map { .curves($0) }
    for (index, part) in parts.enumerated() {
      guard rest.indices.contains(index) else {
        sheet.empty(part, Text("Probability"), model.missing("this engine tells none"))
        continue
      }
      switch rest[index] {
      case .histogram(let histogram): drawHistogram(histogram, model, part, &sheet)
      case .curves(let curves): drawCurves(curves, model, part, &sheet)
      }
    }
  }

  /// Whether a curve goes below the first histogram.
  private func sharesAxis(_ histograms: [Histogram], _ curves: [Exhibit.Curves]) -> Bool {
    histograms.first.map { first in curves.contains { $0.unit == first.unit } } ?? false
  }

  private enum Either {
    case histogram(Histogram)
    case curves(Exhibit.Curves)
  }

  private func drawMain(_ model: Model, _ rect: Rect, _ sheet: inout Sheet) {
    let pictures = inView(model)
    drawPictures(model, Array(pictures.prefix(1)), rect, &sheet)
  }
}

extension Model {
  mutating func scrollResult(_ step: Int) -> [Effect] {
    _ = change(FrameView.self) { view, model in
      let lines =
        model.row.map { ResultText(model: model, row: $0, width: 42, isFull: true).lines.count } ?? 0
      view.scroll = max(0, min(view.scroll + step, max(0, lines - 3)))
    }
    return []
  }
}
