import Diffraction
import Glibc
import LiveSession
import TerminalUI

/// Two frames, or two runs of one, side by side: patterns and their difference, values with the difference in standard
/// deviations, settings that are not the same.
package struct CompareView: ScreenView {
  /// What the frame under the cursor is compared with: another file, or another run of it.
  package var other: (file: Int, run: Int?)?
  package var detail: FrameDetail?

  package init() {}

  package var word: String { "compare" }
  package var title: String { "Compare" }
  package var purpose: String { "compare: two frames or two runs side by side" }
  package var key: Key? { .char("c") }

  package var commands: [Command] {
    [
      Command(
        "next-other", [.char("J"), .char("j"), .down], "B: the next newer frame", .view, hint: "frame of B"
      ) {
        $0.moveOther(1)
      },
      Command("previous-other", [.char("K"), .char("k"), .up], "B: the next older frame", .view) {
        $0.moveOther(-1)
      },
      Command("next-other-run", [.char("]")], "B: the run after", .view, hint: "run of B") {
        $0.turnOther(1)
      },
      Command("previous-other-run", [.char("[")], "B: the run before", .view) { $0.turnOther(-1) },
      Command("swap", [.tab], "A and B change places", .view, hint: "swap") { $0.swapOther() },
    ]
  }

  package func wantsExhibits(_ size: Size) -> Bool { false }

  /// What is shown of the other side; an older one is still here while a new one is read.
  private var shownOther: FrameDetail? { detail.flatMap { $0.fileID == other?.file ? $0 : nil } }

  package func draw(_ model: Model, _ sheet: inout Sheet) {
    guard let a = model.shown, let other else {
      return sheet.empty(sheet.area, Text("Compare"), model.list.cursor == nil ? "no frame yet" : "reading")
    }
    guard let b = shownOther else {
      return sheet.empty(sheet.area, Text("Compare"), "reading frame \(other.file)")
    }
    let area = sheet.area
    let rows = min((area.width / 3 - 1) / 2, area.height - (area.height >= 30 ? 14 : 8))
    let (top, below) = area.cutTop(max(3, rows))
    drawPictures(a, b, model, top, &sheet)
    let (left, right) = below.width >= 100 ? below.cutLeft(below.width / 2) : (below, below)
    drawValues(a, b, model, left, &sheet)
    guard below.width >= 100 else { return }
    drawBoth(a, b, model, right, &sheet)
  }

  private func name(_ side: String, _ detail: FrameDetail, _ model: Model) -> String {
    let row = model.state[file: detail.fileID]
    var text = "\(side)  \(detail.fileID) \(row.map { String($0.name) } ?? "")"
    if let row, row.runs.count > 1, let run = row.runs.firstIndex(where: { $0.id == detail.result?.resultID })
    {
      text += ", run \(run + 1)"
    }
    return text
  }

  private func drawPictures(
    _ a: FrameDetail, _ b: FrameDetail, _ model: Model, _ rect: Rect, _ sheet: inout Sheet
  ) {
    let parts = rect.cutColumns(3)
    let images = [a, b].map { $0.measured(model.signal(of: $0.result?.engine)) }
    let family = images.compactMap { $0 }
    for (index, detail) in [a, b].enumerated() {
      let title = Text(name(index == 0 ? "A" : "B", detail, model))
      if let image = images[index] {
        sheet.picture(
          PictureDrawing(image, title, family: family), parts[index], model, isFocused: index == 1)
      } else {
        sheet.empty(parts[index], title, detail.problem ?? "no picture")
      }
    }
    guard let one = images[0], let two = images[1] else {
      return sheet.empty(parts[2], Text("B − A"), "one of them has no picture")
    }
    guard one.pixels.width == two.pixels.width, one.pixels.height == two.pixels.height else {
      return sheet.empty(parts[2], Text("B − A"), "frames of different sizes have no difference")
    }
    let difference = zip(one.pixels.matrix().values, two.pixels.matrix().values).map { $1 - $0 }
    let pixels = Pixels(width: one.pixels.width, height: one.pixels.height, values: difference)
    sheet.picture(
      PictureDrawing(
        Exhibit.Image("B − A", pixels, unit: one.unit, role: .difference, signal: one.signal), Text("B − A")),
      parts[2], model)
  }

  private func drawValues(
    _ a: FrameDetail, _ b: FrameDetail, _ model: Model, _ rect: Rect, _ sheet: inout Sheet
  ) {
    let theme = sheet.theme
    let inside = sheet.pane(rect, Text("Values"), facts: [Text("≠ differs by more than 3 σ")])
    let outputs = model.outputs(a.result?.engine ?? "")
    var rows: [[String]] = [["", "A", "B", "", "B − A", "in σ", ""]]
    for value in a.result?.values ?? [] {
      rows.append(Comparison(value, b.result?.finding[value.name], outputs).cells)
    }
    let settings = Self.differences(a.result, b.result)
    var lines: [Text] = []
    let widths = (0..<7).map { column in rows.map { TextWidth.columns(of: $0[column]) }.max() ?? 0 }
    for (index, row) in rows.enumerated() {
      var line: Text = " "
      for (column, cell) in row.enumerated() where widths[column] > 0 {
        let style =
          index == 0 || column == 0 || column == 3 ? theme.dim : column == 6 ? theme.doubtful : theme.text
        let isLeft = column == 0 || column == 3 || column == 6
        line += Text(
          TextWidth.fitted(cell, to: widths[column], alignment: isLeft ? .left : .right) + "  ", style)
      }
      lines.append(line)
    }
    let verdicts = [a, b].map {
      $0.result.map { "\($0.verdict.words) \($0.reasons.map(\.code).joined(separator: " "))" } ?? "—"
    }
    lines.append(Text(" " + String(repeating: "─", count: max(0, inside.width - 2)), theme.rule))
    for (name, one, two) in [("verdict", verdicts[0], verdicts[1])] + settings {
      let mark = one == two ? Text("=", theme.dim) : Text("≠", theme.doubtful)
      lines.append(
        Text(" " + TextWidth.fitted(name, to: 18) + " ", theme.dim)
          + Text(TextWidth.fitted(one, to: max(6, (inside.width - 26) / 2)) + " ", theme.text)
          + Text(TextWidth.fitted(two, to: max(6, (inside.width - 26) / 2)) + " ", theme.text) + mark)
    }
    sheet.lines(lines, in: inside)
  }

  /// Engine, model and the settings that are not the same.
  static func differences(_ a: ResultRecord?, _ b: ResultRecord?) -> [(String, String, String)] {
    var rows: [(String, String, String)] = []
    func add(_ name: String, _ one: String?, _ two: String?) {
      if one != two { rows.append((name, one ?? "—", two ?? "—")) }
    }
    add("engine", a?.engine, b?.engine)
    add("model", a?.model?.id, b?.model?.id)
    let names = Set(a?.parameters.keys.map { $0 } ?? []).union(b?.parameters.keys.map { $0 } ?? [])
    for name in names.sorted() { add(name, a?.parameters[name], b?.parameters[name]) }
    return rows
  }

  /// The first histogram of both, the curves of both.
  private func drawBoth(
    _ a: FrameDetail, _ b: FrameDetail, _ model: Model, _ rect: Rect, _ sheet: inout Sheet
  ) {
    let curves = a.curves.first.flatMap { one in
      b.curves.first { $0.title == one.title && $0.unit == one.unit }.map { (one, $0) }
    }
    guard let (one, two) = curves else {
      return sheet.empty(rect, Text("Curves"), "they have no curve in common")
    }
    let theme = sheet.theme
    let inside = sheet.pane(
      rect, Text(one.title.capitalizedFirst),
      facts: [
        Text("──", theme.label(0)) + Text(" A  ", theme.dim) + Text("──", theme.label(1))
          + Text(" B", theme.dim)
      ]
    ).inset(left: 1, right: 1)
    func points(_ curves: Exhibit.Curves) -> [(x: Double, y: Double)] {
      (curves.series.first?.values ?? []).enumerated().map {
        (curves.start + curves.step * Double($0.offset), $0.element)
      }
    }
    let (first, second) = (points(one), points(two))
    let x = Axis((first + second).map(\.x), unit: Format.unit(one.unit), ticks: max(1, inside.width / 10))
    let y = Axis((first + second).map(\.y), ticks: max(1, inside.height / 4), isRound: true)
    guard var plot = Plot(inside, x: x, y: y, theme) else { return }
    plot.axes(on: &sheet.canvas)
    plot.line(first, theme.label(0))
    plot.line(second, theme.label(1))
    plot.draw(on: &sheet.canvas)
  }
}

/// One quantity on both sides.
struct Comparison {
  let cells: [String]

  init(_ a: Quantity, _ b: Quantity?, _ outputs: [Output]) {
    let decimals = Format.decimals(a, outputs)
    var cells = [
      Format.words(a.name), Format.value(a.value, decimals: decimals), "—", Format.unit(a.unit), "", "", "",
    ]
    if let b {
      let difference = b.value - a.value
      cells[2] = Format.value(b.value, decimals: decimals)
      cells[4] = (difference > 0 ? "+" : "") + Format.value(difference, decimals: decimals)
      // A 95 % interval is four standard deviations wide, nearly enough.
      func sigma(_ quantity: Quantity) -> Double? {
        guard let low = quantity.low, let high = quantity.high, high > low else { return nil }
        return (high - low) / 3.92
      }
      if let one = sigma(a), let two = sigma(b) {
        let size = difference / (one * one + two * two).squareRoot()
        if size.isFinite {
          cells[5] = (size > 0 ? "+" : "") + Format.fixed(size, 1)
          cells[6] = size.magnitude > 3 ? "≠" : "="
        }
      }
    }
    self.cells = cells
  }
}

extension Model {
  private var comparison: CompareView? { views.compactMap { $0 as? CompareView }.first }

  /// What to compare with at first: the run before, or the next older frame.
  mutating func beginComparison() -> [Effect] {
    guard let row else { return [] }
    var other: (file: Int, run: Int?)?
    if let accepted = row.accepted, accepted > 0 {
      other = (row.id, accepted - 1)
    } else if let place = list.place(of: row.id), place + 1 < list.count {
      other = (list.id(at: place + 1), nil)
    } else if let place = list.place(of: row.id), place > 0 {
      other = (list.id(at: place - 1), nil)
    }
    guard let other else {
      notice = Notice(text: "there is nothing to compare this frame with", isError: true)
      return []
    }
    let effects = go(to: CompareView.self)
    return effects + compare(with: other.file, run: other.run)
  }

  private mutating func compare(with file: Int, run: Int?) -> [Effect] {
    _ = change(CompareView.self) { view, _ in view.other = (file, run) }
    return [.loadOther(file: file, run: run)]
  }

  mutating func moveOther(_ newer: Int) -> [Effect] {
    guard let other = comparison?.other, let place = list.place(of: other.file) else { return [] }
    let step = list.order == .time ? -newer : newer
    return compare(with: list.id(at: min(max(0, place + step), list.count - 1)), run: nil)
  }

  mutating func turnOther(_ step: Int) -> [Effect] {
    guard let other = comparison?.other, let row = state[file: other.file], row.runs.count > 1 else {
      notice = Notice(text: "B has one run only", isError: true)
      return []
    }
    let now = other.run ?? row.accepted ?? 0
    return compare(with: other.file, run: min(max(0, now + step), row.runs.count - 1))
  }

  mutating func swapOther() -> [Effect] {
    guard let other = comparison?.other, let cursor = list.cursor, list.place(of: other.file) != nil,
      other.file != cursor
    else { return [] }
    list.cursor = other.file
    scrollToCursor()
    return show() + compare(with: cursor, run: nil)
  }
}
