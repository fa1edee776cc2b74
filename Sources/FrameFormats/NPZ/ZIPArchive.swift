import Diffraction

/// The directory at the end of a ZIP archive, believed only where it agrees with the file: members lie one
/// after another in front of it, none inside another, none under the same name.
struct ZIPArchive {
  struct Member {
    var name: String
    var method: Int
    var isEncrypted: Bool
    /// CRC-32 of the unpacked bytes.
    var checksum: UInt32
    var packedBytes: Int
    var bytes: Int
    /// Where its own header is.
    var header: Int
    /// Where the next member begins, or the directory.
    var end = 0
  }

  let file: DiskFile
  /// In the order of the directory.
  private(set) var members: [Member] = []
  private let format: String

  private enum Signature {
    static let member: UInt32 = 0x0403_4B50, entry: UInt32 = 0x0201_4B50, end: UInt32 = 0x0605_4B50
    static let wideEnd: UInt32 = 0x0606_4B50, wideLocator: UInt32 = 0x0706_4B50
  }

  /// More arrays than anybody saves together.
  private static let limit = 10_000

  init(_ file: DiskFile, format: String, limits: ReadLimits) throws(FileRefusal) {
    self.file = file
    self.format = format
    let end = try Self.end(of: file, format: format)
    guard end.entries <= min(Self.limit, limits.entries) else {
      throw FileRefusal(.tooLarge, "\(format): an archive of \(end.entries) members", offset: end.start)
    }
    var reader = ByteReader(file, format: format, from: end.start, to: end.start + end.bytes, window: 65_536)
    var names: Set<String> = []
    for _ in 0..<end.entries {
      let member = try Self.member(&reader)
      guard names.insert(member.name).inserted else {
        throw reader.damaged("two members of the same name (\(CleanText.clean(member.name, limit: 60)))")
      }
      members.append(member)
    }
    guard reader.remaining == 0 else { throw reader.damaged("the directory goes on behind its last entry") }
    try findEnds(directory: end.start)
  }

  /// Each member ends where the next one begins. A bomb lets many members share the same packed bytes.
  private mutating func findEnds(directory: Int) throws(FileRefusal) {
    let order = members.indices.sorted { members[$0].header < members[$1].header }
    for (position, index) in order.enumerated() {
      let next = position + 1 < order.count ? members[order[position + 1]].header : directory
      let member = members[index]
      let room = next - member.header - 30 - member.name.utf8.count
      guard member.packedBytes <= room else {
        throw FileRefusal(
          .damaged, "\(format): member \(CleanText.clean(member.name, limit: 60)) overlaps what follows it",
          offset: member.header)
      }
      members[index].end = next
    }
  }

  private struct End {
    var start: Int
    var bytes: Int
    var entries: Int
  }

  /// The record at the very end says where the directory is; a comment of up to 64 KiB may follow it.
  private static func end(of file: DiskFile, format: String) throws(FileRefusal) -> End {
    let tailStart = max(0, file.size - 22 - 65_535)
    let tail = try file.bytes(at: tailStart, upTo: file.size - tailStart)
    let mark: [UInt8] = [0x50, 0x4B, 5, 6]
    let found = stride(from: tail.count - 22, through: 0, by: -1).first { start in
      tail[start] == mark[0] && tail[start..<(start + 4)].elementsEqual(mark)
        && Int(tail[start + 20]) | Int(tail[start + 21]) << 8 == tail.count - start - 22
    }
    guard let found else {
      throw FileRefusal(
        .truncated, "\(format): the archive has no directory at its end (yet)", offset: file.size)
    }
    var reader = ByteReader(file, format: format, from: tailStart + found + 4)
    func short() throws(FileRefusal) -> Int { Int(try reader.integer(UInt16.self)) }
    func word() throws(FileRefusal) -> Int { Int(try reader.integer(UInt32.self)) }
    let disks = [try short(), try short()]
    var (here, entries) = (try short(), try short())
    var (bytes, start) = (try word(), try word())
    var boundary = tailStart + found
    let isWide =
      [disks[0], disks[1], here, entries].contains(0xFFFF) || [bytes, start].contains(0xFFFF_FFFF)
    if isWide {
      func long() throws(FileRefusal) -> Int {
        guard let value = Int(exactly: try reader.integer(UInt64.self)) else {
          throw reader.damaged("the directory of the archive lies past the end of the file")
        }
        return value
      }
      try reader.seek(to: max(0, boundary - 20))
      guard try reader.integer(UInt32.self) == Signature.wideLocator else {
        throw reader.damaged("the long directory record is missing", at: boundary)
      }
      try reader.skip(4)
      boundary = try long()
      try reader.seek(to: boundary)
      guard try reader.integer(UInt32.self) == Signature.wideEnd else {
        throw reader.damaged("the long directory record is missing", at: boundary)
      }
      try reader.skip(20)
      (here, entries) = (try long(), try long())
      (bytes, start) = (try long(), try long())
    } else if disks != [0, 0] {
      throw reader.unsupported("an archive in several parts")
    }
    guard here == entries, start <= boundary, bytes == boundary - start, entries <= bytes / 46 else {
      throw reader.damaged("the directory of the archive contradicts the file", at: boundary)
    }
    return End(start: start, bytes: bytes, entries: entries)
  }

  private static func member(_ reader: inout ByteReader) throws(FileRefusal) -> Member {
    let what = "the directory of the archive"
    guard try reader.integer(UInt32.self, what) == Signature.entry else {
      throw reader.damaged("an entry of the directory does not begin as one")
    }
    func short() throws(FileRefusal) -> Int { Int(try reader.integer(UInt16.self, what)) }
    func word() throws(FileRefusal) -> Int { Int(try reader.integer(UInt32.self, what)) }
    try reader.skip(4, what)
    let flags = try short()
    let method = try short()
    try reader.skip(4, what)
    let checksum: UInt32 = try reader.integer(what)
    var sizes = [0, 0, 0]
    (sizes[1], sizes[0]) = (try word(), try word())
    let (nameBytes, extraBytes, commentBytes) = (try short(), try short(), try short())
    try reader.skip(8, what)
    sizes[2] = try word()
    let name = String(decoding: try reader.bytes(nameBytes, what), as: UTF8.self)
    let extra = reader.position + extraBytes
    // What does not fit into 32 bits stands in an extra field: the unpacked size, the packed one, the place.
    while sizes.contains(0xFFFF_FFFF), reader.position + 4 <= extra {
      let (kind, length) = (try short(), try short())
      let next = reader.position + length
      guard kind == 1 else {
        try reader.seek(to: next, what)
        continue
      }
      for index in sizes.indices where sizes[index] == 0xFFFF_FFFF {
        guard reader.position + 8 <= next, let value = Int(exactly: try reader.integer(UInt64.self, what))
        else { throw reader.damaged("a member without its size") }
        sizes[index] = value
      }
      break
    }
    try reader.seek(to: extra, what)
    try reader.skip(commentBytes, what)
    // Bit 0: encrypted; bit 6: strongly; bit 13: the directory is, too.
    return Member(
      name: name, method: method, isEncrypted: flags & 0x2041 != 0, checksum: checksum,
      packedBytes: sizes[1], bytes: sizes[0], header: sizes[2])
  }

  /// Where the packed bytes of a member begin. Its own header has to tell the same as the directory.
  func start(of member: Member) throws(FileRefusal) -> Int {
    var reader = ByteReader(file, format: format, from: member.header, to: member.end)
    guard try reader.integer(UInt32.self) == Signature.member else {
      throw reader.damaged("a member does not begin as one", at: member.header)
    }
    try reader.skip(4)
    let method = Int(try reader.integer(UInt16.self))
    try reader.skip(16)
    let nameBytes = Int(try reader.integer(UInt16.self))
    let extraBytes = Int(try reader.integer(UInt16.self))
    let name = String(decoding: try reader.bytes(nameBytes), as: UTF8.self)
    try reader.skip(extraBytes)
    guard name == member.name, method == member.method, member.packedBytes <= reader.remaining else {
      throw reader.damaged("a member is not what the directory says", at: member.header)
    }
    return reader.position
  }
}
