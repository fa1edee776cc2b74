/// A key as an operator names it. Only keys that every terminal can send over SSH inside tmux; no function keys,
/// no Alt.
package enum Key: Hashable, Sendable {
  case char(Unicode.Scalar)
  case enter, escape, tab, backtab, backspace, delete, insert
  case up, down, left, right, pageUp, pageDown, home, end
  /// Text that was pasted, as one thing: it is no keys.
  case paste(String)
  /// Control with a small letter, without those that are other keys: h (backspace), i (tab), j and m (enter).
  case ctrl(Character)

  /// How bindings, the help screen and scripted tests write the key: `J`, `Enter`, `C-l`, `Left`.
  package var name: String {
    switch self {
    case .char(" "): "Space"
    case .char(let scalar): String(Character(scalar))
    case .ctrl(let letter): "C-\(letter)"
    case .paste: "paste"
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
