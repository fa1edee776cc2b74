/// A picture in true pixels: for every pixel a place in its palette, row 0 on top.
package struct IndexedPicture: Sendable, Equatable {
  package struct RGB: Sendable, Equatable {
    package var red: UInt8
    package var green: UInt8
    package var blue: UInt8

    package init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
      self.red = red
      self.green = green
      self.blue = blue
    }
  }

  package let width: Int
  package let height: Int
  /// At most 256.
  package let palette: [RGB]
  package let indices: [UInt8]

  package init(width: Int, height: Int, palette: [RGB], indices: [UInt8]) {
    precondition(
      width >= 0 && height >= 0 && indices.count == width * height && palette.count <= 256,
      "one place in the palette a pixel")
    self.width = width
    self.height = height
    self.palette = palette
    self.indices = indices
  }

  /// A part of it; what lies outside is left out.
  func part(x: Int, y: Int, width partWidth: Int, height partHeight: Int) -> IndexedPicture {
    let rect = Rect(x: x, y: y, width: partWidth, height: partHeight)
      .intersection(Rect(x: 0, y: 0, width: width, height: height))
    if rect.width == width, rect.height == height { return self }
    var part: [UInt8] = []
    part.reserveCapacity(rect.width * rect.height)
    for row in rect.y..<rect.bottom {
      part += indices[row * width + rect.x..<row * width + rect.right]
    }
    return IndexedPicture(width: rect.width, height: rect.height, palette: palette, indices: part)
  }
}

/// What is shown in true pixels, before it is known how many there are.
package enum PixelContent: Sendable, Equatable {
  case picture(PictureSource, PictureLook, Limits)
  /// Regions: a place among the colours a point.
  case labels(width: Int, height: Int, [UInt8], colours: [Colour])

  /// The same to the bit: a missing value equals itself.
  package static func == (left: PixelContent, right: PixelContent) -> Bool {
    switch (left, right) {
    case (.picture(let a, let look, let limits), .picture(let b, let otherLook, let otherLimits)):
      guard look == otherLook, limits == otherLimits, a.width == b.width, a.height == b.height else {
        return false
      }
      return a.values.withUnsafeBytes { one in
        b.values.withUnsafeBytes { two in
          one.baseAddress == two.baseAddress || one.elementsEqual(two)
        }
      }
    case (.labels(let w, let h, let a, let colours), .labels(let v, let g, let b, let others)):
      return w == v && h == g && a == b && colours == others
    default: return false
    }
  }

  /// On so many pixels: what shrinks is averaged, what grows is repeated; nothing is smoothed.
  package func drawn(width: Int, height: Int) -> IndexedPicture? {
    guard width > 0, height > 0 else { return nil }
    switch self {
    case .picture(let source, let look, let limits):
      return Self.drawn(source, look, limits, width, height)
    case .labels(let columns, let rows, let labels, let colours):
      guard columns > 0, rows > 0, labels.count == columns * rows, !colours.isEmpty else { return nil }
      let palette = colours.prefix(256).map { IndexedPicture.RGB($0) }
      return IndexedPicture(
        width: width, height: height, palette: palette,
        indices: Self.repeated(labels, columns, rows, width, height)
          .map { Int($0) < palette.count ? $0 : 0 })
    }
  }

  private static func drawn(
    _ source: PictureSource, _ look: PictureLook, _ limits: Limits, _ width: Int, _ height: Int
  ) -> IndexedPicture? {
    let levels = look.map.levels(.trueColour)
    guard source.width > 0, source.height > 0, !levels.isEmpty, levels.count <= 254 else { return nil }
    let curve = ContrastCurve(look.contrast, limits)
    let missing = UInt8(levels.count)
    func index(_ value: Float) -> UInt8 {
      let fraction = curve.fraction(value)
      guard !fraction.isNaN else { return missing }
      return UInt8(min(Int(min(max(fraction, 0), 1) * Float(levels.count)), levels.count - 1))
    }
    var indices: [UInt8]
    if width >= source.width, height >= source.height {
      indices = repeated(source.values.map(index), source.width, source.height, width, height)
    } else {
      indices = source.resampled(columns: width, rows: height, by: look.reduction).map(index)
    }
    // What has no value is chequered: that is no shade of any map.
    for place in indices.indices where indices[place] == missing {
      if (place % width / 4 + place / width / 4) % 2 == 1 { indices[place] = missing + 1 }
    }
    let palette = levels.map { IndexedPicture.RGB($0) } + [.init(32, 32, 32), .init(96, 96, 96)]
    return IndexedPicture(width: width, height: height, palette: palette, indices: indices)
  }

  /// Every pixel of the larger picture has the colour of the one that it lies in.
  private static func repeated(_ pixels: [UInt8], _ columns: Int, _ rows: Int, _ width: Int, _ height: Int)
    -> [UInt8]
  {
    let across = (0..<width).map { (2 * $0 + 1) * columns / (2 * width) }
    var result: [UInt8] = []
    result.reserveCapacity(width * height)
    var last = (row: -1, start: 0)
    for y in 0..<height {
      let row = (2 * y + 1) * rows / (2 * height)
      if row == last.row {
        result += result[last.start..<last.start + width]
      } else {
        last = (row, result.count)
        for column in across { result.append(pixels[row * columns + column]) }
      }
    }
    return result
  }
}

extension IndexedPicture.RGB {
  init(_ colour: Colour) {
    let parts = colour.components ?? (0, 0, 0)
    self.init(parts.red, parts.green, parts.blue)
  }
}
