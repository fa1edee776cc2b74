/// Panes that share their lines of border. Every pane is a rectangle with its border; neighbours overlap in one line,
/// whose crossings come out by themselves.
///
/// The top edge carries the title at the left and facts at the right; facts drop out from the end where there is no
/// room, a title goes only where the pane is narrower.
package struct PaneGrid: Sendable {
  private struct Head: Sendable {
    var rect: Rect
    var title: Text
    var facts: [Text]
    var isFocused: Bool
  }

  private struct Foot: Sendable {
    var rect: Rect
    var groups: [Text]
    var last: Text
  }

  private let size: Size
  /// Which of a cell's four sides a line reaches: up 1, right 2, down 4, left 8; 16 in the accent colour.
  private var lines: [UInt8]
  private var heads: [Head] = []
  private var foot: Foot?

  package init(_ size: Size) {
    // As large as a canvas can be.
    let size = Size(width: min(size.width, 10_000), height: min(size.height, 10_000))
    self.size = size
    lines = Array(repeating: 0, count: size.width * size.height)
  }

  /// Adds a pane and returns its inside.
  @discardableResult
  package mutating func pane(_ rect: Rect, _ title: Text = "", facts: [Text] = [], isFocused: Bool = false)
    -> Rect
  {
    guard rect.width >= 2, rect.height >= 2 else { return Rect(x: rect.x, y: rect.y, width: 0, height: 0) }
    horizontal(y: rect.y, from: rect.x, to: rect.right - 1, isFocused)
    horizontal(y: rect.bottom - 1, from: rect.x, to: rect.right - 1, false)
    vertical(x: rect.x, from: rect.y, to: rect.bottom - 1, isFocused)
    vertical(x: rect.right - 1, from: rect.y, to: rect.bottom - 1, isFocused)
    heads.append(Head(rect: rect, title: title, facts: facts, isFocused: isFocused))
    return rect.inset(by: 1)
  }

  /// The keys in the bottom line of the screen: groups that drop from the end, and what always stands at the right.
  package mutating func keys(_ rect: Rect, _ groups: [Text], _ last: Text) {
    foot = Foot(rect: rect, groups: groups, last: last)
  }

  private mutating func add(_ bits: UInt8, _ x: Int, _ y: Int) {
    if x >= 0, y >= 0, x < size.width, y < size.height { lines[y * size.width + x] |= bits }
  }

  private mutating func horizontal(y: Int, from left: Int, to right: Int, _ isFocused: Bool) {
    let mark: UInt8 = isFocused ? 16 : 0
    for x in max(left, 0)...max(0, left, min(right, size.width - 1)) {
      add((x > left ? 8 : 0) | (x < right ? 2 : 0) | mark, x, y)
    }
  }

  private mutating func vertical(x: Int, from top: Int, to bottom: Int, _ isFocused: Bool) {
    let mark: UInt8 = isFocused ? 16 : 0
    for y in max(top, 0)...max(0, top, min(bottom, size.height - 1)) {
      add((y > top ? 1 : 0) | (y < bottom ? 4 : 0) | mark, x, y)
    }
  }

  private static let glyphs: [Unicode.Scalar] = [
    " ", "│", "─", "╰", "│", "│", "╭", "├", "─", "╯", "─", "┴", "╮", "┤", "┬", "┼",
  ]

  /// Draws the lines, then the titles on them.
  package func draw(on canvas: inout Canvas, _ theme: Theme) {
    for y in 0..<size.height {
      for x in 0..<size.width {
        let bits = lines[y * size.width + x]
        guard bits != 0 else { continue }
        canvas.set(Cell(Self.glyphs[Int(bits & 15)], bits & 16 != 0 ? theme.accent : theme.rule), x: x, y: y)
      }
    }
    for head in heads { draw(head, on: &canvas, theme) }
    if let focused = heads.last(where: \.isFocused) { canvas.focus = focused.rect }
    if let foot { draw(foot, on: &canvas, theme) }
  }

  private func draw(_ head: Head, on canvas: inout Canvas, _ theme: Theme) {
    let room = head.rect.width - 2
    guard room >= 3 else { return }
    var left = head.rect.x + 1
    if !head.title.isEmpty {
      let text = Text(" ") + head.title + Text(" ")
      let style = head.isFocused ? theme.accent.adding(.bold) : theme.bright
      canvas.within(Rect(x: left, y: head.rect.y, width: room, height: 1)) { canvas in
        let end = canvas.put(text, x: 0, y: 0)
        // A title without a style of its own has the pane's.
        for x in 0..<min(end, room) where canvas[x, 0].style == .plain {
          canvas.restyle(Rect(x: x, y: 0, width: 1, height: 1)) { $0 = style }
        }
      }
      left += min(room, text.columns)
    }
    var facts = head.facts.filter { !$0.isEmpty }
    func width() -> Int { facts.reduce(0) { $0 + $1.columns } + 3 * max(0, facts.count - 1) + 2 }
    while !facts.isEmpty, left + width() > head.rect.right - 1 { facts.removeLast() }
    guard !facts.isEmpty else { return }
    var x = head.rect.right - 1 - width()
    canvas.put(" ", x: x, y: head.rect.y)
    x += 1
    for (index, fact) in facts.enumerated() {
      if index > 0 { x = canvas.put("   ", x: x, y: head.rect.y) }
      for piece in fact.pieces {
        x = canvas.put(piece.text, x: x, y: head.rect.y, piece.style == .plain ? theme.dim : piece.style)
      }
    }
    canvas.put(" ", x: x, y: head.rect.y)
  }

  private func draw(_ foot: Foot, on canvas: inout Canvas, _ theme: Theme) {
    let y = foot.rect.bottom - 1
    let last = foot.last.isEmpty ? 0 : foot.last.columns + 2
    var end = foot.rect.right - 2 - last
    if end > foot.rect.x + 2, last > 0 {
      canvas.put(" ", x: end, y: y)
      canvas.put(foot.last, x: end + 1, y: y)
      canvas.put(" ", x: end + 1 + foot.last.columns, y: y)
    } else {
      end = foot.rect.right - 1
    }
    var x = foot.rect.x + 2
    for group in foot.groups {
      let width = group.columns + 2
      guard x + width <= end else { continue }
      canvas.put(" ", x: x, y: y)
      canvas.put(group, x: x + 1, y: y)
      canvas.put(" ", x: x + width - 1, y: y)
      x += width + 1
    }
  }
}

extension Rect {
  /// Cut at a line of border that both parts share: `height` rows inside the upper one.
  package func cutTop(_ height: Int) -> (Rect, Rect) {
    let upper = min(max(height, 0) + 2, self.height)
    return (
      Rect(x: x, y: y, width: width, height: upper),
      Rect(x: x, y: y + upper - 1, width: width, height: self.height - upper + 1)
    )
  }

  /// (the lower part with `height` rows inside, the rest)
  package func cutBottom(_ height: Int) -> (Rect, Rect) {
    let lower = min(max(height, 0) + 2, self.height)
    let (rest, bottom) = cutTop(self.height - lower - 1)
    return (bottom, rest)
  }

  /// (the left part with `width` columns inside, the rest)
  package func cutLeft(_ width: Int) -> (Rect, Rect) {
    let left = min(max(width, 0) + 2, self.width)
    return (
      Rect(x: x, y: y, width: left, height: height),
      Rect(x: x + left - 1, y: y, width: self.width - left + 1, height: height)
    )
  }

  /// (the right part with `width` columns inside, the rest)
  package func cutRight(_ width: Int) -> (Rect, Rect) {
    let right = min(max(width, 0) + 2, self.width)
    let (rest, part) = cutLeft(self.width - right - 1)
    return (part, rest)
  }

  /// Columns that share their lines, as even as can be.
  package func cutColumns(_ count: Int) -> [Rect] {
    guard count > 1 else { return [self] }
    let room = width - 1
    return (0..<count).map { index in
      let left = x + room * index / count
      let right = x + room * (index + 1) / count
      return Rect(x: left, y: y, width: right - left + 1, height: height)
    }
  }
}
