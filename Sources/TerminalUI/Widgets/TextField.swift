/// A line being typed, with the keys of a shell. What Enter, Esc and Tab do is up to the owner.
package struct TextField: Sendable, Equatable {
  private var scalars: [Unicode.Scalar]
  /// How many scalars stand before the cursor.
  package private(set) var cursor: Int
  /// Earlier lines, oldest first.
  package private(set) var history: [String]
  /// Which earlier line is shown, and the line that was being typed before.
  private var recalled: Int?
  private var draft: [Unicode.Scalar] = []

  package init(_ text: String = "", history: [String] = []) {
    scalars = TextField.typeable(text)
    cursor = scalars.count
    self.history = history
  }

  /// The line; setting it puts the cursor at its end.
  package var text: String {
    get { string(scalars) }
    set {
      scalars = TextField.typeable(newValue)
      cursor = scalars.count
      recalled = nil
    }
  }

  /// Whether the key was one that edits.
  package mutating func handle(_ key: Key) -> Bool {
    switch key {
    case .char(let scalar): insert(String(Character(scalar)))
    case .paste(let text): insert(text)
    case .backspace: remove(max(0, cursor - 1)..<cursor)
    case .delete, .ctrl("d"): remove(cursor..<min(scalars.count, cursor + 1))
    case .left, .ctrl("b"): cursor = max(0, cursor - 1)
    case .right, .ctrl("f"): cursor = min(scalars.count, cursor + 1)
    case .home, .ctrl("a"): cursor = 0
    case .end, .ctrl("e"): cursor = scalars.count
    case .ctrl("u"): remove(0..<cursor)
    case .ctrl("k"): remove(cursor..<scalars.count)
    case .ctrl("w"): remove(wordStart..<cursor)
    case .up, .ctrl("p"): recall(-1)
    case .down, .ctrl("n"): recall(1)
    default: return false
    }
    return true
  }

  package mutating func insert(_ text: String) {
    let new = TextField.typeable(text)
    scalars.insert(contentsOf: new, at: cursor)
    cursor += new.count
    recalled = nil
  }

  /// The line, which goes into the history; the field is empty again.
  package mutating func commit() -> String {
    let line = text
    if !line.isEmpty && history.last != line { history.append(line) }
    clear()
    return line
  }

  package mutating func clear() { text = "" }

  /// Draws prompt and line, scrolled so that the cursor is inside, and returns the cursor's cell.
  package func draw(
    in canvas: inout Canvas, _ area: Rect, prompt: String = "", style: Style = .plain
  ) -> (x: Int, y: Int) {
    canvas.within(area) { part in
      part.fill(Rect(x: 0, y: 0, width: part.width, height: 1), Cell(" ", style))
      let start = part.put(prompt, x: 0, y: 0, style)
      let room = max(1, part.width - start)
      let before = TextWidth.columns(of: string(scalars[..<cursor]))
      let scroll = max(0, before - room + 1)
      part.within(Rect(x: start, y: 0, width: room, height: 1)) {
        _ = $0.put(string(scalars[...]), x: -scroll, y: 0, style)
      }
      return (min(area.x + start + before - scroll, max(area.x, area.right - 1)), area.y)
    }
  }

  private mutating func remove(_ range: Range<Int>) {
    scalars.removeSubrange(range)
    cursor = range.lowerBound
    recalled = nil
  }

  private var wordStart: Int {
    var start = cursor
    while start > 0 && scalars[start - 1] == " " { start -= 1 }
    while start > 0 && scalars[start - 1] != " " { start -= 1 }
    return start
  }

  private mutating func recall(_ step: Int) {
    let index = (recalled ?? history.count) + step
    guard index >= 0, index <= history.count, !(recalled == nil && step > 0) else { return }
    if recalled == nil { draft = scalars }
    scalars = index == history.count ? draft : TextField.typeable(history[index])
    recalled = index == history.count ? nil : index
    cursor = scalars.count
  }

  /// Nothing that a cell would have to hide: what is seen is what is in the line.
  private static func typeable(_ text: String) -> [Unicode.Scalar] {
    text.unicodeScalars.compactMap(TextWidth.drawn)
  }

  private func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }
}
