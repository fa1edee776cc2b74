package struct Size: Hashable, Sendable {
  package var width: Int
  package var height: Int

  package init(width: Int, height: Int) {
    self.width = Rect.clamped(width, from: 0)
    self.height = Rect.clamped(height, from: 0)
  }
}

/// A rectangle of cells. Any numbers are accepted: they are clamped so far out that no sum can overflow, and a
/// negative length is an empty one, so a layout squeezed into a tiny window needs no checks of its own.
package struct Rect: Hashable, Sendable {
  package let x: Int
  package let y: Int
  package let width: Int
  package let height: Int

  static let farthest = 1 << 24

  static func clamped(_ value: Int, from lowest: Int = -farthest) -> Int { min(max(value, lowest), farthest) }

  package init(x: Int, y: Int, width: Int, height: Int) {
    self.x = Rect.clamped(x)
    self.y = Rect.clamped(y)
    self.width = Rect.clamped(width, from: 0)
    self.height = Rect.clamped(height, from: 0)
  }

  package init(_ size: Size) { self.init(x: 0, y: 0, width: size.width, height: size.height) }

  package var size: Size { Size(width: width, height: height) }
  package var isEmpty: Bool { width == 0 || height == 0 }
  /// The first column to the right of the rectangle.
  package var right: Int { x + width }
  /// The first row below the rectangle.
  package var bottom: Int { y + height }

  package func contains(x: Int, y: Int) -> Bool {
    x >= self.x && x < right && y >= self.y && y < bottom
  }

  package func intersection(_ other: Rect) -> Rect {
    let left = max(x, other.x)
    let top = max(y, other.y)
    return Rect(
      x: left, y: top, width: min(right, other.right) - left, height: min(bottom, other.bottom) - top)
  }

  package func inset(left: Int = 0, top: Int = 0, right: Int = 0, bottom: Int = 0) -> Rect {
    let sides = [left, top, right, bottom].map { Rect.clamped($0) }
    return Rect(
      x: x + sides[0], y: y + sides[1], width: width - sides[0] - sides[2],
      height: height - sides[1] - sides[3])
  }

  package func inset(by margin: Int) -> Rect {
    inset(left: margin, top: margin, right: margin, bottom: margin)
  }
}
