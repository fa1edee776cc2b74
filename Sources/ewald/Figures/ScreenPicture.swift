import TerminalUI

/// The screen as it looks, in pixels: for a logbook, and to be looked at where no terminal is.
package enum ScreenPicture {
  static let cellWidth = Typeface.width
  /// Twice the width, as pictures of half blocks take it to be.
  static let cellHeight = 2 * Typeface.width

  package static func draw(_ canvas: Canvas, isLight: Bool = false) -> Raster {
    let (width, height) = (max(1, canvas.width * cellWidth), max(1, canvas.height * cellHeight))
    let ground = isLight ? Ink(255, 255, 255) : Ink(13, 17, 23)
    let text = isLight ? Ink(36, 41, 47) : Ink(201, 209, 217)
    var bytes = [UInt8](repeating: 0, count: 3 * width * height)
    for y in 0..<canvas.height {
      for x in 0..<canvas.width {
        let cell = canvas[x, y]
        var (fore, back) = (ink(cell.style.foreground) ?? text, ink(cell.style.background) ?? ground)
        if cell.style.attributes.contains(.reverse) { swap(&fore, &back) }
        if cell.style.attributes.contains(.dim) { fore = fore.mixed(with: back) }
        let rows = Self.rows(of: cell)
        for row in 0..<cellHeight {
          for column in 0..<cellWidth {
            let ink = rows[row] & (256 >> UInt16(column)) != 0 ? fore : back
            let at = 3 * ((y * cellHeight + row) * width + x * cellWidth + column)
            (bytes[at], bytes[at + 1], bytes[at + 2]) = (ink.red, ink.green, ink.blue)
          }
        }
      }
    }
    return Raster(width: width, height: height, bytes: bytes)
  }

  package static func png(_ canvas: Canvas, isLight: Bool = false) -> [UInt8] {
    draw(canvas, isLight: isLight).png()
  }

  private static func ink(_ colour: Colour) -> Ink? {
    colour.components.map { Ink($0.red, $0.green, $0.blue) }
  }

  /// The eighteen rows of a cell. Lines and blocks meet those of the next cell: they are stretched; letters are not.
  private static func rows(of cell: Cell) -> [UInt16] {
    var rows = [UInt16](repeating: 0, count: cellHeight)
    let code = cell.scalar.value
    if cell.isContinuation { return rows }
    if 0x2800...0x28FF ~= code {
      let bits: [UInt32] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80]
      for (dot, bit) in bits.enumerated() where (code - 0x2800) & bit != 0 {
        for row in 0..<2 { rows[2 + 4 * (dot / 2) + row] |= dot % 2 == 0 ? 0b001_100_000 : 0b000_000_110 }
      }
      return rows
    }
    let glyph = Typeface.standard.rows(of: cell.scalar)
    guard glyph.count == Typeface.height else { return rows }
    let isStretched = 0x2500...0x259F ~= code
    for row in rows.indices {
      let from = isStretched ? row * Typeface.height / cellHeight : row - 2
      if glyph.indices.contains(from) { rows[row] = glyph[from] }
    }
    if cell.style.attributes.contains(.bold), !isStretched { rows = rows.map { $0 | $0 >> 1 } }
    if cell.style.attributes.contains(.underline) { rows[cellHeight - 2] = 0x1FF }
    return rows
  }
}

extension Ink {
  fileprivate func mixed(with other: Ink) -> Ink {
    func mean(_ a: UInt8, _ b: UInt8) -> UInt8 { UInt8((2 * Int(a) + Int(b)) / 3) }
    return Ink(mean(red, other.red), mean(green, other.green), mean(blue, other.blue))
  }
}
