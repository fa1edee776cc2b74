/// Pieces of one line, each with a style of its own.
package struct Text: Sendable, Equatable, ExpressibleByStringInterpolation {
  package struct Piece: Sendable, Equatable {
    package var text: String
    package var style: Style
  }

  package private(set) var pieces: [Piece]

  package init(_ text: String, _ style: Style = .plain) {
    pieces = text.isEmpty ? [] : [Piece(text: text, style: style)]
  }
  package init(stringLiteral text: String) { self.init(text) }

  package var columns: Int { pieces.reduce(0) { $0 + TextWidth.columns(of: $1.text) } }
  package var isEmpty: Bool { pieces.isEmpty }
  package var plain: String { pieces.map(\.text).joined() }

  package static func + (a: Text, b: Text) -> Text {
    var sum = a
    sum.pieces += b.pieces
    return sum
  }

  package static func += (a: inout Text, b: Text) { a.pieces += b.pieces }
}

extension Canvas {
  /// Draws pieces one after another and returns the column after them.
  @discardableResult
  package mutating func put(_ text: Text, x: Int, y: Int) -> Int {
    text.pieces.reduce(x) { put($1.text, x: $0, y: y, $1.style) }
  }
}
