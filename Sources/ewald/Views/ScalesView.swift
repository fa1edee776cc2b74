import Diffraction
import LiveSession
import TerminalUI

/// A series taken as a whole, such as the zones of a tilt series: what was found along it, its frames, and what there is
/// to choose from. A choice is a new run with other settings, which only the engine knows.
package struct ScalesView: ScreenView {
  /// Among the frames of the series.
  package var chosen = 0
  /// Among the reflections of the chosen frame.
  package var reflection = 0
  /// What was measured in the chosen frame, in the place of the result.
  package var showsParts = false

  package init() {}

  package var word: String { "scales" }
  package var title: String { "Scales" }
  package var purpose: String { "scales view: a tilt series, its frames and what was refined" }

  package var commands: [Command] {
    [
      Command(
        "next-zone", [.char("j"), .char("n"), .down], "the next frame of the series", .view, hint: "frame"
      ) {
        $0.turnZone(1)
      },
      Command("previous-zone", [.char("k"), .char("N"), .up], "the frame of the series before", .view) {
        $0.turnZone(-1)
      },
      Command(
        "leave-out", [.char("D")], "leave this frame of the series out, or take it in, as a new run",
        .analyse,
        hint: "leave out", isRecorded: true
      ) { $0.leaveZoneOut() },
      Command(
        "next-spacing", [.char(">")], "the next row of the choice, as a new run", .analyse, hint: "spacing",
        isRecorded: true
      ) { $0.turnChoice(1) },
      Command(
        "previous-spacing", [.char("<")], "the row of the choice before, as a new run", .analyse,
        isRecorded: true
      ) { $0.turnChoice(-1) },
      Command("next-reflection", [.char("]")], "the next reflection of the frame", .view, hint: "reflection")
      {
        $0.turnReflection(1)
      },
      Command("previous-reflection", [.char("[")], "the reflection of the frame before", .view) {
        $0.turnReflection(-1)
      },
      Command(
        "parts", [.char("v")], "what was measured in the chosen frame, or the result", .view,
        hint: "reflections"
      ) {
        model in
        _ = model.change(ScalesView.self) { view, _ in view.showsParts.toggle() }
        return []
      },
    ]
  }

  package func reason(_ model: Model) -> String? {
    guard let shown = model.shown else { return "reading" }
    if shown.series != nil { return nil }
    if shown.drawn == nil, shown.result != nil { return "drawing" }
    return "no series: the engine of this result refines none"
  }

  package func draw(_ model: Model, _ sheet: inout Sheet) {
    guard let shown = model.shown, let series = shown.series else {
      return sheet.empty(sheet.area, Text(title), reason(model) ?? "")
    }
    let number = min(chosen, max(0, series.rows.count - 1))
    guard !model.isZoomed, model.size.width >= 60, model.size.height >= 14 else {
      return drawSeries(series, number, sheet.area, &sheet)
    }
    let isWide = model.size.width >= 160
    var (left, right) = sheet.area.cutLeft(sheet.area.width * (isWide ? 4 : 6) / 10)
    // A frame of which nothing is known has no place on the curves.
    let place = series.rows.prefix(number).count { $0.hasPlace }
    let point = series.rows.indices.contains(number) && series.rows[number].hasPlace ? place : nil
    let curves = shown.curves
    let along = curves.filter { $0.unit == curves.first?.unit }
    if let first = along.first {
      var top: Rect
      (top, left) = left.cutTop(max(7, left.height * 11 / 20))
      drawCurves(first, model, top, &sheet, chosen: point)
    }
    if left.height >= 20, along.count > 1 {
      var top: Rect
      (top, left) = left.cutTop(max(6, left.height / 3))
      drawCurves(along[1], model, top, &sheet, chosen: point)
    }
    drawSeries(series, number, left, &sheet)
    if isWide {
      var parts: Rect
      (right, parts) = right.cutLeft(right.width * 9 / 20)
      drawParts(model, shown, number, parts, &sheet)
    } else if showsParts {
      return drawParts(model, shown, number, right, &sheet)
    }
    if right.height >= 30, let other = curves.first(where: { $0.unit != curves.first?.unit }) {
      var top: Rect
      (top, right) = right.cutTop(right.height / 4)
      drawCurves(other, model, top, &sheet)
    }
    if right.height >= 16, let choice = shown.choice {
      var top: Rect
      (top, right) = right.cutTop(min(right.height / 3, choice.rows.count + 1))
      draw(choice, choice.chosen, top, &sheet)
    }
    drawResult(model, right, &sheet, isFull: false)
  }

  /// The chosen frame: its reflections as they were measured beside as they were computed, how the chosen one comes and
  /// goes while the frame is taken, and all of them in numbers.
  private func drawParts(
    _ model: Model, _ shown: FrameDetail, _ number: Int, _ rect: Rect, _ sheet: inout Sheet
  ) {
    let points = shown.points(of: number).flatMap { $0.rows.isEmpty ? nil : $0 }
    let curves = shown.curves(of: number)
    guard points != nil || curves != nil else {
      return sheet.empty(rect, Text("Reflections"), "none here")
    }
    let chosen = min(reflection, max(0, (points?.rows.count ?? 0) - 1))
    var rest = rect
    if let points, rest.height >= 20, rest.width >= 30, points.columns.count > 1 {
      let (top, below) = rest.cutTop(min(rest.width / 4 + 2, rest.height * 2 / 5))
      rest = below
      for (shade, part) in top.cutColumns(2).enumerated() {
        drawPoints(
          points, chosen: chosen, shade: shade, alike: [0, 1], isFocused: false, model, part, &sheet)
      }
    }
    if rest.height >= 14, var curves, let name = points?.rows[chosen].name ?? curves.series.first?.title {
      curves.title += ", \(name)"
      curves.series.removeAll { $0.title != name }
      var top: Rect
      (top, rest) = rest.cutTop(max(7, rest.height * 2 / 5))
      drawCurves(curves, model, top, &sheet, withResidual: false)
    }
    guard let points else { return }
    let inside = sheet.pane(rest, Text(points.title), facts: [Text("\(points.rows.count)")])
    TableDrawing(columns: points.columns, rows: points.rows, chosen: chosen).draw(in: inside, &sheet)
  }

  private func drawSeries(_ series: Exhibit.Table, _ number: Int, _ rect: Rect, _ sheet: inout Sheet) {
    let out = series.rows.count { !$0.hasPlace }
    var facts: [Text] = []
    if out > 0 { facts.append(Text("\(out) out", sheet.theme.doubtful)) }
    facts.append(Text("\(series.rows.count)"))
    let inside = sheet.pane(rect, Text(series.title), facts: facts, isFocused: true)
    TableDrawing(columns: series.columns, rows: series.rows, chosen: number).draw(in: inside, &sheet)
  }

  private func draw(_ table: Exhibit.Table, _ chosen: Int?, _ rect: Rect, _ sheet: inout Sheet) {
    let inside = sheet.pane(rect, Text(table.title), facts: [Text("\(table.rows.count)")])
    TableDrawing(columns: table.columns, rows: table.rows, chosen: chosen).draw(in: inside, &sheet)
  }
}

extension Exhibit.Row {
  /// Whether anything is known beyond what was measured.
  fileprivate var hasPlace: Bool { cells.dropFirst(2).contains { $0.isFinite } }
}

extension FrameDetail {
  /// The table whose rows are the frames of a series: they can be left out.
  fileprivate var series: Exhibit.Table? { tables.first { $0.part == nil && $0.edits.contains(.leaveOut) } }
  /// The table of what one may choose from.
  fileprivate var choice: Exhibit.Table? { tables.first { $0.part == nil && $0.edits.contains(.choose) } }
}

extension Model {
  fileprivate mutating func turnZone(_ step: Int) -> [Effect] {
    let count = shown?.series?.rows.count ?? 0
    guard count > 0 else { return [] }
    _ = change(ScalesView.self) { view, _ in
      view.chosen = turned(view.chosen, by: step, of: count)
      view.reflection = 0
    }
    return []
  }

  fileprivate mutating func turnReflection(_ step: Int) -> [Effect] {
    guard let view = view as? ScalesView, let count = shown?.points(of: view.chosen)?.rows.count, count > 0
    else { return [] }
    _ = change(ScalesView.self) { view, _ in
      view.reflection = turned(view.reflection, by: step, of: count)
    }
    return []
  }

  fileprivate mutating func leaveZoneOut() -> [Effect] {
    guard let series = shown?.series, let view = view as? ScalesView, !series.rows.isEmpty else { return [] }
    return edit(.leaveOut(series.rows[min(max(0, view.chosen), series.rows.count - 1)].name), of: series)
  }

  fileprivate mutating func turnChoice(_ step: Int) -> [Effect] {
    guard let choice = shown?.choice, let now = choice.chosen else { return [] }
    guard choice.rows.indices.contains(now + step) else {
      notice = Notice(text: "this is the \(step > 0 ? "last" : "first") of them", isError: true)
      return []
    }
    return edit(.choose(choice.rows[now + step].name), of: choice)
  }

  private mutating func edit(_ edit: TableEdit, of table: Exhibit.Table) -> [Effect] {
    analyseAgain { engine, settings in
      table.edits.contains(edit.kind) ? engine.settings(settings, after: edit, of: table) : nil
    }
  }
}
