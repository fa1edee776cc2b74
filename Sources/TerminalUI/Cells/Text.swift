/// Pieces of one line, each with a style of its own.
public struct Text: Sendable, Equatable, ExpressibleByStringInterpolation {
  public struct Piece: Sendable, Equatable {
    public var text: String
    public var style: Style
  }

  public private(set) var pieces: [Piece]

  public init(_ text: String, _ style: Style = .plain) {
    pieces = text.isEmpty ? [] : [Piece(text: text, style: style)]
  }
  public init(stringLiteral text: String) { self.init(text) }

  public var columns: Int { pieces.reduce(0) { $0 + TextWidth.columns(of: $1.text) } }
  public var isEmpty: Bool { pieces.isEmpty }
  public var plain: String { pieces.map(\.text).joined() }

  public static func + (a: Text, b: Text) -> Text {
    var sum = a
    sum.pieces += b.pieces
    return sum
  }

  public static func += (a: inout Text, b: Text) { a.pieces += b.pieces }
}

extension Canvas {
  /// Draws pieces one after another and returns the column after them.
  @discardableResult
  public mutating func put(_ text: Text, x: Int, y: Int) -> Int {
    text.pieces.reduce(x) { put($1.text, x: $0, y: y, $1.style) }
  }
}
