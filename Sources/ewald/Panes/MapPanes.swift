import Diffraction
import LiveSession
import TerminalUI

/// A quantity over the positions of a scan, with the position that is looked at.
func drawMap(_ model: Model, _ rect: Rect, _ canvas: inout Canvas) {
  guard let picture = model.maps.indices.contains(model.map) ? model.maps[model.map] : model.maps.first else {
    let inside = canvas.pane(
      rect, ["Map"], style: Theme.title, divider: rect.right < model.size.width)
    let text =
      model.shown == nil
      ? "reading" : "no map: \(model.scanSize == nil ? "this file is no scan" : "its engine made none")"
    for (line, part) in wrap(text, to: inside.width).prefix(inside.height).enumerated() {
      canvas.put(part, x: inside.x, y: inside.y + line, Theme.hint)
    }
    return
  }
  let source = PictureSource(picture.pixels)
  var look = model.look
  look.contrast = model.contrast.inForce
  look.contrast.scale = .linear
  look.contrast.isSigned = picture.isSigned
  let limits = look.contrast.limits(of: [source])
  var title = [picture.name]
  if model.maps.count > 1 { title.append("\(model.map % model.maps.count + 1)/\(model.maps.count)") }
  title.append(
    "\(Format.value(Double(limits.low), decimals: 2))-\(Format.value(Double(limits.high), decimals: 2))")
  let column = model.image % max(1, source.width)
  let row = model.image / max(1, source.width)
  if row < source.height {
    let value = source.values[row * source.width + column]
    title.append("(\(column),\(row))=\(value.isFinite ? Format.value(Double(value), decimals: 2) : "-")")
  }
  let inside = canvas.pane(
    rect, title, style: Theme.title, divider: rect.right < model.size.width)
  let placement = canvas.picture(source, in: inside, look, limits: limits)
  guard row < source.height else { return }
  let cell = placement.cell(column: column, row: row)
  canvas.put("+", x: cell.x, y: cell.y, Style(.black, on: .yellow))
}
