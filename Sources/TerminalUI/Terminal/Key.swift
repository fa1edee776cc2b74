/// A key as an operator names it. Only keys that every terminal can send over SSH inside tmux; no function keys,
/// no Alt.
package enum Key: Hashable, Sendable {
  case char(Unicode.Scalar)
  case enter, escape, tab, backtab, backspace, delete, insert
  case up, down, left, right, pageUp, pageDown, home, end
  /// Text that was pasted, as one thing: it is no keys.
  case paste(String)
  /// Only where the mouse was asked for.
  case mouse(Mouse)
  /// Control with a small letter, without those that are other keys: h (backspace), i (tab), j and m (enter).
  case ctrl(Character)

  /// How bindings, the help screen and scripted tests write the key: `J`, `Enter`, `C-l`, `Left`.
  package var name: String {
    switch self {
    case .char(" "): "Space"
    case .char(let scalar): String(Character(scalar))
    case .ctrl(let letter): "C-\(letter)"
    case .paste: "paste"
    case .mouse: "mouse"
    default: Key.named.first { $0.key == self }?.name ?? ""
    }
  }

  package init?(name: String) {
    if let named = Key.named.first(where: { $0.name == name }) {
      self = named.key
    } else if name.unicodeScalars.count == 1, let scalar = name.unicodeScalars.first,
      TextWidth.columns(of: scalar) > 0, TextWidth.drawn(scalar) == scalar, scalar != " "
    {
      self = .char(scalar)
    } else if name.count == 3, name.hasPrefix("C-"), let letter = name.last, ("a"..."z").contains(letter),
      !"hijm".contains(letter)
    {
      self = .ctrl(letter)
    } else {
      return nil
    }
  }

  /// Every key that has a word for a name.
  static let named: [(key: Key, name: String)] = [
    (.char(" "), "Space"), (.enter, "Enter"), (.escape, "Esc"), (.tab, "Tab"), (.backtab, "S-Tab"),
    (.backspace, "BS"), (.delete, "Del"), (.insert, "Ins"), (.up, "Up"), (.down, "Down"), (.left, "Left"),
    (.right, "Right"), (.pageUp, "PgUp"), (.pageDown, "PgDn"), (.home, "Home"), (.end, "End"),
  ]
}

/// What the mouse did, and on which cell.
package struct Mouse: Hashable, Sendable {
  package enum Action: Hashable, Sendable { case press, drag, release, wheelUp, wheelDown }

  package var action: Action
  package var x: Int
  package var y: Int

  package init(_ action: Action, x: Int, y: Int) {
    self.action = action
    self.x = x
    self.y = y
  }

  /// `CSI < button ; column ; row M`, or `m` for a release (SGR, mode 1006). Nil for what nobody needs: other buttons,
  /// moving without one.
  init?(parameters: String, isRelease: Bool) {
    guard parameters.hasPrefix("<") else { return nil }
    let numbers = parameters.dropFirst().split(separator: ";").map { Int($0) }
    guard numbers.count == 3, let code = numbers[0], let column = numbers[1], let row = numbers[2],
      1...10_000 ~= column, 1...10_000 ~= row
    else { return nil }
    // Shift, Alt and Control do not matter.
    switch code & ~28 {
    case 0: action = isRelease ? .release : .press
    case 32: action = .drag
    case 64: action = .wheelUp
    case 65: action = .wheelDown
    default: return nil
    }
    (x, y) = (column - 1, row - 1)
  }
}
