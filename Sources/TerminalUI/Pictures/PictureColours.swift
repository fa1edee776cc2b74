/// One cell of a picture from the fractions it shows. No dithering: what looks like structure is structure.
struct PictureColours {
  private let look: PictureLook
  private let levels: [Colour]

  init(_ look: PictureLook) {
    self.look = look
    levels = look.map.levels(look.depth)
  }

  /// A pixel without a value: dim and no shade of the map.
  private static let missing = Cell("·", .dim)
  /// On the ramp a dot would be a shade.
  private static let missingOnRamp = Cell("?", .dim)
  private static let ramp: [Unicode.Scalar] = [" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"]
  private static let signedRamp: [Unicode.Scalar] = ["=", "-", ".", " ", ".", "+", "#"]
  private static let quadrants: [Unicode.Scalar] = [
    " ", "▘", "▝", "▀", "▖", "▌", "▞", "▛", "▗", "▚", "▐", "▜", "▄", "▙", "▟", "█",
  ]
  /// The bit of each of the 2x4 braille dots, row by row.
  private static let dots: [UInt32] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80]

  func ascii(_ fraction: Float) -> Cell {
    guard !fraction.isNaN else { return PictureColours.missingOnRamp }
    let ramp = look.contrast.isSigned ? PictureColours.signedRamp : PictureColours.ramp
    let scalar = ramp[min(Int(fraction * Float(ramp.count)), ramp.count - 1)]
    guard look.contrast.isSigned, !levels.isEmpty, scalar != " " else { return Cell(scalar) }
    return Cell(scalar, Style(fraction < 0.5 ? .blue.bright.reduced(to: look.depth) : .red))
  }

  func halfBlock(_ upper: Float, _ lower: Float) -> Cell {
    switch (upper.isNaN, lower.isNaN) {
    case (true, true): PictureColours.missing
    case (false, true): Cell("▀", Style(colour(upper)))
    case (true, false): Cell("▄", Style(colour(lower)))
    case (false, false): Cell("▀", Style(colour(upper), on: colour(lower)))
    }
  }

  /// Two colours for four pixels: the split into a dark and a bright group that loses least.
  func quadrant(_ block: [Float]) -> Cell {
    let present = block.filter { !$0.isNaN }
    guard !present.isEmpty else { return PictureColours.missing }
    let mean = present.reduce(0, +) / Float(present.count)
    let values = block.map { $0.isNaN ? mean : $0 }
    let sorted = values.sorted()
    var best = (loss: Float.infinity, threshold: sorted[0])
    for index in 1..<sorted.count where sorted[index] > sorted[index - 1] {
      let loss = spread(sorted[..<index]) + spread(sorted[index...])
      if loss < best.loss { best = (loss, sorted[index]) }
    }
    let bright = values.filter { $0 >= best.threshold }
    let dark = values.filter { $0 < best.threshold }
    let high = colour(bright.reduce(0, +) / Float(bright.count))
    guard !dark.isEmpty else { return Cell("█", Style(high, on: high)) }
    var shape = 0
    for (index, value) in values.enumerated() where value >= best.threshold { shape |= 1 << index }
    let low = colour(dark.reduce(0, +) / Float(dark.count))
    return Cell(PictureColours.quadrants[shape], Style(high, on: low))
  }

  /// As many dots as the cell is bright, on its brightest pixels.
  func braille(_ block: [Float]) -> Cell {
    let present = block.filter { !$0.isNaN }
    guard !present.isEmpty else { return PictureColours.missing }
    let weights = block.map { fraction in
      fraction.isNaN ? 0 : look.contrast.isSigned ? abs(2 * fraction - 1) : fraction
    }
    let count = Int((weights.reduce(0, +)).rounded())
    let order = weights.indices.sorted { weights[$0] == weights[$1] ? $0 < $1 : weights[$0] > weights[$1] }
    var bits: UInt32 = 0
    for index in order.prefix(count) { bits |= PictureColours.dots[index] }
    guard bits != 0 else { return .blank }
    let mean = present.reduce(0, +) / Float(present.count)
    let extreme =
      look.contrast.isSigned && mean < 0.5 ? present.min() ?? mean : present.max() ?? mean
    return Cell(Unicode.Scalar(0x2800 + bits) ?? " ", Style(colour(extreme)))
  }

  private func colour(_ fraction: Float) -> Colour { ColourMap.colour(fraction, in: levels) }

  private func spread(_ values: ArraySlice<Float>) -> Float {
    let mean = values.reduce(0, +) / Float(values.count)
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }
}
