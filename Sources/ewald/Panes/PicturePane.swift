import Diffraction
import LiveSession
import TerminalUI

/// One picture in its pane: title, contrast and colour bar on the edge, scale bar in the corner, the picture square.
struct PictureDrawing {
  var image: Exhibit.Image
  var title: Text
  /// Pictures that share its limits.
  var family: [Exhibit.Image]
  var note: Text = ""
  /// Column and row of a cross; the middle of the detector otherwise has none.
  var cross: (column: Int, row: Int)?
  /// It is the frame under the cursor: the mouse finds its pixels.
  var isFrame = false

  init(_ image: Exhibit.Image, _ title: Text, family: [Exhibit.Image] = []) {
    self.image = image
    self.title = title
    self.family = family.isEmpty ? [image] : family
  }
}

extension Sheet {
  @discardableResult
  mutating func picture(_ drawing: PictureDrawing, _ rect: Rect, _ model: Model, isFocused: Bool = false)
    -> Rect
  {
    let image = drawing.image
    let look = model.look(for: image.kind)
    let limits = look.limits(of: drawing.family.map(\.pixels))
    let isWide = rect.width >= 34
    let bar = look.map.bar(
      limits, width: rect.width >= 48 ? 8 : rect.width >= 34 ? 6 : 3, unit: isWide ? image.unit : "",
      isSigned: look.contrast.isSigned, isShort: rect.width < 30, depth: model.capabilities.colours, theme.dim
    )
    var facts = [bar]
    if look.contrast.scale != .linear || isWide, !look.contrast.isSigned {
      facts.insert(
        Text(look.held == nil ? look.contrast.scale.rawValue : "\(look.contrast.scale.rawValue), kept"), at: 0
      )
    }
    // The bar is worth more than the word.
    if drawing.title.columns + facts.reduce(0, { $0 + $1.columns + 3 }) + 4 > rect.width, facts.count > 1 {
      facts.removeFirst()
    }
    if !drawing.note.isEmpty { facts.insert(drawing.note, at: 0) }
    let inside = pane(rect, drawing.title, facts: facts, isFocused: isFocused)
    let placement = draw(
      image.pixels, in: inside, look, limits, model, pixel: image.pixel, cross: drawing.cross)
    if let placement, drawing.isFrame {
      targets.append(MouseTarget(rect: placement.rect, kind: .frame(placement)))
    }
    return inside
  }

  /// The picture without its pane.
  @discardableResult
  mutating func draw(
    _ pixels: Pixels, in inside: Rect, _ look: Look, _ limits: Limits, _ model: Model,
    pixel: AxisCalibration? = nil,
    cross: (column: Int, row: Int)? = nil
  ) -> PicturePlacement? {
    guard !inside.isEmpty else { return nil }
    let picture = PictureLook(
      mode: model.pictureMode, map: look.map, depth: model.capabilities.colours, contrast: look.contrast,
      reduction: look.reduction)
    let placement = canvas.picture(ShownPictures.shared.source(pixels), in: inside, picture, limits: limits)
    if let pixel {
      canvas.scaleBar(placement, pixel: pixel.scale, unit: Format.unit(pixel.unit), theme.bright)
    }
    if let cross {
      canvas.cross(placement, column: cross.column, row: cross.row, "+", Style(.yellow, on: .default, .bold))
    }
    return placement
  }

  /// Why there is no picture.
  mutating func noPicture(_ rect: Rect, _ title: Text, _ model: Model) {
    let reason: String
    if let detail = model.shown, let problem = detail.problem {
      reason = problem
    } else {
      reason = model.list.cursor == nil ? "no frame yet" : "reading"
    }
    empty(rect, title, reason)
  }
}

extension Model {
  /// The last picture stays, marked old, until the next one is there.
  var measuredOrLast: (image: Exhibit.Image, file: Int, isOld: Bool)? {
    if let measured, let cursor = list.cursor { return (measured, cursor, false) }
    if shown?.problem != nil { return nil }
    guard let detail, list.cursor != nil, let image = detail.measured(signal(of: detail.result?.engine))
    else { return nil }
    return (image, detail.fileID, true)
  }
}

/// The measured frame with its number.
func drawMeasured(_ model: Model, _ rect: Rect, _ sheet: inout Sheet, isFocused: Bool = false) {
  guard let pictured = model.measuredOrLast else {
    return sheet.noPicture(rect, Text("Measured"), model)
  }
  var drawing = PictureDrawing(pictured.image, Text("Measured \(pictured.file)"))
  drawing.isFrame = !pictured.isOld
  if pictured.isOld { drawing.note = Text("reading \(model.list.cursor ?? 0)", sheet.theme.doubtful) }
  if !pictured.isOld, let detail = model.shown, detail.frames > 1 {
    drawing.note = Text("image \(model.image + 1) of \(detail.frames)")
  }
  sheet.picture(drawing, rect, model, isFocused: isFocused)
}
