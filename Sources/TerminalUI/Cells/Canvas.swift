/// A rectangle of cells to draw into: what a pane, a test or a terminal gets.
///
/// A value type with no terminal behind it. Everything is clipped: no coordinate, size or text can trap or reach
/// outside. Inside `within` the same methods use the coordinates of the part.
package struct Canvas: Sendable, Equatable {
  private var cells: [Cell]
  private let stride: Int
  private let rowCount: Int
  /// Where the local (0, 0) lies, how large the local picture is, and what of it may be written.
  private var frame: Rect
  private var clip: Rect
  /// Pictures that a terminal may show in true pixels instead of the cells that stand for them.
  package private(set) var placements: [Placement] = []
  /// For every cell the picture that it stands for, counted from 1, until something else is written there; empty
  /// where there is no picture.
  private var pictured: [UInt8] = []
  package private(set) var links: [Link] = []
  /// What has to be seen first where the link is slow.
  package var focus: Rect?

  package init(width: Int, height: Int, fill: Style = .plain) {
    let size = Size(width: min(width, 10_000), height: min(height, 10_000))
    stride = size.width
    rowCount = size.height
    cells = Array(repeating: Cell(" ", fill), count: size.width * size.height)
    frame = Rect(size)
    clip = frame
  }

  package init(_ size: Size) { self.init(width: size.width, height: size.height) }

  package var width: Int { frame.width }
  package var height: Int { frame.height }
  package var size: Size { frame.size }
  package var bounds: Rect { Rect(frame.size) }

  /// The cell at (x, y); a blank one outside.
  package subscript(x: Int, y: Int) -> Cell {
    guard let index = index(x, y) else { return .blank }
    return cells[index]
  }

  package mutating func set(_ cell: Cell, x: Int, y: Int) {
    guard let shown = TextWidth.drawn(cell.scalar) else { return }
    if TextWidth.isWide(shown) {
      putWide(Cell(shown, cell.style), x: Rect.clamped(x), y: y)
    } else {
      write(Cell(shown, cell.style), x: x, y: y)
    }
  }

  /// Draws one line of text and returns the column after it, whether or not it was clipped.
  @discardableResult
  package mutating func put(_ text: String, x: Int, y: Int, _ style: Style = .plain) -> Int {
    var column = Rect.clamped(x)
    let row = Rect.clamped(y) + frame.y
    let isVisible = row >= clip.y && row < clip.bottom
    for scalar in text.unicodeScalars {
      guard column < Rect.farthest else { break }
      guard let shown = TextWidth.drawn(scalar) else { continue }
      if TextWidth.isWide(shown) {
        putWide(Cell(shown, style), x: column, y: y)
        column += 2
      } else {
        let place = column + frame.x
        if isVisible && place >= clip.x && place < clip.right {
          write(Cell(shown, style), at: row * stride + place)
        }
        column += 1
      }
    }
    return column
  }

  /// Fills with a cell of one column; anything wider or unsafe becomes the replacement.
  package mutating func fill(_ rect: Rect, _ cell: Cell = .blank) {
    let isNarrow = TextWidth.drawn(cell.scalar) == cell.scalar && !TextWidth.isWide(cell.scalar)
    let shown = isNarrow ? cell : Cell(Cell.replacement, cell.style)
    let part = visible(rect)
    for y in part.y..<part.bottom {
      for x in part.x..<part.right { write(shown, at: y * stride + x) }
    }
  }

  /// Changes only how the cells look, as the cursor's row does.
  package mutating func restyle(_ rect: Rect, _ change: (inout Style) -> Void) {
    let part = visible(rect)
    for y in part.y..<part.bottom {
      for x in part.x..<part.right {
        change(&cells[y * stride + x].style)
        if !pictured.isEmpty { pictured[y * stride + x] = 0 }
      }
    }
  }

  /// Draws into a part of the canvas with coordinates of its own.
  ///
  /// The part keeps the size of `rect` even where it reaches outside: what is outside is clipped.
  @discardableResult
  package mutating func within<R>(_ rect: Rect, _ body: (inout Canvas) -> R) -> R {
    let outer = (frame, clip)
    frame = Rect(x: frame.x + rect.x, y: frame.y + rect.y, width: rect.width, height: rect.height)
    clip = clip.intersection(frame)
    defer { (frame, clip) = outer }
    return body(&self)
  }

  /// Copies another canvas here.
  package mutating func blit(_ other: Canvas, x: Int, y: Int) {
    let x = Rect.clamped(x)
    let y = Rect.clamped(y)
    for row in 0..<other.height {
      for column in 0..<other.width where !other[column, row].isContinuation {
        set(other[column, row], x: x + column, y: y + row)
      }
    }
  }

  /// Says what the cells of a rectangle stand for, as they are now: whatever is written over them later lies over the
  /// picture. A picture that is cut by an edge stays cells.
  package mutating func place(_ content: PixelContent, in rect: Rect, asPixels: Bool = true) {
    let whole = Rect(x: rect.x + frame.x, y: rect.y + frame.y, width: rect.width, height: rect.height)
    guard !rect.isEmpty, whole == visible(rect), placements.count < 255 else { return }
    if pictured.isEmpty { pictured = Array(repeating: 0, count: cells.count) }
    placements.append(Placement(rect: whole, content: content, asPixels: asPixels))
    for y in whole.y..<whole.bottom {
      for x in whole.x..<whole.right { pictured[y * stride + x] = UInt8(placements.count) }
    }
  }

  /// Which cells of a placement still stand for its picture, row by row.
  package func cover(of number: Int) -> [Bool] {
    guard placements.indices.contains(number) else { return [] }
    let rect = placements[number].rect
    return (rect.y..<rect.bottom).flatMap { y in
      (rect.x..<rect.right).map { pictured[y * stride + $0] == UInt8(number + 1) }
    }
  }

  /// Makes a part of a row lead somewhere, for terminals that know links.
  package mutating func link(_ address: String, x: Int, y: Int, width: Int) {
    let part = visible(Rect(x: x, y: y, width: width, height: 1))
    guard !part.isEmpty else { return }
    links.append(Link(x: part.x, y: part.y, width: part.width, address: address))
  }

  /// One row as text, without trailing blanks.
  package func row(_ y: Int) -> String {
    var scalars = String.UnicodeScalarView()
    var length = 0
    for x in 0..<width {
      let cell = self[x, y]
      if cell.isContinuation { continue }
      scalars.append(cell.scalar)
      if cell.scalar != " " { length = scalars.count }
    }
    return String(String.UnicodeScalarView(scalars.prefix(length)))
  }

  /// All rows, joined by newlines: what golden screens compare.
  package var text: String { (0..<height).map(row).joined(separator: "\n") }

  private func index(_ x: Int, _ y: Int) -> Int? {
    let column = Rect.clamped(x) + frame.x
    let row = Rect.clamped(y) + frame.y
    return clip.contains(x: column, y: row) ? row * stride + column : nil
  }

  private mutating func write(_ cell: Cell, x: Int, y: Int) {
    if let index = index(x, y) { write(cell, at: index) }
  }

  private mutating func write(_ cell: Cell, at index: Int) {
    // Half of a wide character cannot stay: whatever is written over one half blanks the other. A right half
    // is never in the first column, so its neighbour is in the same row.
    if cells[index].isContinuation, !cell.isContinuation { cells[index - 1].scalar = " " }
    if !cell.isContinuation, index + 1 < cells.count, cells[index + 1].isContinuation {
      cells[index + 1].scalar = " "
    }
    cells[index] = cell
    if !pictured.isEmpty { pictured[index] = 0 }
  }

  private mutating func putWide(_ cell: Cell, x: Int, y: Int) {
    guard index(x, y) != nil, index(x + 1, y) != nil else {
      // Cut in half by an edge: the half that is inside is blank.
      write(Cell(" ", cell.style), x: x, y: y)
      write(Cell(" ", cell.style), x: x + 1, y: y)
      return
    }
    write(cell, x: x, y: y)
    // The cell to the right may itself be the left half of another wide character.
    write(Cell(" ", cell.style), x: x + 1, y: y)
    write(Cell(Cell.continuation, cell.style), x: x + 1, y: y)
  }

  /// The part of `rect` that may be written, in the coordinates of the storage.
  private func visible(_ rect: Rect) -> Rect {
    Rect(x: rect.x + frame.x, y: rect.y + frame.y, width: rect.width, height: rect.height).intersection(clip)
  }
}

/// Where a picture lies on the screen.
package struct Placement: Sendable, Equatable {
  package let rect: Rect
  package let content: PixelContent
  /// Or as the cells that stand for it.
  package let asPixels: Bool
}

/// A part of a row that leads to a file or a page.
package struct Link: Sendable, Hashable {
  package let x: Int
  package let y: Int
  package let width: Int
  package let address: String
}
