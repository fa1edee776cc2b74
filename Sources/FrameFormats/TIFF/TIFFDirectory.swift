import Diffraction

/// One image directory as it stands in the file, before libtiff sees it.
struct TIFFDirectory {
  struct Entry {
    var type: UInt16
    var count: Int
    /// Where the value is: in the entry itself when it is short, elsewhere when long.
    var offset: Int
  }

  var offset: Int
  var entries: [UInt16: Entry]
  /// 0 at the end of the chain.
  var next: Int
}

extension TIFFDirectory {
  /// Bytes of one value of a field type; 0 for types that are not known.
  static func size(ofType type: UInt16) -> Int {
    switch type {
    case 1, 2, 6, 7: 1
    case 3, 8: 2
    case 4, 9, 11, 13: 4
    case 5, 10, 12, 16, 17, 18: 8
    default: 0
    }
  }
}

/// Walks the chain of directories. libtiff's own walk cannot be used for this: it gives the same answer at
/// the end of a file and at the place where a file was cut.
struct TIFFDirectoryReader {
  private var reader: ByteReader
  private let isBig: Bool
  let first: Int
  /// Entries that may still be read, over all directories.
  private var budget: Int

  init(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) {
    var reader = ByteReader(file, format: "TIFF")
    reader.order = try reader.integer(UInt16.self, "the header") == 0x4949 ? .little : .big
    isBig = try reader.integer(UInt16.self, "the header") == 43
    if isBig {
      let size: UInt16 = try reader.integer("the header")
      try reader.skip(2, "the header")
      guard size == 8 else { throw reader.damaged("offsets of \(size) bytes", at: 4) }
    }
    let offset: UInt64 =
      isBig ? try reader.integer("the header") : UInt64(try reader.integer(UInt32.self, "the header"))
    guard offset != 0 else {
      throw FileRefusal(.truncated, "TIFF: no image directory yet", offset: isBig ? 8 : 4)
    }
    guard let position = Int(exactly: offset), position < file.size else {
      throw FileRefusal(
        .truncated, "TIFF: the first directory lies past the end of the file", offset: isBig ? 8 : 4)
    }
    first = position
    self.reader = reader
    budget = limits.entries * 16
  }

  var order: ByteOrder { reader.order }

  mutating func directory(at offset: Int) throws(FileRefusal) -> TIFFDirectory {
    let what = "an image directory"
    try reader.seek(to: offset, what)
    let count: UInt64 =
      isBig ? try reader.integer(what) : UInt64(try reader.integer(UInt16.self, what))
    let entrySize = isBig ? 20 : 12
    guard count > 0 else { throw reader.damaged("an empty image directory", at: offset) }
    guard count <= UInt64(reader.remaining / entrySize) else {
      throw FileRefusal(
        .truncated, "TIFF: the file ends inside an image directory of \(count) entries", offset: offset)
    }
    budget -= Int(count)
    guard budget >= 0 else {
      throw FileRefusal(.tooLarge, "TIFF: too many directory entries", offset: offset)
    }
    var entries: [UInt16: TIFFDirectory.Entry] = [:]
    for _ in 0..<Int(count) {
      let tag: UInt16 = try reader.integer(what)
      let type: UInt16 = try reader.integer(what)
      let length: UInt64 =
        isBig ? try reader.integer(what) : UInt64(try reader.integer(UInt32.self, what))
      let inline = reader.position
      let value: UInt64 =
        isBig ? try reader.integer(what) : UInt64(try reader.integer(UInt32.self, what))
      let size = UInt64(TIFFDirectory.size(ofType: type))
      guard size > 0, length > 0, entries[tag] == nil else { continue }
      let (bytes, overflow) = size.multipliedReportingOverflow(by: length)
      var position = UInt64(inline)
      if overflow || bytes > (isBig ? 8 : 4) {
        position = value
        guard !overflow, bytes <= UInt64(reader.end), position <= UInt64(reader.end) - bytes else {
          throw FileRefusal(
            .truncated, "TIFF: the value of tag \(tag) ends past the end of the file", offset: inline)
        }
      }
      entries[tag] = TIFFDirectory.Entry(type: type, count: Int(length), offset: Int(position))
    }
    let next: UInt64 = isBig ? try reader.integer(what) : UInt64(try reader.integer(UInt32.self, what))
    return TIFFDirectory(offset: offset, entries: entries, next: Int(exactly: next) ?? .max)
  }

  /// The unsigned integers of an entry, at most `limit` of them.
  mutating func integers(_ entry: TIFFDirectory.Entry, limit: Int) throws(FileRefusal) -> [Int] {
    let count = min(entry.count, limit)
    let what = "a directory value"
    try reader.seek(to: entry.offset, what)
    var values: [Int] = []
    values.reserveCapacity(count)
    for _ in 0..<count {
      switch entry.type {
      case 1, 7: values.append(Int(try reader.integer(UInt8.self, what)))
      case 3: values.append(Int(try reader.integer(UInt16.self, what)))
      case 4, 13: values.append(Int(try reader.integer(UInt32.self, what)))
      case 16, 18: values.append(Int(clamping: try reader.integer(UInt64.self, what)))
      default:
        throw reader.damaged("a value of type \(entry.type) where a whole number belongs", at: entry.offset)
      }
    }
    return values
  }

  mutating func integer(_ directory: TIFFDirectory, _ tag: UInt16) throws(FileRefusal) -> Int? {
    guard let entry = directory.entries[tag] else { return nil }
    return try integers(entry, limit: 1).first
  }

  /// The floating-point numbers (or fractions) of an entry.
  mutating func number(_ directory: TIFFDirectory, _ tag: UInt16) throws(FileRefusal) -> Double? {
    guard let entry = directory.entries[tag] else { return nil }
    try reader.seek(to: entry.offset)
    switch entry.type {
    case 5:
      let top: UInt32 = try reader.integer()
      let bottom: UInt32 = try reader.integer()
      return bottom == 0 ? nil : Double(top) / Double(bottom)
    case 11: return Double(try reader.float32())
    case 12: return try reader.float64()
    default: return nil
    }
  }

  /// The bytes of an entry of any type, at most `limit` of them.
  mutating func bytes(_ directory: TIFFDirectory, _ tag: UInt16, limit: Int) throws(FileRefusal) -> [UInt8]? {
    guard let entry = directory.entries[tag] else { return nil }
    try reader.seek(to: entry.offset)
    let size = min(TIFFDirectory.size(ofType: entry.type), limit)
    return try reader.bytes(entry.count > limit / max(1, size) ? limit : entry.count * size)
  }

  /// The text of an entry (ASCII or bytes), at most `limit` bytes of it.
  mutating func text(_ directory: TIFFDirectory, _ tag: UInt16, limit: Int) throws(FileRefusal) -> [UInt8]? {
    guard let entry = directory.entries[tag], entry.type == 2 || entry.type == 1 || entry.type == 7 else {
      return nil
    }
    try reader.seek(to: entry.offset)
    return try reader.bytes(min(entry.count, limit))
  }
}
