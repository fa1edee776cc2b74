/// Which characters a picture is made of.
package enum PictureMode: String, Sendable, CaseIterable {
  /// True pixels where the terminal has them; half blocks stand for them until they are there.
  case pixels
  /// One pixel a cell, on any terminal.
  case ascii
  /// Two pixels a cell, one above the other.
  case halfBlock
  /// Four pixels a cell in two colours.
  case quadrant
  /// Eight dots a cell in one colour.
  case braille

  package var next: PictureMode {
    switch self {
    case .ascii: .halfBlock
    case .halfBlock: .quadrant
    case .quadrant: .braille
    case .braille: .pixels
    case .pixels: .ascii
    }
  }

  /// Pixels a cell.
  var across: Int { self == .quadrant || self == .braille ? 2 : 1 }
  var down: Int {
    switch self {
    case .ascii: 1
    case .pixels, .halfBlock, .quadrant: 2
    case .braille: 4
    }
  }

  /// In characters. Blocks need two colours; without colours the ramp shows more.
  func usable(with depth: ColourDepth) -> PictureMode {
    switch self {
    case .pixels, .halfBlock: depth == .none ? .ascii : .halfBlock
    case .quadrant: depth == .none ? .ascii : .quadrant
    case .ascii, .braille: self
    }
  }
}

/// All choices about how a picture looks.
package struct PictureLook: Hashable, Sendable {
  package var mode: PictureMode
  package var map: ColourMap
  package var depth: ColourDepth
  package var contrast: Contrast
  package var reduction: PictureSource.Reduction

  package init(
    mode: PictureMode = .ascii, map: ColourMap = .grey, depth: ColourDepth = .none,
    contrast: Contrast = Contrast(), reduction: PictureSource.Reduction = .mean
  ) {
    self.mode = mode
    self.map = map
    self.depth = depth
    self.contrast = contrast
    self.reduction = reduction
  }
}
