import Diffraction
import LiveSession
import TerminalUI

/// Objects at places, such as the atoms of a crystal: where they lie, which are not certain, what was measured of them,
/// the curves by which they were found.
package struct PointsView: ScreenView {
  package var chosen = 0
  /// Which of their quantities gives the hue.
  package var shade = 0

  package init() {}

  package var word: String { "atoms" }
  package var title: String { "Atoms" }
  package var purpose: String { "atoms view: objects at places, such as the atoms of a crystal" }

  package var commands: [Command] {
    [
      Command(
        "next-atom", [.char("n"), .char("j"), .down], "the next atom, the least certain first", .view,
        hint: "atom"
      ) {
        $0.turnPoint(1)
      },
      Command("previous-atom", [.char("N"), .char("k"), .up], "the atom before", .view) { $0.turnPoint(-1) },
      Command("next-hue", [.char("C")], "colour the atoms by the next quantity", .view, hint: "colour by") {
        model in
        _ = model.change(PointsView.self) { view, _ in view.shade += 1 }
        return []
      },
    ]
  }

  package func reason(_ model: Model) -> String? {
    guard let shown = model.shown else { return "reading" }
    if shown.points != nil { return nil }
    if shown.drawn == nil, shown.result != nil { return "drawing" }
    return "no atoms: the engine of this result places none"
  }

  package func draw(_ model: Model, _ sheet: inout Sheet) {
    guard let shown = model.shown, let points = shown.points else {
      return sheet.empty(sheet.area, Text("Atoms"), reason(model) ?? "")
    }
    let number = min(chosen, max(0, points.places.count - 1))
    guard !model.isZoomed, model.size.width >= 60, model.size.height >= 12 else {
      return drawPoints(points, chosen: number, shade: shade, model, sheet.area, &sheet)
    }
    let area = sheet.area
    var (left, right) = area.cutLeft(min(2 * (area.height - 2), area.width / 2))
    // What was measured of them has their unit; how they were found has another.
    let measured = shown.curves.filter { $0.unit == points.unit }
    if left.height >= 22, let search = shown.curves.last(where: { $0.unit != points.unit }) {
      var below: Rect
      (below, left) = left.cutBottom(max(7, left.height / 4))
      drawCurves(search, model, below, &sheet)
    }
    drawPoints(points, chosen: number, shade: shade, model, left, &sheet)
    var below = right
    let room = max(0, right.height - (right.height >= 24 ? 13 : 8))
    let count = min(3, measured.count, room / 7)
    for index in 0..<count {
      var part: Rect
      (part, right) = right.cutTop((room - 1) / count - 1)
      below = right
      drawCurves(measured[index], model, part, &sheet)
    }
    var table: Rect?
    if below.width >= 52 {
      let (result, rest) = below.cutLeft(max(20, below.width - 34))
      drawResult(model, result, &sheet, isFull: false)
      table = rest
    } else if number > 0 {
      table = below
    } else {
      drawResult(model, below, &sheet, isFull: false)
    }
    if let table {
      let inside = sheet.pane(
        table, Text(points.title), facts: [Text(Format.grouped(Double(points.rows.count)))])
      TableDrawing(columns: points.placeColumns, rows: points.placeRows, chosen: number).draw(
        in: inside, &sheet)
    }
  }
}

extension Exhibit.Points {
  /// Of the table of all: places go first.
  var placeColumns: [Exhibit.Column] {
    [Exhibit.Column("x", unit: unit, decimals: 2), Exhibit.Column("y", unit: unit, decimals: 2)] + columns
  }
  var placeRows: [Exhibit.Row] {
    zip(rows, places).map { row, place in
      Exhibit.Row(row.name, [place.x, place.y] + row.cells, flags: row.flags)
    }
  }
}

extension Model {
  mutating func turnPoint(_ step: Int) -> [Effect] {
    let count = shown?.points?.places.count ?? 0
    guard count > 0 else { return [] }
    _ = change(PointsView.self) { view, _ in
      view.chosen = turned(view.chosen, by: step, of: count)
    }
    return []
  }
}
