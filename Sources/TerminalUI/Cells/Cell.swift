/// One character position of the screen.
///
/// A grapheme is held as one scalar: combining marks are left out, so a cell has a fixed size and no text can
/// pile marks onto its neighbours.
package struct Cell: Hashable, Sendable {
  package var scalar: Unicode.Scalar
  package var style: Style

  package init(_ scalar: Unicode.Scalar = " ", _ style: Style = .plain) {
    self.scalar = scalar
    self.style = style
  }

  package static let blank = Cell()

  /// Stands for whatever a terminal would obey or hide: controls, escapes, bidi overrides, invisible
  /// characters. File names and metadata come from outside and must not be able to do anything.
  package static let replacement: Unicode.Scalar = "\u{FFFD}"

  /// The right half of a wide character, which draws nothing itself.
  package var isContinuation: Bool { scalar == Cell.continuation }

  static let continuation: Unicode.Scalar = "\0"
}
