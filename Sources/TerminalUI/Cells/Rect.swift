public struct Size: Hashable, Sendable {
  public var width: Int
  public var height: Int

  public init(width: Int, height: Int) {
    self.width = Rect.clamped(width, from: 0)
    self.height = Rect.clamped(height, from: 0)
  }
}

/// A rectangle of cells. Any numbers are accepted: they are clamped so far out that no sum can overflow, and a
/// negative length is an empty one, so a layout squeezed into a tiny window needs no checks of its own.
public struct Rect: Hashable, Sendable {
  public let x: Int
  public let y: Int
  public let width: Int
  public let height: Int

  static let farthest = 1 << 24

  static func clamped(_ value: Int, from lowest: Int = -farthest) -> Int { min(max(value, lowest), farthest) }

  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = Rect.clamped(x)
    self.y = Rect.clamped(y)
    self.width = Rect.clamped(width, from: 0)
    self.height = Rect.clamped(height, from: 0)
  }

  public init(_ size: Size) { self.init(x: 0, y: 0, width: size.width, height: size.height) }

  public var size: Size { Size(width: width, height: height) }
  public var isEmpty: Bool { width == 0 || height == 0 }
  /// The first column to the right of the rectangle.
  public var right: Int { x + width }
  /// The first row below the rectangle.
  public var bottom: Int { y + height }

  public func contains(x: Int, y: Int) -> Bool {
    x >= self.x && x < right && y >= self.y && y < bottom
  }

  public func intersection(_ other: Rect) -> Rect {
    let left = max(x, other.x)
    let top = max(y, other.y)
    return Rect(
      x: left, y: top, width: min(right, other.right) - left, height: min(bottom, other.bottom) - top)
  }

  public func inset(left: Int = 0, top: Int = 0, right: Int = 0, bottom: Int = 0) -> Rect {
    let sides = [left, top, right, bottom].map { Rect.clamped($0) }
    return Rect(
      x: x + sides[0], y: y + sides[1], width: width - sides[0] - sides[2],
      height: height - sides[1] - sides[3])
  }

  public func inset(by margin: Int) -> Rect {
    inset(left: margin, top: margin, right: margin, bottom: margin)
  }
}
