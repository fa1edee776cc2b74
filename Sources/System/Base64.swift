/// RFC 4648, with its padding.
package enum Base64 {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  package static func text(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var at = 0
    while at < bytes.count {
      let rest = min(3, bytes.count - at)
      var word = UInt32(bytes[at]) << 16
      if rest > 1 { word |= UInt32(bytes[at + 1]) << 8 }
      if rest > 2 { word |= UInt32(bytes[at + 2]) }
      for place in 0..<4 {
        text.append(place <= rest ? digits[Int(word >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
      }
      at += 3
    }
    return String(decoding: text, as: UTF8.self)
  }
}
