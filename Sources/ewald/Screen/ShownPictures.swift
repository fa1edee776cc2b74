import Diffraction
import Synchronization
import TerminalUI

/// The pictures that were drawn last, as numbers and with their limits: while they stand, the answer to a key need not
/// count their pixels again.
package final class ShownPictures: Sendable {
  package static let shared = ShownPictures()

  private struct Shown: Sendable {
    let pixels: Pixels
    let source: PictureSource
  }

  private struct Measured: Sendable {
    let family: [Pixels]
    let contrast: Contrast
    let limits: Limits
  }

  private struct Kept: Sendable {
    var shown: [Shown] = []
    var measured: [Measured] = []
  }

  private let kept = Mutex(Kept())
  /// Of all together. What is larger is counted each time: memory is worth more.
  private let mostPixels: Int

  package init(mostPixels: Int = 1 << 20) { self.mostPixels = mostPixels }

  package func source(_ pixels: Pixels) -> PictureSource {
    let known = kept.withLock { kept in kept.shown.first { $0.pixels.isSame(as: pixels) }?.source }
    if let known { return known }
    let source = PictureSource(pixels)
    guard pixels.count <= mostPixels else { return source }
    kept.withLock { kept in
      kept.shown.insert(Shown(pixels: pixels, source: source), at: 0)
      var room = mostPixels
      kept.shown.removeAll { shown in
        room -= shown.pixels.count
        return room < 0
      }
    }
    return source
  }

  /// That hold for all pictures of a family together.
  package func limits(_ contrast: Contrast, of family: [Pixels]) -> Limits {
    let known = kept.withLock { kept in
      kept.measured.first { measured in
        measured.contrast == contrast && measured.family.count == family.count
          && zip(measured.family, family).allSatisfy { $0.isSame(as: $1) }
      }?.limits
    }
    if let known { return known }
    let limits = contrast.limits(of: family.map(source))
    guard family.reduce(0, { $0 + $1.count }) <= mostPixels else { return limits }
    kept.withLock { kept in
      kept.measured.insert(Measured(family: family, contrast: contrast, limits: limits), at: 0)
      var room = mostPixels
      kept.measured.removeAll { measured in
        room -= measured.family.reduce(0) { $0 + $1.count }
        return room < 0
      }
    }
    return limits
  }
}
