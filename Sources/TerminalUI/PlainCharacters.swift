/// What stands for a character on a terminal that only has ASCII.
enum PlainCharacters {
  static func ascii(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.value {
    case 0x20...0x7E: scalar
    case 0x2500, 0x2501, 0x2550: "-"
    case 0x2502, 0x2503, 0x2551: "|"
    case 0x2504...0x257F: "+"
    case 0x2581: "_"
    case 0x2582, 0x2583: "."
    case 0x2584, 0x2585: "-"
    case 0x2580...0x259F: "#"
    case 0x2801...0x28FF: ":"
    case 0x2010...0x2015, 0x2212: "-"
    case 0x2018, 0x2019: "'"
    case 0x201C, 0x201D: "\""
    case 0x00B5, 0x03BC: "u"
    case 0x00C5: "A"
    default: "?"
    }
  }
}
