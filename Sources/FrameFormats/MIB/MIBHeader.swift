import Diffraction

/// The text before every frame of a Merlin file.
struct MIBHeader {
  let sequence: Int
  let bytes: Int
  let chips: Int
  let width: Int
  let height: Int
  let type: String
  let layout: String
  let exposure: Double?
  let depth: Int?
  let date: String
  /// Sizes and type as text: the same in front of every frame of a file.
  let shape: [UInt8]

  static let shapeStart = 11

  init(_ file: DiskFile, at offset: Int) throws(FileRefusal) {
    func damaged(_ reason: String) -> FileRefusal { FileRefusal(.damaged, "MIB: \(reason)", offset: offset) }
    let head = try file.bytes(at: offset, upTo: 2048)
    guard head.starts(with: "MQ1,".utf8) else { throw damaged("a frame does not start with MQ1") }
    let fields = head.prefix { $0 != 0 }.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      .prefix(400)
    func text(_ index: Int) -> String { CleanText.latin1(fields[index], limit: 60) }
    func number(_ index: Int) -> Int? { Int(text(index)) }
    guard fields.count > 10 else {
      throw head.count < 384
        ? FileRefusal(.truncated, "MIB: the file ends inside a frame header", offset: offset)
        : damaged("a frame header of \(fields.count) fields")
    }
    guard let sequence = number(1), let bytes = number(2), let chips = number(3),
      let width = number(4), let height = number(5)
    else { throw damaged("a frame header without sizes") }
    guard (128...65536).contains(bytes) else { throw damaged("a frame header of \(bytes) bytes") }
    guard chips > 0, width > 0, height > 0 else {
      throw damaged("\(width) x \(height) pixels on \(chips) chips")
    }
    self.sequence = sequence
    self.bytes = bytes
    self.chips = chips
    self.width = width
    self.height = height
    type = text(6)
    layout = text(7)
    date = text(9)
    let marker = fields.firstIndex { $0.elementsEqual("MQ1A".utf8) }
    depth = marker.flatMap { $0 + 3 < fields.count ? number($0 + 3) : nil }
    let nanoseconds = marker.flatMap { $0 + 2 < fields.count ? text($0 + 2) : nil }
    if let nanoseconds, nanoseconds.hasSuffix("ns"), let value = Double(nanoseconds.dropLast(2)) {
      exposure = value * 1e-9
    } else {
      exposure = Double(text(10))
    }
    var end = 0
    var commas = 0
    while end < head.count, commas < 7 {
      if head[end] == UInt8(ascii: ",") { commas += 1 }
      end += 1
    }
    shape = Array(head[min(Self.shapeStart, end)..<end])
  }
}

/// The `.hdr` file that Merlin writes beside a recording.
struct MIBCompanion {
  private let values: [String: String]
  let source: String

  init?(besides path: String) {
    guard let dot = path.lastIndex(of: ".") else { return nil }
    self.init(at: "\(path[..<dot]).hdr")
  }

  init?(at path: String) {
    guard let file = try? DiskFile(path: path), let bytes = try? file.bytes(at: 0, upTo: 64 << 10),
      bytes.starts(with: "HDR".utf8)
    else { return nil }
    var values: [String: String] = [:]
    for line in bytes.split(whereSeparator: { $0 == 10 || $0 == 13 || $0 == 0 }).prefix(500) {
      // The key of the date holds colons of its own; values follow a tab, or else the first colon.
      guard let end = line.firstIndex(of: 9) ?? line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      let key = line[..<end].last == UInt8(ascii: ":") ? line[..<end].dropLast() : line[..<end]
      values[CleanText.latin1(key, limit: 80)] = CleanText.latin1(line[(end + 1)...], limit: 200)
    }
    self.values = values
    source = "sidecar:\(path.split(separator: "/").last ?? "")"
  }

  subscript(key: String) -> String? { values[key] }

  func positive(_ key: String) -> Int? {
    values[key].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
  }
}
