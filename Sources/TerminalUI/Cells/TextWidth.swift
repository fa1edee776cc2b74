/// How many columns text takes, exactly as `Canvas.put` draws it.
package enum TextWidth {
  package enum Alignment: Sendable { case left, right, centre }

  /// 0 for a combining mark (left out), 2 for a wide character, 1 otherwise.
  package static func columns(of scalar: Unicode.Scalar) -> Int {
    if scalar.value < 0x300 || isOrdinary(scalar) { return 1 }
    switch drawn(scalar) {
    case nil: return 0
    case let shown?: return isWide(shown) ? 2 : 1
    }
  }

  package static func columns(of text: String) -> Int {
    var total = 0
    for scalar in text.unicodeScalars { total += columns(of: scalar) }
    return total
  }

  /// `text` cut or padded to exactly `columns`; a cut is marked with `~` unless `ellipsis` is false.
  package static func fitted(
    _ text: String, to columns: Int, alignment: Alignment = .left, ellipsis: Bool = true
  ) -> String {
    guard columns > 0 else { return "" }
    let limit = min(columns, Rect.farthest)
    let width = TextWidth.columns(of: text)
    if width <= limit {
      let space = limit - width
      let left =
        switch alignment {
        case .left: 0
        case .right: space
        case .centre: space / 2
        }
      return String(repeating: " ", count: left) + text + String(repeating: " ", count: space - left)
    }
    let room = ellipsis ? limit - 1 : limit
    var kept = String.UnicodeScalarView()
    var used = 0
    for scalar in text.unicodeScalars {
      let next = TextWidth.columns(of: scalar)
      if used + next > room { break }
      kept.append(scalar)
      used += next
    }
    return String(kept) + String(repeating: " ", count: room - used) + (ellipsis ? "~" : "")
  }

  /// What nearly every cell holds, known without a look into the Unicode tables: ASCII, lines and blocks, braille.
  private static func isOrdinary(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7E, 0x2500...0x259F, 0x2800...0x28FF: true
    default: false
    }
  }

  /// What a cell shows for `scalar`: itself, the replacement, or nil for a mark that is left out.
  static func drawn(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
    if isOrdinary(scalar) { return scalar }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .spacingMark:
      return nil
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
      return Cell.replacement
    case .spaceSeparator:
      return " "
    default:
      return scalar.properties.isDefaultIgnorableCodePoint ? Cell.replacement : scalar
    }
  }

  /// East Asian wide and full-width ranges (Unicode Standard Annex 11) and emoji shown as pictures.
  static func isWide(_ scalar: Unicode.Scalar) -> Bool {
    let value = scalar.value
    if value < 0x1100 || isOrdinary(scalar) { return false }
    switch value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
      0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6,
      0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      return true
    default:
      return scalar.properties.isEmojiPresentation
    }
  }
}
