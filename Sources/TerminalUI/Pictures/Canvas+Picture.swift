extension Canvas {
  /// Draws a picture as large as `area` allows, its aspect kept. `limits` are the contrast's own unless given,
  /// as they are where several pictures share a scale.
  @discardableResult
  package mutating func picture(
    _ source: PictureSource, in area: Rect, _ look: PictureLook, limits: Limits? = nil
  ) -> PicturePlacement {
    let limits = limits ?? look.contrast.limits(of: [source])
    let mode = look.mode.usable(with: look.depth)
    let colours = PictureColours(look)
    let rect = PicturePlacement.fit(columns: source.width, rows: source.height, in: area)
    let grid = PictureGrid(source, rect, mode, ContrastCurve(look.contrast, limits), look.reduction)
    for y in 0..<rect.height {
      for x in 0..<rect.width {
        let cell =
          switch mode {
          case .ascii: colours.ascii(grid[x, y])
          case .pixels, .halfBlock: colours.halfBlock(grid[x, 2 * y], grid[x, 2 * y + 1])
          case .quadrant: colours.quadrant(grid.block(x, y))
          case .braille: colours.braille(grid.block(x, y))
          }
        set(cell, x: rect.x + x, y: rect.y + y)
      }
    }
    place(.picture(source, look, limits), in: rect, asPixels: look.mode == .pixels)
    return PicturePlacement(
      rect: rect, limits: limits, columns: source.width, rows: source.height)
  }
}

/// The fractions to show, `across` x `down` of them a cell; nan where the picture has no value.
private struct PictureGrid {
  private let width: Int
  private let fractions: [Float]
  private let mode: PictureMode

  init(
    _ source: PictureSource, _ rect: Rect, _ mode: PictureMode, _ curve: ContrastCurve,
    _ reduction: PictureSource.Reduction
  ) {
    self.mode = mode
    width = rect.width * mode.across
    // Averaged before bending: a mean of logarithms would darken what is small and bright.
    fractions = source.resampled(columns: width, rows: rect.height * mode.down, by: reduction).map(
      curve.fraction)
  }

  subscript(x: Int, y: Int) -> Float { fractions[y * width + x] }

  /// The pixels of one cell, row by row.
  func block(_ x: Int, _ y: Int) -> [Float] {
    (0..<mode.across * mode.down).map {
      self[x * mode.across + $0 % mode.across, y * mode.down + $0 / mode.across]
    }
  }
}
