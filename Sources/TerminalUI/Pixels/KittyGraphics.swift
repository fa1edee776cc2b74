import System

/// The Kitty graphics protocol: a picture is sent once under a number, then shown in parts at places.
///
/// Nothing is answered (`q=2`), so that no answer can become a key.
enum KittyGraphics {
  /// The pieces of one transmission. What is drawn besides may go between them, other pictures may not.
  static func transmission(_ id: UInt32, png: [UInt8]) -> [String] {
    let text = Array(Base64.text(png).utf8)
    let starts = Array(stride(from: 0, to: max(1, text.count), by: 4096))
    return starts.map { start in
      let part = String(decoding: text[start..<min(start + 4096, text.count)], as: UTF8.self)
      let more = start == starts.last ? 0 : 1
      return command(start == 0 ? "a=t,f=100,i=\(id),q=2,m=\(more)" : "q=2,m=\(more)", part)
    }
  }

  /// Ends a transmission that nobody wants any more.
  static let abandonment = command("q=2,m=0")

  /// A part of the picture, in its own pixels, over so many cells from the cursor on, which stays where it is.
  static func put(_ id: UInt32, as number: Int, part: Rect, cells: Size) -> String {
    command(
      "a=p,i=\(id),p=\(number),x=\(part.x),y=\(part.y),w=\(part.width),h=\(part.height),"
        + "c=\(cells.width),r=\(cells.height),C=1,q=2")
  }

  /// To be shown wherever its placeholders stand.
  static func putVirtually(_ id: UInt32, cells: Size) -> String {
    command("a=p,U=1,i=\(id),c=\(cells.width),r=\(cells.height),q=2")
  }

  static func remove(_ id: UInt32, number: Int) -> String { command("a=d,d=i,i=\(id),p=\(number),q=2") }
  static func remove(_ id: UInt32) -> String { command("a=d,d=I,i=\(id),q=2") }
  static let removeAll = command("a=d,d=A,q=2")

  /// Asks without showing anything: one pixel that is not kept.
  static let question = command("i=31,s=1,v=1,a=q,t=d,f=24", "AAAA")

  private static func command(_ keys: String, _ payload: String = "") -> String {
    "\u{1B}_G\(keys)\(payload.isEmpty ? "" : ";" + payload)\u{1B}\\"
  }
}

/// Characters that stand for parts of a picture: inside tmux they scroll, are clipped and come back as text does.
///
/// Which part is said by marks above the character, which picture by its colour and a third mark.
package enum KittyPlaceholders {
  static let character: Unicode.Scalar = "\u{10EEEE}"

  /// The marks for the numbers from 0 on: above the base, in Unicode 6.0, and untouched by any normal form.
  package static let marks: [Unicode.Scalar] = {
    let fused: Set<UInt32> = [
      0x300, 0x301, 0x302, 0x303, 0x304, 0x306, 0x307, 0x308, 0x309, 0x30A, 0x30B, 0x30C, 0x30F, 0x311, 0x313,
      0x314, 0x342, 0x653, 0x654,
    ]
    // Those of composed characters: they have a decomposition of their own.
    let decomposed: Set<UInt32> = [0x340, 0x341, 0x343, 0x344]
    return [UInt32(0x300)...0xFFFF, 0x10000...0x1D2FF].joined().compactMap(Unicode.Scalar.init).filter {
      guard $0.properties.canonicalCombiningClass == .above, !fused.contains($0.value),
        !decomposed.contains($0.value), $0.properties.generalCategory == .nonspacingMark,
        let age = $0.properties.age
      else { return false }
      return age.major < 6 || age.major == 6 && age.minor == 0
    }
  }()

  /// The largest picture that can be addressed.
  static let limit = 255

  /// One row of cells of a picture, from a column on.
  static func row(_ id: UInt32, row: Int, columns: Range<Int>) -> String {
    guard row >= 0, columns.lowerBound >= 0, row < marks.count, columns.upperBound <= marks.count,
      Int(id >> 24) < marks.count
    else { return "" }
    var text = "\u{1B}[0;38;5;\(id & 0xFF)m".unicodeScalars
    for column in columns { text += [character, marks[row], marks[column], marks[Int(id >> 24)]] }
    return String(text) + "\u{1B}[39m"
  }
}
