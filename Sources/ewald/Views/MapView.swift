import Diffraction
import LiveSession
import TerminalUI

/// A quantity over the positions of a scan, the pattern of one position, a cut along its row.
package struct MapView: ScreenView {
  package var map = 0

  package init() {}

  package var word: String { "map" }
  package var title: String { "Map" }
  package var purpose: String { "map view: quantities over the positions of a scan" }

  package var commands: [Command] {
    probeCommands + [
      Command("next-map", [.char("]")], "the next map", .view, hint: "map") { $0.turnMap(1) },
      Command("previous-map", [.char("[")], "the map before", .view) { $0.turnMap(-1) },
    ]
  }

  package func reason(_ model: Model) -> String? {
    guard let shown = model.shown else { return "reading" }
    if !shown.maps.isEmpty { return nil }
    if shown.drawn == nil, shown.result != nil { return "drawing" }
    return "no map: \(model.scanSize == nil ? "this file is no scan" : "its engine made none")"
  }

  private func chosen(_ model: Model) -> (map: Exhibit.ScanMap, number: Int)? {
    guard let maps = model.shown?.maps, !maps.isEmpty else { return nil }
    let number = ((map % maps.count) + maps.count) % maps.count
    return (maps[number], number)
  }

  package func mainKind(_ model: Model) -> PictureKind { chosen(model)?.map.kind ?? .quantity }
  package func mainPictures(_ model: Model) -> [Pixels] { [chosen(model)?.map.pixels].compactMap { $0 } }

  package func draw(_ model: Model, _ sheet: inout Sheet) {
    guard let (map, number) = chosen(model) else {
      return sheet.empty(sheet.area, Text("Map"), reason(model) ?? "")
    }
    var area = sheet.area
    var right: Rect?
    if !model.isZoomed, area.width >= 60, area.height >= 10 {
      let square = 2 * (area.height - 2)
      let width = max(26, min(area.width * 2 / 5, area.width - square - 3))
      var part: Rect
      (part, area) = area.cutRight(width)
      right = part
    }
    drawMap(map, number, model.shown?.maps.count ?? 1, area, model, &sheet)
    guard let right else { return }
    let (top, rest) = right.cutTop(min((right.width - 1) / 2, right.height - (right.height >= 30 ? 18 : 8)))
    drawPoint(model, top, &sheet)
    var below = rest
    if below.height >= 17 {
      var cut: Rect
      (cut, below) = below.cutTop(max(6, below.height / 2 - 2))
      drawRow(map, model, cut, &sheet)
    }
    let list = lines(of: model.shown?.maps ?? [], number, width: below.width - 2, sheet)
    if below.height >= list.count + 8 {
      var maps: Rect
      (maps, below) = below.cutTop(list.count)
      let inside = sheet.pane(maps, Text("Maps"), facts: [statistics(of: map)])
      sheet.lines(list, in: inside)
    }
    drawResult(model, below, &sheet, isFull: false)
  }

  /// All maps of this scan with their numbers, in as many columns as their names leave room for.
  private func lines(of maps: [Exhibit.ScanMap], _ number: Int, width: Int, _ sheet: Sheet) -> [Text] {
    let names = maps.map { Format.words($0.title) }
    let widest = (names.map { TextWidth.columns(of: $0) }.max() ?? 0) + 4
    let columns = max(1, width / max(1, widest + 1))
    return stride(from: 0, to: maps.count, by: columns).map { start in
      (start..<min(start + columns, maps.count)).reduce(into: Text("")) { line, index in
        let isHere = index == number
        line += Text(isHere ? "▸" : " ", sheet.theme.accent)
        line += sheet.fitted("\(index + 1)", 2, sheet.theme.dim, right: true)
        line += sheet.fitted(" " + names[index], widest - 2, isHere ? sheet.theme.bright : sheet.theme.text)
      }
    }
  }

  /// Of the points that have a value.
  private func statistics(of map: Exhibit.ScanMap) -> Text {
    let values = map.pixels.doubles().filter(\.isFinite)
    let points = Format.count(map.pixels.width * map.pixels.height, "point")
    guard !values.isEmpty else { return Text("\(points), all empty") }
    let mean = Format.value(values.reduce(0, +) / Double(values.count), decimals: 2)
    let empty = map.pixels.width * map.pixels.height - values.count
    return Text("\(points)\(empty > 0 ? ", \(empty) empty" : "")  mean \(mean) \(Format.unit(map.unit))")
  }

  private func drawMap(
    _ map: Exhibit.ScanMap, _ number: Int, _ count: Int, _ rect: Rect, _ model: Model, _ sheet: inout Sheet
  ) {
    let look = model.look(for: map.kind)
    let source = ShownPictures.shared.source(map.pixels)
    let limits = look.limits(of: [map.pixels])
    let (column, row) = (model.image % source.width, model.image / source.width)
    var facts: [Text] = []
    if row < source.height {
      let value = Double(source.values[row * source.width + column])
      let text = value.isFinite ? "\(Format.value(value, decimals: 2)) \(Format.unit(map.unit))" : "—"
      facts.append(Text("(\(column), \(row)) ", sheet.theme.dim) + Text(text, sheet.theme.bright))
    }
    // The value has the unit already.
    facts.append(
      look.map.bar(
        limits, width: rect.width >= 90 ? 12 : rect.width >= 60 ? 6 : 4,
        unit: facts.isEmpty ? Format.unit(map.unit) : "", depth: model.capabilities.colours, sheet.theme.dim))
    let title =
      count > 1
      ? "\(Format.words(map.title).capitalizedFirst) \(number + 1) of \(count)" : map.title.capitalizedFirst
    let inside = sheet.pane(rect, Text(title), facts: facts, isFocused: true)
    guard let placement = sheet.draw(map.pixels, in: inside, look, limits, model), row < source.height else {
      return
    }
    sheet.targets.append(MouseTarget(rect: placement.rect, kind: .scan(placement, labels: nil)))
    sheet.canvas.cross(placement, column: column, row: row, "+", Style(.yellow, on: .default, .bold))
  }

  /// The map's values along the row that is looked at.
  private func drawRow(_ map: Exhibit.ScanMap, _ model: Model, _ rect: Rect, _ sheet: inout Sheet) {
    let (width, height) = (map.pixels.width, map.pixels.height)
    let row = model.image / width
    guard row < height else { return sheet.empty(rect, Text("Row"), "") }
    let values = map.pixels.doubles()[row * width..<(row + 1) * width].map { $0 }
    let inside = sheet.pane(
      rect, Text("Row \(row)"),
      facts: [Text("──", sheet.theme.accent) + Text(" " + Format.head(map.title, map.unit), sheet.theme.dim)]
    ).inset(left: 1, right: 1)
    let x = Axis(
      low: 0, high: Double(max(1, width - 1)), unit: "point", ticks: max(1, inside.width / 10), isWhole: true)
    let finite = values.filter(\.isFinite)
    let y = Axis(finite, ticks: max(1, inside.height / 3), isRound: true)
    guard var plot = Plot(inside, x: x, y: y, sheet.theme) else { return }
    plot.axes(on: &sheet.canvas)
    plot.line(values.enumerated().map { (Double($0.offset), $0.element) }, sheet.theme.accent)
    let column = model.image % width
    if values.indices.contains(column) {
      plot.mark("◆", x: Double(column), y: values[column], sheet.theme.bright)
    }
    plot.draw(on: &sheet.canvas)
  }
}

/// The pattern of the scan position that is looked at.
func drawPoint(_ model: Model, _ rect: Rect, _ sheet: inout Sheet) {
  guard let image = model.measured, let size = model.scanSize, size.width > 0 else {
    return sheet.noPicture(rect, Text("Pattern"), model)
  }
  sheet.picture(
    PictureDrawing(image, Text("Point \(model.image % size.width), \(model.image / size.width)")), rect, model
  )
}

/// The arrows move over the positions of a scan.
let probeCommands: [Command] = [
  Command("probe-left", [.char("h"), .left], "the scan position to the left", .view) { $0.moveProbe(-1, 0) },
  Command("probe-down", [.char("j"), .down], "the scan position below", .view) { $0.moveProbe(0, 1) },
  Command("probe-up", [.char("k"), .up], "the scan position above", .view) { $0.moveProbe(0, -1) },
  Command("probe-right", [.char("l"), .right], "the scan position to the right", .view, hint: "point") {
    $0.moveProbe(1, 0)
  },
]

extension Model {
  mutating func turnMap(_ step: Int) -> [Effect] {
    let count = shown?.maps.count ?? 0
    _ = change(MapView.self) { view, _ in view.map = count > 0 ? (view.map + step + count) % count : 0 }
    return []
  }
}
