import Diffraction
import LiveSession
import TerminalUI

/// Where the frame lies among the patterns of its model, and which of them are nearest.
package struct LatentView: ScreenView {
  /// Which axes and which colour the cloud has; which neighbour is shown.
  package var axes = 0
  package var shade = 0
  package var neighbour = 0

  package init() {}

  package var word: String { "latent" }
  package var title: String { "Latent" }
  package var purpose: String { "latent view: the frame among the patterns of its model" }

  package var commands: [Command] {
    [
      Command("next-axes", [.char("x")], "the next axes of the latent map", .view, hint: "axes") {
        $0.turnScatter(axes: 1)
      },
      Command("previous-axes", [.char("X")], "the axes before, of the latent map", .view) {
        $0.turnScatter(axes: -1)
      },
      Command(
        "next-shade", [.char("C")], "colour the latent map by the next quantity", .view, hint: "colour by"
      ) {
        $0.turnScatter(shade: 1)
      },
      Command("next-neighbour", [.char("n")], "the next neighbour's pattern", .view, hint: "neighbour") {
        $0.turnScatter(neighbour: 1)
      },
    ]
  }

  package func reason(_ model: Model) -> String? {
    guard let shown = model.shown else { return "reading" }
    if let scatter = shown.scatter, !scatter.axes.isEmpty { return nil }
    if shown.drawn == nil, shown.result != nil { return "drawing" }
    return "no latent map: the engine of this result has no latent values"
  }

  package func draw(_ model: Model, _ sheet: inout Sheet) {
    guard let shown = model.shown, let scatter = shown.scatter, !scatter.axes.isEmpty else {
      return sheet.empty(sheet.area, Text("Latent space"), reason(model) ?? "")
    }
    if model.isZoomed || model.size.width < 60 || model.size.height < 12 {
      return drawScatter(scatter, axes: axes, shade: shade, model, sheet.area, &sheet)
    }
    let (below, top) = sheet.area.cutBottom(min(8, max(4, sheet.area.height / 4)))
    let (left, right) = top.cutLeft(max(30, top.width / 2))
    drawScatter(scatter, axes: axes, shade: shade, model, left, &sheet)
    drawPictures(shown, model, right, &sheet)
    let (neighbours, values) = below.cutLeft(left.width - 2)
    drawNeighbours(scatter, shown, model, neighbours, &sheet)
    drawResult(model, values, &sheet, isFull: false)
  }

  private func drawPictures(_ shown: FrameDetail, _ model: Model, _ rect: Rect, _ sheet: inout Sheet) {
    let measured = model.measured
    let others = shown.images.filter { $0.role == .other }
    let images: [(Exhibit.Image, String)] =
      [measured.map { ($0, "Measured \(model.list.cursor ?? 0)") }].compactMap { $0 }
      + [Exhibit.Role.expected, .difference].compactMap { role in
        shown.image(role, answer: 0).map { ($0, $0.title) }
      }
      + (others.indices.contains(neighbour)
        ? [(others[neighbour], "Neighbour \(Format.circled(neighbour + 1))")] : [])
    guard !images.isEmpty else { return sheet.noPicture(rect, Text("Measured"), model) }
    let isSquare = rect.height >= 16 && images.count > 2
    let rows =
      isSquare ? [rect.cutTop((rect.height - 3) / 2).0, rect.cutTop((rect.height - 3) / 2).1] : [rect]
    for (index, (image, title)) in images.prefix(4).enumerated() {
      let row = isSquare ? index / 2 : 0
      let inRow = isSquare ? (row == 0 ? 2 : max(1, min(4, images.count) - 2)) : min(4, images.count)
      let part = rows[row].cutColumns(inRow)[isSquare ? index % 2 : index]
      var drawing = PictureDrawing(image, Text(title))
      if image.role != .difference, image.role != .measured, let measured, measured.unit == image.unit {
        drawing.family = [measured]
      }
      sheet.picture(drawing, part, model)
    }
  }

  private func drawNeighbours(
    _ scatter: Scatter, _ detail: FrameDetail, _ model: Model, _ rect: Rect, _ sheet: inout Sheet
  ) {
    let outputs = model.outputs(detail.result?.engine ?? "")
    var names = scatter.shades.map { Format.head(Format.words($0.name), $0.unit) }
    // Where names have no room, symbols have.
    if 11 + names.reduce(0, { $0 + TextWidth.columns(of: $1) + 2 }) > rect.width - 2 {
      names = scatter.shades.map { shade in
        let symbol = outputs.first { $0.name == shade.name }?.symbol
        return Format.head(symbol ?? Format.words(shade.name), shade.unit)
      }
    }
    let inside = sheet.pane(
      rect, Text("Neighbours"),
      facts: [Text("nearest of \(Format.grouped(Double(scatter.axes.first?.cloud.count ?? 0)))")])
    let cells = scatter.neighbours.map { neighbour in neighbour.text.split(separator: " ").map(String.init) }
    let own = scatter.shades.map { shade in
      detail.result?.finding[shade.name].map {
        Format.value($0.value, decimals: Format.decimals($0, outputs))
      } ?? "—"
    }
    let widths = names.enumerated().map { index, name in
      max(
        TextWidth.columns(of: name),
        (cells + [own]).map { $0.indices.contains(index) ? TextWidth.columns(of: $0[index]) : 0 }.max() ?? 0)
    }
    // A column is shown whole or not at all.
    var shown = names.count
    while shown > 1, 11 + widths.prefix(shown).reduce(0, { $0 + $1 + 2 }) > inside.width { shown -= 1 }
    var head = Text("   distance", sheet.theme.dim)
    for (name, width) in zip(names, widths).prefix(shown) {
      head += sheet.fitted(
        "  " + TextWidth.fitted(name, to: width, alignment: .right), width + 2, sheet.theme.dim)
    }
    var mine = Text(" ◆", sheet.theme.bright) + sheet.fitted("—", 9, sheet.theme.dim, right: true)
    for (cell, width) in zip(own, widths).prefix(shown) {
      mine += sheet.fitted(
        "  " + TextWidth.fitted(cell, to: width, alignment: .right), width + 2, sheet.theme.bright)
    }
    var lines = [head, mine]
    for (number, neighbour) in scatter.neighbours.enumerated() {
      let isHere = number == self.neighbour
      var line =
        Text(isHere ? "▸" : " ", sheet.theme.accent) + Text(Format.circled(number + 1), sheet.theme.doubtful)
      line += sheet.fitted(Format.fixed(neighbour.distance, 2), 9, sheet.theme.text, right: true)
      for (index, width) in widths.prefix(shown).enumerated() {
        let cell = cells[number].indices.contains(index) ? cells[number][index] : ""
        line += sheet.fitted(
          "  " + TextWidth.fitted(cell, to: width, alignment: .right), width + 2, sheet.theme.text)
      }
      lines.append(line)
    }
    sheet.lines(lines, in: inside)
  }
}

extension Model {
  /// Turns to other axes, another quantity as colour, another neighbour.
  mutating func turnScatter(axes step: Int = 0, shade: Int = 0, neighbour: Int = 0) -> [Effect] {
    guard let shown, let scatter = shown.scatter else { return [] }
    let (axesCount, shadeCount) = (max(1, scatter.axes.count), max(1, scatter.shades.count))
    let neighbours = max(1, shown.images.count { $0.role == .other })
    _ = change(LatentView.self) { view, _ in
      view.axes = (view.axes + step + axesCount) % axesCount
      view.shade = (view.shade + shade + shadeCount) % shadeCount
      view.neighbour = (view.neighbour + neighbour) % neighbours
    }
    return []
  }
}
