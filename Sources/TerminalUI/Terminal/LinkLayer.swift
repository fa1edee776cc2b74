/// Which parts of the screen are links on the terminal. ncurses knows none: their text is written once more, between the
/// marks of OSC 8, whenever it has changed.
struct LinkLayer {
  private var shown: [Link: [Cell]] = [:]

  /// The cells of links that are there no more: ncurses believes that they are as they should be.
  mutating func plan(_ canvas: Canvas) -> [(x: Int, y: Int)] {
    let wanted = Set(canvas.links)
    let gone = shown.keys.filter { !wanted.contains($0) }
    for link in gone { shown[link] = nil }
    return gone.flatMap { link in (link.x..<link.x + link.width).map { ($0, link.y) } }
  }

  /// What has to be written when the cells are out.
  mutating func text(_ canvas: Canvas, _ depth: ColourDepth, _ drawn: (Unicode.Scalar) -> Unicode.Scalar)
    -> String
  {
    var text = ""
    for link in canvas.links {
      let cells = (link.x..<link.x + link.width).map { canvas[$0, link.y] }
      guard shown[link] != cells else { continue }
      shown[link] = cells
      text += "\u{1B}[\(link.y + 1);\(link.x + 1)H" + ControlSequence.linkBegin(link.address)
      var last: Style?
      for cell in cells where !cell.isContinuation {
        if cell.style != last { text += ControlSequence.style(cell.style, depth) }
        last = cell.style
        text.unicodeScalars.append(drawn(cell.scalar))
      }
      text += ControlSequence.linkEnd
    }
    return text.isEmpty ? "" : "\u{1B}7\(text)\u{1B}8"
  }

  mutating func forget() { shown = [:] }
}
