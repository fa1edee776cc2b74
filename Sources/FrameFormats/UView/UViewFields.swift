import Diffraction

/// The tagged fields behind the image header. An unknown tag has an unknown length: reading stops there and
/// keeps what it has.
struct UViewFields {
  private(set) var items: [MetadataItem] = []
  private(set) var exposure: Double?

  private static let units = ["", "V", "mA", "A", "°C", "K", "mV", "pA", "nA", "µA"]

  init(_ bytes: [UInt8]) {
    var fields = Cursor(bytes: bytes)
    while let raw = fields.byte(), raw != 255, items.count < 256 {
      guard read(tag: raw & 127, &fields) else { return }
    }
  }

  /// False at the end of what can be understood.
  private mutating func read(tag: UInt8, _ fields: inout Cursor) -> Bool {
    func item(_ name: String, _ value: String, _ unit: String = "") {
      items.append(MetadataItem(name: name, value: value, unit: unit, source: "field:\(tag)"))
    }
    switch tag {
    case 0...99:
      guard let text = fields.text(), let value = fields.float() else { return false }
      // The last character of the name is the digit of its unit.
      let digit = text.last.flatMap(\.wholeNumberValue)
      let name = digit == nil ? text : String(text.dropLast())
      item(CleanText.clean(name, limit: 60), value, digit.map { Self.units[$0] } ?? "")
    case 100:
      guard let x = fields.float(), let y = fields.float() else { return false }
      item("stage x", x, "mm")
      item("stage y", y, "mm")
    case 101:
      guard let text = fields.text() else { return false }
      item("field of view", text)
    case 102, 103:
      guard let value = fields.float() else { return false }
      item("gauge \(tag - 101)", value)
    case 104:
      guard let value = fields.float(), let averaging = fields.byte(), fields.byte() != nil else {
        return false
      }
      exposure = Double(value)
      item("exposure", value, "s")
      item("image averaging", averaging == 255 ? "sliding" : String(averaging))
    case 105:
      guard let text = fields.text() else { return false }
      item("title", text)
    case 106...109:
      guard let name = fields.text(), let unit = fields.text(), let value = fields.float() else {
        return false
      }
      item(name, value, unit)
    case 110:
      guard let text = fields.text(), fields.float() != nil else { return false }
      item("field of view", text)
    case 111:
      guard let first = fields.float(), let second = fields.float() else { return false }
      item("angles", "\(first) \(second)", "°")
    case 112, 114:
      guard let value = fields.byte(), fields.byte() != nil else { return false }
      item(tag == 112 ? "spin" : "mirror state", String(value))
    case 113:
      guard let value = fields.float() else { return false }
      item("rotation", value, "°")
    case 115, 116:
      guard let value = fields.float() else { return false }
      item(tag == 115 ? "screen voltage" : "channel-plate voltage", value)
    default: return false
    }
    return true
  }

  func describe(_ summary: inout FileSummary) {
    summary.metadata += items
    if let exposure, exposure.isFinite, exposure > 0 {
      summary.beam.exposureSeconds = Sourced(exposure, source: "field:104")
    }
    // In these microscopes the start voltage is the energy with which electrons meet the surface.
    if let item = items.first(where: { $0.name == "Start Voltage" }), let volts = Double(item.value),
      volts.isFinite
    {
      summary.beam.voltageKilovolts = Sourced(volts / 1000, source: "\(item.source):Start Voltage")
    }
  }

  private struct Cursor {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func byte() -> UInt8? {
      guard position < bytes.count else { return nil }
      defer { position += 1 }
      return bytes[position]
    }

    /// A little-endian single, written as text.
    mutating func float() -> String? {
      guard bytes.count - position >= 4 else { return nil }
      var bits: UInt32 = 0
      for i in 0..<4 { bits |= UInt32(bytes[position + i]) << UInt32(8 * i) }
      position += 4
      return String(Float(bitPattern: bits))
    }

    /// Windows-1252, which is Latin-1 for the characters that occur (µ, °), up to a NUL.
    mutating func text() -> String? {
      guard position < bytes.count, let end = bytes[position...].firstIndex(of: 0) else { return nil }
      defer { position = end + 1 }
      return CleanText.latin1(bytes[position..<end], limit: 80)
    }
  }
}
