import Diffraction

/// The first 1024 bytes.
struct MRCHeader {
  let order: ByteOrder
  let columns: Int
  let rows: Int
  let sections: Int
  let mode: Int
  let extendedBytes: Int
  let extendedType: String
  let hasMark: Bool
  private let version: Int
  /// IMOD says whether 8-bit pixels are signed.
  private let imodFlags: Int?
  private let sampling: [Int]
  private let cell: [Float]
  private let labels: [String]

  init(_ file: DiskFile) throws(FileRefusal) {
    guard file.size >= 1024 else {
      throw FileRefusal(.truncated, "MRC: \(file.size) of 1024 header bytes are there", offset: file.size)
    }
    let head = try file.bytes(at: 208, upTo: 8)
    hasMark = head.starts(with: "MAP".utf8)
    switch (head[4], head[5]) {
    case (0x44, 0x44), (0x44, 0x41): order = .little
    case (0x11, 0x11): order = .big
    default:
      let little = try Self.isPlausible(file, .little)
      let big = try Self.isPlausible(file, .big)
      order = big && !little ? .big : .little
    }
    var reader = ByteReader(file, format: "MRC", order: order)
    func int() throws(FileRefusal) -> Int { Int(try reader.integer(Int32.self)) }
    columns = try int()
    rows = try int()
    sections = try int()
    mode = try int()
    guard columns > 0, rows > 0, sections >= 0 else {
      throw reader.damaged("\(columns) x \(rows) pixels, \(sections) images", at: 0)
    }
    try reader.skip(12)
    sampling = [try int(), try int(), try int()]
    cell = [try reader.float32(), try reader.float32(), try reader.float32()]
    try reader.seek(to: 64)
    let axes = [try int(), try int(), try int()]
    guard axes == [1, 2, 3] || axes == [0, 0, 0] || !hasMark else {
      throw reader.unsupported("axes in the order \(axes)")
    }
    try reader.seek(to: 92)
    extendedBytes = try int()
    guard extendedBytes >= 0 else {
      throw reader.damaged("an extended header of \(extendedBytes) bytes", at: 92)
    }
    guard extendedBytes <= file.size - 1024 else {
      throw FileRefusal(
        .truncated, "MRC: the file ends inside an extended header of \(extendedBytes) bytes", offset: 92)
    }
    try reader.seek(to: 104)
    extendedType = CleanText.latin1(try reader.bytes(4))
    version = try int()
    try reader.seek(to: 152)
    imodFlags = try int() == 1_146_047_817 ? try int() : nil
    try reader.seek(to: 220)
    var labels: [String] = []
    for _ in 0..<max(0, min(10, try int())) {
      let text = CleanText.latin1(try reader.bytes(80))
      if !text.isEmpty { labels.append(text) }
    }
    self.labels = labels
  }

  /// Which byte order gives sizes that could be true, where the machine stamp is silent.
  private static func isPlausible(_ file: DiskFile, _ order: ByteOrder) throws(FileRefusal) -> Bool {
    var reader = ByteReader(file, format: "MRC", order: order)
    for _ in 0..<2 {
      let size: Int32 = try reader.integer()
      guard (1...65536).contains(size) else { return false }
    }
    try reader.skip(4)
    return (0...101).contains(try reader.integer(Int32.self))
  }

  /// Two pixels a byte, as counting cameras have it.
  var isPacked: Bool { mode == 101 }

  /// How pixels are stored, and the sentence that tells of a choice that the file leaves open.
  func sample() throws(FileRefusal) -> (StoredSample, String?) {
    switch mode {
    case 0:
      if let imodFlags {
        return (.plain(imodFlags & 1 == 1 ? .int8 : .uint8), nil)
      }
      if version >= 20140 { return (.plain(.int8), "8-bit pixels are taken as signed, as MRC2014 has them") }
      return (.plain(.uint8), "8-bit pixels are taken as unsigned, as in files older than MRC2014")
    case 1: return (.plain(.int16), nil)
    case 2: return (.plain(.float32), nil)
    case 6: return (.plain(.uint16), nil)
    case 12: return (.half, nil)
    case 3, 4: throw FileRefusal(.unsupported, "MRC: complex pixels (mode \(mode))", offset: 12)
    case 101: return (.plain(.uint8), nil)
    default: throw FileRefusal(.unsupported, "MRC: unknown pixel mode \(mode)", offset: 12)
    }
  }

  func describe(_ summary: inout FileSummary) {
    func axis(_ i: Int) -> Sourced<AxisCalibration>? {
      guard sampling[i] > 0, cell[i].isFinite, cell[i] > 0 else { return nil }
      let scale = Double(cell[i]) / Double(sampling[i])
      // 1 ångström is what writers put where they know nothing.
      return scale == 1 ? nil : Sourced(AxisCalibration(scale: scale, unit: "Å"), source: "header:cell")
    }
    summary.calibration = Calibration(x: axis(0), y: axis(1))
    for (index, text) in labels.enumerated() {
      summary.metadata.append(MetadataItem(name: "label \(index + 1)", value: text, source: "header:224"))
    }
  }
}
