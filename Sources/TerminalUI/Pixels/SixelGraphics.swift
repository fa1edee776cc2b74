/// DEC Sixel: bands of six rows, a pass over the band for every colour in it, repeats counted.
enum SixelGraphics {
  /// Without the places that no pixel covers: what is there stays.
  static func picture(_ picture: IndexedPicture) -> [UInt8] {
    var text = Array("\u{1B}P0;1;0q\"1;1;\(picture.width);\(picture.height)".utf8)
    var isUsed = [Bool](repeating: false, count: 256)
    for index in picture.indices { isUsed[Int(index)] = true }
    for (number, colour) in picture.palette.enumerated() where isUsed[number] {
      func percent(_ value: UInt8) -> Int { (Int(value) * 100 + 127) / 255 }
      text += "#\(number);2;\(percent(colour.red));\(percent(colour.green));\(percent(colour.blue))".utf8
    }
    var columns = [UInt8](repeating: 0, count: 256 * picture.width)
    for top in stride(from: 0, to: picture.height, by: 6) {
      if top > 0 { text.append(UInt8(ascii: "-")) }
      var inBand: [Int] = []
      isUsed = [Bool](repeating: false, count: 256)
      for row in top..<min(top + 6, picture.height) {
        for column in 0..<picture.width {
          let colour = Int(picture.indices[row * picture.width + column])
          if !isUsed[colour] {
            isUsed[colour] = true
            inBand.append(colour)
          }
          columns[colour * picture.width + column] |= 1 << UInt8(row - top)
        }
      }
      for (pass, colour) in inBand.enumerated() {
        if pass > 0 { text.append(UInt8(ascii: "$")) }
        text += "#\(colour)".utf8
        let line = colour * picture.width..<(colour + 1) * picture.width
        appendRuns(of: columns[line], to: &text)
        for place in line { columns[place] = 0 }
      }
    }
    return text + [0x1B, UInt8(ascii: "\\")]
  }

  private static func appendRuns(of bits: ArraySlice<UInt8>, to text: inout [UInt8]) {
    var index = bits.startIndex
    // What is empty up to the end need not be said.
    let end = bits.lastIndex { $0 != 0 }.map { $0 + 1 } ?? index
    while index < end {
      let value = bits[index]
      var next = index + 1
      while next < end, bits[next] == value { next += 1 }
      if next - index > 3 {
        text += "!\(next - index)".utf8
        text.append(63 + value)
      } else {
        for _ in index..<next { text.append(63 + value) }
      }
      index = next
    }
  }
}
