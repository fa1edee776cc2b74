import Diffraction
import LiveSession
import TerminalUI

/// The frame as it was measured, with the scale in force on its border.
func drawPicture(_ model: Model, _ rect: Rect, _ canvas: inout Canvas) {
  guard let detail = model.detail, detail.fileID == model.list.cursor, let frame = detail.frame else {
    let inside = canvas.pane(rect, ["Measured"], style: Theme.title)
    let text =
      model.detail?.problem.flatMap { model.detail?.fileID == model.list.cursor ? $0 : nil }
      ?? (model.list.cursor == nil ? "no frame" : "reading")
    for (line, part) in wrap(text, to: inside.width).enumerated() where line < inside.height {
      canvas.put(part, x: inside.x, y: inside.y + line, Theme.hint)
    }
    return
  }
  let source = PictureSource(frame.pixels)
  var contrast = model.contrast
  let limits = contrast.limits(for: [source])
  var look = model.look
  look.contrast = contrast.inForce
  let inside = Rect(x: rect.x, y: rect.y + 1, width: rect.width, height: max(0, rect.height - 1))
  let placement = canvas.picture(source, in: inside, look, limits: limits)
  var title = ["Measured", placement.label]
  if detail.frames > 1 { title.append("image \(frame.index + 1)/\(detail.frames)") }
  if let at = model.crosshair {
    let cell = placement.cell(column: at.column, row: at.row)
    canvas.restyle(Rect(x: cell.x, y: cell.y, width: 1, height: 1)) { $0 = Style(.black, on: .yellow) }
    canvas.put("+", x: cell.x, y: cell.y, Style(.black, on: .yellow))
    let value = source.values[at.row * source.width + at.column]
    title.append(
      "(\(at.column),\(at.row))=\(Format.value(Double(value), decimals: value == value.rounded() ? 0 : 3))")
  }
  _ = canvas.pane(Rect(x: rect.x, y: rect.y, width: rect.width, height: 1), title, style: Theme.title)
}

extension PictureSource {
  init(_ pixels: Pixels) {
    self.init(width: pixels.width, height: pixels.height, values: pixels.matrix().values)
  }
}

/// Breaks text at blanks.
func wrap(_ text: String, to width: Int) -> [String] {
  guard width > 0 else { return [] }
  var lines = [""]
  for word in text.split(separator: " ") {
    let line = lines[lines.count - 1]
    if line.isEmpty {
      lines[lines.count - 1] = String(word)
    } else if line.count + 1 + word.count <= width {
      lines[lines.count - 1] = line + " " + word
    } else {
      lines.append(String(word))
    }
  }
  return lines
}
