import LiveSession
import System
import TerminalUI

extension Plate {
  /// The plate as a part of a page: text stays text, pictures are embedded with their own pixels.
  package func svg(label: String) -> String {
    var text =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Self.short(width)) \(Self.short(height))\""
      + " width=\"\(Self.short(width))\" height=\"\(Self.short(height))\" role=\"img\""
      + " aria-label=\"\(HTML.escape(label))\" font-family=\"monospace\" font-size=\"15\">\n"
    for mark in marks { text += Self.element(mark) + "\n" }
    return text + "</svg>\n"
  }

  private static func element(_ mark: Mark) -> String {
    switch mark {
    case .area(let at, let width, let height, let ink):
      return "<rect x=\"\(short(at.x))\" y=\"\(short(at.y))\" width=\"\(short(width))\" "
        + "height=\"\(short(height))\" fill=\"\(ink.hex)\"/>"
    case .line(let places, let ink, let width):
      let points = places.map { "\(short($0.x)),\(short($0.y))" }.joined(separator: " ")
      return
        "<polyline points=\"\(points)\" fill=\"none\" stroke=\"\(ink.hex)\" stroke-width=\"\(short(width))\""
        + " stroke-linecap=\"round\" stroke-linejoin=\"round\"/>"
    case .disc(let at, let radius, let ink):
      return
        "<circle cx=\"\(short(at.x))\" cy=\"\(short(at.y))\" r=\"\(short(radius))\" fill=\"\(ink.hex)\"/>"
    case .text(let text, let at, let anchor, let ink, let isBold):
      // As wide as the letters of the pixels, whatever the reader's font is.
      return
        "<text x=\"\(short(start(of: text, at, anchor)))\" y=\"\(short(at.y + Double(Typeface.ascent)))\""
        + " textLength=\"\(short(Typeface.columns(of: text)))\" lengthAdjust=\"spacingAndGlyphs\""
        + " fill=\"\(ink.hex)\" xml:space=\"preserve\"\(isBold ? " font-weight=\"bold\"" : "")>"
        + "\(HTML.escape(text))</text>"
    case .picture(let picture, let at, let width, let height):
      return "<image x=\"\(short(at.x))\" y=\"\(short(at.y))\" width=\"\(short(width))\" "
        + "height=\"\(short(height))\" preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\""
        + " href=\"data:image/png;base64,\(Base64.text(PNGFile.bytes(picture)))\"/>"
    }
  }

  private static func short(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let rounded = (min(max(value, -1e6), 1e6) * 10).rounded() / 10
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}

extension Ink {
  package var hex: String {
    "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
