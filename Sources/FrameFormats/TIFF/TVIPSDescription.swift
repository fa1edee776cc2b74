import Diffraction

/// What the camera programs of TVIPS leave in tag 37706: a block of version 1, and behind it one of version 2
/// in which text is UTF-16, the high tension in kilovolts and the exposure in milliseconds.
struct TVIPSDescription {
  private let bytes: [UInt8]
  private static let source = "tag:37706"
  /// Where the second block begins, and its mark at its end.
  private static let second = 244
  private static let mark = second + 6064

  init?(_ bytes: [UInt8]) {
    guard bytes.count >= Self.mark + 4, bytes[0] >= 2, bytes[1..<4].allSatisfy({ $0 == 0 }),
      bytes[Self.mark..<(Self.mark + 4)].allSatisfy({ $0 == 0xAA })
    else { return nil }
    self.bytes = bytes
  }

  private func positive(at offset: Int, upTo limit: Double, _ factor: Double) -> Sourced<Double>? {
    let bits = bytes.withUnsafeBytes {
      UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: Self.second + offset, as: UInt32.self))
    }
    let value = Double(Float(bitPattern: bits))
    guard value.isFinite, value > 0, value <= limit else { return nil }
    return Sourced(value * factor, source: Self.source)
  }

  var voltageKilovolts: Sourced<Double>? { positive(at: 3028, upTo: 5000, 1) }
  var exposureSeconds: Sourced<Double>? { positive(at: 3708, upTo: 1e9, 1e-3) }

  var items: [MetadataItem] {
    [("microscope", 2868), ("camera", 3524)].compactMap { name, offset in
      let start = Self.second + offset
      let units = stride(from: start, to: start + 160, by: 2).map {
        UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8
      }
      let text = CleanText.clean(String(decoding: units.prefix { $0 != 0 }, as: UTF16.self), limit: 80)
      return text.isEmpty ? nil : MetadataItem(name: name, value: text, source: Self.source)
    }
  }
}
