import Diffraction
import TerminalUI

/// A picture with what makes it a measurement: title, scale bar, colour bar with its unit, how its contrast is laid out.
struct PictureFigure {
  var title: String
  var pixels: Pixels
  var unit: String
  var look: Look
  /// Limits that several pictures share.
  var limits: Limits?
  var pixel: AxisCalibration?

  init(_ image: Exhibit.Image, _ look: Look, limits: Limits? = nil) {
    title = image.title
    pixels = image.pixels
    unit = image.unit
    self.look = look
    self.limits = limits
    pixel = image.pixel
  }

  init(_ map: Exhibit.ScanMap, _ look: Look) {
    title = map.title
    pixels = map.pixels
    unit = Format.unit(map.unit)
    self.look = look
  }

  private static let barRoom = 92.0

  func plate(width: Double) -> Plate {
    let source = PictureSource(pixels)
    let limits = self.limits ?? look.limits(of: [pixels])
    let room = max(32, width - Self.barRoom)
    let aspect = Double(max(1, source.height)) / Double(max(1, source.width))
    // Square pixels; a tall picture is narrower rather than higher than a square one.
    var (across, down) = aspect > 1 ? (room / aspect, room) : (room, room * aspect)
    // A whole number of pixels for each of the picture's, where there are many fewer.
    let scale = across / Double(max(1, source.width))
    if scale >= 3 {
      across = scale.rounded(.down) * Double(source.width)
      down = scale.rounded(.down) * Double(source.height)
    }
    (across, down) = (max(1, across), max(1, down))
    var plate = Plate(width: width, height: down + 24 + 22)
    plate.text(title.capitalizedFirst, Place(0, 2), isBold: true)
    let corner = Place(0, 24)
    if let picture = Self.picture(source, look, limits, most: across) {
      plate.picture(picture, corner, width: across, height: down)
    }
    drawScale(on: &plate, corner, across, down)
    drawBar(on: &plate, Place(across + 8, 24), down, limits)
    plate.text(note, Place(0, down + 28), .start, .quiet)
    return plate
  }

  private var note: String {
    let size = "\(pixels.width) × \(pixels.height)"
    return look.contrast.isSigned ? "\(size), symmetric" : "\(size), \(look.contrast.scale.rawValue)"
  }

  /// The pixels alone, as a PNG of at most so many either way.
  func image(most: Double) -> [UInt8] {
    let source = PictureSource(pixels)
    let limits = self.limits ?? look.limits(of: [pixels])
    return Self.picture(source, look, limits, most: most / 2).map { PNGFile.bytes($0) } ?? []
  }

  /// The picture's own pixels, or means where it has many more of them than the plate.
  private static func picture(_ source: PictureSource, _ look: Look, _ limits: Limits, most: Double)
    -> IndexedPicture?
  {
    let shrink = min(1, 2 * most / Double(max(1, source.width)))
    let drawn = PictureLook(
      map: look.map, depth: .trueColour, contrast: look.contrast, reduction: look.reduction)
    return PixelContent.picture(source, drawn, limits).drawn(
      width: max(1, Int((Double(source.width) * shrink).rounded())),
      height: max(1, Int((Double(source.height) * shrink).rounded())))
  }

  private func drawScale(on plate: inout Plate, _ corner: Place, _ across: Double, _ down: Double) {
    guard let pixel, pixel.scale.isFinite, pixel.scale > 0, pixels.width > 0 else { return }
    let perPoint = pixel.scale * Double(pixels.width) / across
    let length = Axis.step(perPoint * across / 8)
    let points = length / perPoint
    let label =
      "\(Axis.number(length, max(0, -Int(bounded(Axis.exponent(length)))))) \(Format.unit(pixel.unit))"
    guard points >= 4, points + Typeface.columns(of: label) + 24 < across, down > 40 else { return }
    let base = corner.y + down - 14
    // On its own ground: patterns are bright and dark.
    plate.area(
      Place(corner.x + 4, base - 8), width: points + Typeface.columns(of: label) + 20, height: 18, .paper)
    plate.line([Place(corner.x + 8, base + 1), Place(corner.x + 8 + points, base + 1)], .text, width: 3)
    plate.text(label, Place(corner.x + 14 + points, base - 7))
  }

  private func drawBar(on plate: inout Plate, _ corner: Place, _ height: Double, _ limits: Limits) {
    let levels = look.map.inks
    let steps = max(1, Int(min(height, 4096)))
    for step in 0..<steps {
      plate.area(
        Place(corner.x, corner.y + Double(step) * height / Double(steps)), width: 12,
        height: height / Double(steps) + 0.5, levels.ink(1 - (Float(step) + 0.5) / Float(steps)))
    }
    // Ticks stand where their values have their colours.
    let axis = Axis(low: Double(limits.low), high: Double(limits.high), ticks: max(1, Int(height / 50)))
    var free = corner.y + height + 8
    for (tick, label) in zip(axis.ticks, axis.labels) {
      guard let fraction = look.contrast.fraction(Float(tick), limits) else { continue }
      let row = corner.y + height * (1 - Double(fraction))
      guard row <= free - 8 else { continue }
      plate.line([Place(corner.x + 12, row), Place(corner.x + 16, row)], .quiet)
      plate.text(
        label, Place(corner.x + 19, min(max(corner.y, row - 8), corner.y + height - 12)), .start, .quiet)
      free = row - 8
    }
    if !unit.isEmpty { plate.text(unit, Place(corner.x, corner.y - 20), .start, .quiet) }
  }
}

/// The colours of a map, as inks.
struct InkScale {
  fileprivate var inks: [Ink]

  func ink(_ fraction: Float) -> Ink {
    guard !inks.isEmpty, fraction.isFinite else { return .missing }
    return inks[min(Int(min(max(fraction, 0), 1) * Float(inks.count)), inks.count - 1)]
  }
}

extension ColourMap {
  var inks: InkScale {
    InkScale(inks: levels(.trueColour).compactMap { $0.components.map { Ink($0.red, $0.green, $0.blue) } })
  }
}

private func bounded(_ value: Double) -> Double { value.isFinite ? min(max(value, -300), 300) : 0 }
