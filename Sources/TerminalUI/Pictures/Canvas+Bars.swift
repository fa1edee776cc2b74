extension ColourMap {
  /// `0 ▆▆▆▆▆▆ 380 counts`: what the shades of a picture mean. A short one leaves a zero out.
  package func bar(
    _ limits: Limits, width: Int, unit: String = "", isSigned: Bool = false, isShort: Bool = false,
    depth: ColourDepth, _ dim: Style
  ) -> Text {
    let levels = levels(depth)
    var text =
      isShort && limits.low == 0 ? Text("") : Text(Self.limit(limits.low, limits, isSigned), dim) + Text(" ")
    if levels.isEmpty {
      let ramp: [Character] = isSigned ? ["=", "-", " ", "+", "#"] : [" ", ".", ":", "=", "#", "@"]
      let cells = (0..<max(1, width)).map { ramp[min(ramp.count - 1, $0 * ramp.count / max(1, width))] }
      text += Text(String(cells))
    } else {
      for cell in 0..<max(1, width) {
        text += Text("▆", Style(ColourMap.colour((Float(cell) + 0.5) / Float(max(1, width)), in: levels)))
      }
    }
    return text
      + Text(" " + Self.limit(limits.high, limits, isSigned) + (unit.isEmpty ? "" : " \(unit)"), dim)
  }

  private static func limit(_ value: Float, _ limits: Limits, _ isSigned: Bool) -> String {
    guard value.isFinite else { return "—" }
    let span = Double(max(abs(limits.low), abs(limits.high)))
    var (number, suffix) = (Double(value), "")
    if span >= 1e7 {
      (number, suffix) = (number / 1e6, "M")
    } else if span >= 1e4 {
      (number, suffix) = (number / 1e3, "k")
    }
    let size = suffix.isEmpty ? span : span / (suffix == "M" ? 1e6 : 1e3)
    let decimals = size >= 100 ? 0 : size >= 10 ? 0 : size >= 1 ? 1 : size >= 0.1 ? 2 : size >= 0.01 ? 3 : 4
    var text = Axis.number(number, decimals)
    if text.contains(".") {
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
    }
    return (isSigned && value > 0 ? "+" : "") + text + suffix
  }
}

extension Canvas {
  /// `├──┤ 10 mrad` in the picture's lower left corner: about a quarter of its width, a round number.
  package mutating func scaleBar(_ placement: PicturePlacement, pixel: Double, unit: String, _ style: Style) {
    let rect = placement.rect
    guard pixel.isFinite, pixel > 0, placement.columns > 0, rect.width >= 16, rect.height >= 4 else { return }
    let cell = pixel * Double(placement.columns) / Double(rect.width)
    let length = Axis.step(cell * Double(rect.width) / 8)
    let cells = Int((length / cell).rounded())
    let decimals = max(0, -Int(Axis.exponent(length)))
    let label = " \(Axis.number(length, decimals)) \(unit)"
    guard cells >= 2, cells + TextWidth.columns(of: label) + 3 <= rect.width else { return }
    let text = "├" + String(repeating: "─", count: cells - 1) + "┤" + label
    // Over the picture: its own colours stay behind the letters.
    for (offset, scalar) in text.unicodeScalars.enumerated() {
      let (x, y) = (rect.x + 1 + offset, rect.bottom - 1)
      let under = self[x, y].style
      set(Cell(scalar, Style(style.foreground, on: under.background, style.attributes)), x: x, y: y)
    }
  }

  /// A cross, or brackets, at a pixel of a picture.
  package mutating func cross(
    _ placement: PicturePlacement, column: Int, row: Int, _ text: Unicode.Scalar = "┼", _ style: Style
  ) {
    let cell = placement.cell(column: column, row: row)
    let under = self[cell.x, cell.y].style
    set(Cell(text, Style(style.foreground, on: under.background, .bold)), x: cell.x, y: cell.y)
  }
}
