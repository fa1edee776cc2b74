import Diffraction
import LiveSession
import TerminalUI

/// The measured frame and the pictures that explain it, side by side. Those of one scale share their limits,
/// so that they can be compared by eye.
func drawPictureStrip(_ model: Model, _ rect: Rect, _ canvas: inout Canvas) {
  let pictures = model.picturesInView
  guard pictures.count > 1 || (pictures.first?.name ?? "Measured") != "Measured" else {
    drawPicture(model, rect, &canvas)
    return
  }
  var rest = rect
  let strip = model.pictureStrip
  for (index, picture) in pictures.enumerated() {
    var part: Rect
    (part, rest) = rest.splitLeft(rest.width / (pictures.count - index))
    let isLast = index == pictures.count - 1
    let drawn = Rect(x: part.x, y: part.y + 1, width: part.width - (isLast ? 0 : 1), height: part.height - 1)
    let source = PictureSource(picture.pixels)
    let family =
      picture.scale.isEmpty
      ? [source] : strip.filter { $0.scale == picture.scale }.map { PictureSource($0.pixels) }
    var look = model.look
    look.contrast = model.contrast.inForce
    if picture.isSigned {
      look.contrast.isSigned = true
      look.contrast.scale = .linear
    }
    let limits = look.contrast.limits(of: family)
    var title = [picture.name, look.contrast.label(limits)]
    if picture.candidate > 0 { title.insert("answer \(picture.candidate + 1)", at: 1) }
    if model.blinks, index == 0 { title.append("blink") }
    _ = canvas.pane(part, title, style: Theme.title, divider: !isLast)
    canvas.picture(source, in: drawn, look, limits: limits)
  }
}
