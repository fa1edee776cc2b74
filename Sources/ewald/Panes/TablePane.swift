import Diffraction
import TerminalUI

/// Rows with a name, cells with units in the column heads, flags; one row may be chosen.
struct TableDrawing {
  var columns: [Exhibit.Column]
  var rows: [Exhibit.Row]
  var chosen: Int?
  /// Of each row's name: the colour of its region.
  var swatch: ((Int) -> Style)?

  func draw(in rect: Rect, _ sheet: inout Sheet) {
    guard rect.width > 4, rect.height > 1 else { return }
    let theme = sheet.theme
    let heads = columns.map { Format.head(Format.words($0.name), $0.unit) }
    let cells = rows.map { row in
      columns.indices.map { index -> String in
        guard row.cells.indices.contains(index), row.cells[index].isFinite else { return "—" }
        return columns[index].text(row.cells[index])
      }
    }
    let widths = columns.indices.map { index in
      max(TextWidth.columns(of: heads[index]), cells.map { TextWidth.columns(of: $0[index]) }.max() ?? 0)
    }
    let names = max(2, rows.map { TextWidth.columns(of: $0.name) }.max() ?? 0)
    let lead = 2 + (swatch == nil ? 0 : 2) + names
    // A flag goes before the last columns.
    let flags =
      rows.map { $0.flags.isEmpty ? 0 : 2 + TextWidth.columns(of: $0.flags.joined(separator: ", ")) }
      .max() ?? 0
    var shown = columns.count
    func across() -> Int { lead + flags + widths.prefix(shown).reduce(0) { $0 + $1 + 2 } }
    while shown > 1, across() > rect.width { shown -= 1 }
    // A long table goes on beside itself where there is room.
    let height = rect.height - 1
    let blocks = max(1, min((rect.width + 3) / (across() + 3), (rows.count + height - 1) / height))
    var head = Text(String(repeating: " ", count: lead), theme.dim)
    for index in 0..<shown {
      head += sheet.fitted(
        "  " + TextWidth.fitted(heads[index], to: widths[index], alignment: .right), widths[index] + 2,
        theme.dim)
    }
    let visible = blocks * height
    let first = max(0, min((chosen ?? 0) - visible / 2, rows.count - visible))
    for (place, index) in (first..<max(first, min(rows.count, first + visible))).enumerated() {
      let x = place / height * (across() + 3)
      if place % height == 0 { sheet.canvas.within(rect) { $0.put(head, x: x, y: 0) } }
      let isHere = index == chosen
      var text = Text(isHere ? "▸ " : "  ", theme.accent)
      if let swatch { text += Text("■ ", swatch(index)) }
      text += Text(TextWidth.fitted(rows[index].name, to: names), isHere ? theme.bright : theme.text)
      for column in 0..<shown {
        text += Text(
          "  " + TextWidth.fitted(cells[index][column], to: widths[column], alignment: .right),
          isHere ? theme.bright : theme.text)
      }
      if !rows[index].flags.isEmpty {
        text += Text("  " + rows[index].flags.joined(separator: ", "), theme.doubtful)
      }
      sheet.canvas.within(rect) { $0.put(text, x: x, y: 1 + place % height) }
    }
  }
}

extension Exhibit.Column {
  func text(_ value: Double) -> String {
    isProbability ? Format.probability(value) : Format.value(value, decimals: decimals)
  }
}
