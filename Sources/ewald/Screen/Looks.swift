import Diffraction
import TerminalUI

/// Kinds of pictures that are shown alike.
package enum PictureKind: Hashable, Sendable {
  case pattern(Exhibit.Signal)
  case difference
  case quantity
  case darkField
}

/// How pictures of a kind are shown.
package struct Look: Hashable, Sendable {
  package var map: ColourMap
  package var contrast: Contrast
  package var reduction = PictureSource.Reduction.mean
  /// Limits that were kept from one picture for all that follow.
  package var held: Limits?

  /// What suits a kind, until an operator says otherwise.
  package init(for kind: PictureKind) {
    switch kind {
    case .pattern(.discs):
      map = .viridis
      contrast = Contrast(scale: .linear, range: .fromZero(99.9))
    case .pattern(.slowDiscs):
      map = .viridis
      // Three quarters of the largest value's root.
      contrast = Contrast(scale: .sqrt, range: .partOfMaximum(0.5625))
    case .pattern(.spots):
      map = .inferno
      contrast = Contrast(scale: .log, range: .percentile(1, 100))
      reduction = .brightest
    case .pattern(.darkField), .darkField:
      map = .grey
      contrast = Contrast(scale: .linear, range: .percentile(5, 99.5))
    case .pattern(.other), .pattern(.numbers):
      map = .grey
      contrast = Contrast(scale: .sqrt, range: .percentile(1, 99.5))
    case .difference:
      map = .diverging
      contrast = Contrast(scale: .linear, range: .deviations(3), isSigned: true)
    case .quantity:
      map = .viridis
      contrast = Contrast(scale: .linear, range: .percentile(1, 99))
    }
  }

  /// The limits for these pictures together, so that they can be compared by eye.
  package func limits(of family: [Pixels]) -> Limits {
    held ?? ShownPictures.shared.limits(contrast, of: family)
  }
}

extension Exhibit.Image {
  var kind: PictureKind { role == .difference ? .difference : .pattern(signal) }
}

extension Exhibit.ScanMap {
  var kind: PictureKind { signal == .darkField ? .darkField : .quantity }
}

extension Model {
  package func look(for kind: PictureKind) -> Look { looks[kind] ?? Look(for: kind) }

  /// The kind that the keys for colours and contrast change: that of the picture in the main place.
  var mainKind: PictureKind { view.mainKind(self) }

  mutating func changeLook(_ change: (inout Look) -> Void) -> [Effect] {
    let kind = mainKind
    var look = look(for: kind)
    change(&look)
    looks[kind] = look
    return []
  }

  /// Limits of every frame, or those of this one for all that follow.
  mutating func holdLimits() -> [Effect] {
    let kind = mainKind
    let pictures = view.mainPictures(self)
    var look = look(for: kind)
    look.held = look.held == nil && !pictures.isEmpty ? look.limits(of: pictures) : nil
    looks[kind] = look
    notice = Notice(
      text: look.held == nil ? "contrast limits of every picture" : "contrast limits kept for \(kind.words)",
      isError: false)
    return []
  }

  mutating func mode(of mode: PictureMode) -> [Effect] {
    // A mode that this terminal has not is no other picture.
    pictureMode = mode == .pixels && capabilities.pixels == nil ? mode.next : mode
    return []
  }
}

extension PictureKind {
  var words: String {
    switch self {
    case .pattern: "patterns"
    case .difference: "differences"
    case .quantity: "maps"
    case .darkField: "dark fields"
    }
  }
}

extension PictureSource {
  package init(_ pixels: Pixels) {
    self.init(width: pixels.width, height: pixels.height, values: pixels.matrix().values)
  }
}
