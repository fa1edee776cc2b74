import Diffraction
import LiveSession
import TerminalUI

/// The map of crystals as letters in colours: without colours the letters say it alone. `+` is the scan position
/// whose pattern is shown.
func drawSegments(_ model: Model, _ rect: Rect, _ canvas: inout Canvas) {
  guard let picture = model.segments else {
    let inside = canvas.pane(
      rect, ["Segments"], style: Theme.title, divider: rect.right < model.size.width)
    let text =
      model.shown == nil ? "reading" : "no segments: they are what the engine sped makes of a scan"
    for (line, part) in wrap(text, to: inside.width).prefix(inside.height).enumerated() {
      canvas.put(part, x: inside.x, y: inside.y + line, Theme.hint)
    }
    return
  }
  let (width, height) = (picture.pixels.width, picture.pixels.height)
  let labels = picture.pixels.doubles()
  let crystals = model.crystals
  var title = ["Segments", "\(crystals.count) crystals"]
  if let chosen = model.chosenCrystal { title.append("chosen \(chosen)") }
  if let joining = model.joining { title.append("joining \(joining)") }
  let inside = canvas.pane(rect, title, style: Theme.title, divider: rect.right < model.size.width)
  guard inside.width > 1, inside.height > 0 else { return }
  // Two columns a point are about square; a map that is too large shows every second, third … point.
  let step = max(
    1, (2 * width + inside.width - 1) / inside.width, (height + inside.height - 1) / inside.height)
  let chosen = model.candidate
  for row in 0..<(height + step - 1) / step {
    for column in 0..<(width + step - 1) / step {
      let (x, y) = (column * step, row * step)
      let label = Int(labels[y * width + x])
      let isProbe =
        model.image % width / step == column && model.image / width / step == row
      let letter = label > 0 && crystals.indices.contains(label - 1) ? crystals[label - 1].letter : "."
      var style = label > 0 ? crystalStyle(label - 1) : Theme.hint
      if label - 1 == chosen, label > 0 { style = style.adding(.reverse) }
      let text = isProbe ? "+ " : String(letter.prefix(1)) + (label > 0 ? String(letter.prefix(1)) : " ")
      let place = inside.x + 2 * column
      guard place + 1 < inside.right, inside.y + row < inside.bottom else { continue }
      canvas.put(text, x: place, y: inside.y + row, isProbe ? Style(.black, on: .yellow) : style)
    }
  }
}

/// Letter, area, confidence and spots of every crystal.
func drawLegend(_ model: Model, _ rect: Rect, _ canvas: inout Canvas) {
  let inside = canvas.pane(
    rect, ["Crystals", "area/px", "confidence", "spots"], style: Theme.title,
    divider: rect.right < model.size.width)
  let crystals = model.crystals
  let first = max(0, min(model.candidate - inside.height / 2, crystals.count - inside.height))
  for (line, index) in (first..<max(first, min(crystals.count, first + inside.height))).enumerated() {
    let crystal = crystals[index]
    let confidence = crystal.area.probability.map { Format.fixed($0, 2) } ?? "-"
    let spots = crystal.spots.map { Format.fixed($0, 0) } ?? "-"
    let mark = index == model.candidate ? ">" : " "
    let text = "\(mark)\(crystal.letter)  \(Format.fixed(crystal.area.value, 0))  \(confidence)  \(spots)"
    canvas.put(TextWidth.fitted(text, to: inside.width), x: inside.x, y: inside.y + line, crystalStyle(index))
  }
}

/// The virtual diffraction pattern of the chosen crystal and, where there is room, its virtual dark-field image:
/// of all its spots or of the one that was picked. Where there is room for one, the picked spot goes first.
func drawCrystal(_ model: Model, _ rect: Rect, _ canvas: inout Canvas) {
  guard let letter = model.chosenCrystal else {
    _ = canvas.pane(rect, ["Virtual diffraction"], style: Theme.title)
    return
  }
  let pattern = model.shown?.pictures.first { !$0.isMap && $0.candidate == model.candidate }
  let spot = model.chosenSpot.flatMap { $0.letter == letter ? "\(letter)\($0.rank)" : nil }
  let field = model.maps.first { $0.name == "dark field \(spot ?? letter)" }
  var rest = rect
  var pictures = [("Virtual diffraction \(letter)", pattern), ("Dark field \(spot ?? letter)", field)]
  let room = rect.width >= 50 ? 2 : 1
  if room == 1, spot != nil { pictures.reverse() }
  for (index, (name, picture)) in pictures.prefix(room).enumerated() {
    var part: Rect
    (part, rest) = rest.splitLeft(rest.width / (room - index))
    let inside = canvas.pane(part, [name], style: Theme.title, divider: index + 1 < room)
    guard let picture else { continue }
    let source = PictureSource(picture.pixels)
    var look = model.look
    look.contrast = model.contrast.inForce
    canvas.picture(source, in: inside, look, limits: look.contrast.limits(of: [source]))
  }
}

private func crystalStyle(_ index: Int) -> Style {
  let colours: [Colour] = [.green, .yellow, .cyan, .magenta, .blue, .red, .white]
  return Style(colours[index % colours.count])
}
