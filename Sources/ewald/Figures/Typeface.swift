/// Letters of nine by fifteen pixels, so that a figure needs no font of the machine it is made on.
package struct Typeface {
  package static let width = 9
  package static let height = 15
  /// The line that letters stand on, from their top.
  package static let ascent = 12

  package static let standard = Typeface(drawn)

  private var glyphs: [Unicode.Scalar: [UInt16]] = [:]

  private init(_ text: String) {
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ")
      guard parts.count == 2, let code = UInt32(parts[0], radix: 16), let scalar = Unicode.Scalar(code)
      else { continue }
      let digits = Array(parts[1])
      glyphs[scalar] = stride(from: 0, to: digits.count, by: 3).map {
        UInt16(String(digits[$0..<min($0 + 3, digits.count)]), radix: 16) ?? 0
      }
    }
  }

  /// The fifteen rows of a letter, its leftmost pixel in bit 8; a box for what is not drawn.
  package func rows(of scalar: Unicode.Scalar) -> [UInt16] {
    if scalar == " " || scalar == "\u{A0}" { return [] }
    return glyphs[scalar] ?? Self.box
  }

  package func has(_ scalar: Unicode.Scalar) -> Bool { glyphs[scalar] != nil || scalar == " " }

  private static let box: [UInt16] = [0, 0, 0, 0xFE] + [UInt16](repeating: 0x82, count: 8) + [0xFE, 0, 0]

  package static func columns(of text: String) -> Double { Double(text.unicodeScalars.count * width) }
}
