import CDeflate
import CLinux
import CZlib
import Diffraction
import Glibc

/// The unpacked bytes of a member: in the archive itself where they are stored as they are, else in memory,
/// unpacked from front to back as far as they were asked for.
final class ZIPContent {
  /// Where the bytes are read from. Of a deflated member only what `need` has prepared is there.
  let file: DiskFile
  let start: Int
  let bytes: Int
  private let unpacking: Unpacking?

  /// More is not unpacked: the archive would have to be read from its beginning for every step back.
  static let limit = 512 << 20
  /// A checksum over more than this takes longer than reading a frame; it is not asked for at the opening.
  private static let checkedBytes = 16 << 20

  init(_ archive: ZIPArchive, _ member: ZIPArchive.Member, format: String, limits: ReadLimits)
    throws(FileRefusal)
  {
    func refuse(_ kind: FileRefusal.Kind, _ reason: String) -> FileRefusal {
      let name = CleanText.clean(member.name, limit: 60)
      return FileRefusal(kind, "\(format): \(name) \(reason)", offset: member.header)
    }
    guard !member.isEncrypted else { throw refuse(.unsupported, "is encrypted") }
    let start = try archive.start(of: member)
    bytes = member.bytes
    switch member.method {
    case 0:
      guard member.bytes == member.packedBytes else { throw refuse(.damaged, "has two sizes") }
      (file, self.start, unpacking) = (archive.file, start, nil)
      if member.bytes <= Self.checkedBytes {
        let stored = try file.bytes(at: start, upTo: member.bytes)
        let found = stored.withUnsafeBytes { libdeflate_crc32(0, $0.baseAddress, $0.count) }
        guard stored.count == member.bytes, found == member.checksum else {
          throw refuse(.damaged, "does not agree with its checksum")
        }
      }
    case 8:
      // Deflate gains a factor of 1032 at most: a claim beyond it is a lie.
      guard member.bytes / 1032 <= member.packedBytes else {
        throw refuse(.damaged, "claims \(member.bytes) bytes from \(member.packedBytes)")
      }
      guard member.bytes <= min(Self.limit, limits.frameBytes) else {
        throw refuse(.tooLarge, "unpacks to \(member.bytes) bytes: save it without compression")
      }
      let unpacking = try Unpacking(archive.file, start, member, format: format, limits: limits)
      (file, self.start, self.unpacking) = (unpacking.memory, 0, unpacking)
    default:
      let names = [9: "deflate64", 12: "bzip2", 14: "LZMA", 93: "zstd", 95: "xz"]
      let name = names[member.method] ?? "method \(member.method)"
      throw refuse(.unsupported, "is packed with \(name), which is not read")
    }
  }

  /// Makes the first `count` bytes ready to be read.
  func need(_ count: Int) throws(FileRefusal) { try unpacking?.advance(to: min(count, bytes)) }
}

/// A deflated member on its way into memory without a name.
private final class Unpacking {
  let memory: DiskFile
  private let source: DiskFile
  private let format: String
  private let member: ZIPArchive.Member
  private let stream: UnsafeMutablePointer<z_stream>
  private let input: UnsafeMutableRawBufferPointer
  /// The memory as this process writes it.
  private let output: UnsafeMutableRawBufferPointer
  private var position: Int
  private let end: Int
  private var done = 0
  private var checksum: UInt32 = 0
  private var isOver = false
  private let isSmall: Bool

  /// Up to here a member is unpacked at once, by the library that is twice as fast and knows no halves.
  private static let smallBytes = 64 << 20
  private static let piece = 256 << 10

  init(
    _ source: DiskFile, _ start: Int, _ member: ZIPArchive.Member, format: String, limits: ReadLimits
  ) throws(FileRefusal) {
    let descriptor = linux_memory("unpacked")
    guard descriptor >= 0 else { throw DiskFile.refusal(errno) }
    memory = DiskFile(adopting: descriptor, size: member.bytes)
    let room = max(1, member.bytes)
    guard ftruncate(descriptor, room) == 0,
      let address = mmap(nil, room, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), address != MAP_FAILED
    else { throw FileRefusal(.tooLarge, "\(format): no memory to unpack \(member.bytes) bytes") }
    output = UnsafeMutableRawBufferPointer(start: address, count: room)
    input = .allocate(byteCount: 64 << 10, alignment: 64)
    // The library remembers where its stream is, so it must never move.
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    self.source = source
    self.format = format
    self.member = member
    isSmall = member.bytes <= min(Self.smallBytes, limits.frameBytes / 16)
    position = start
    end = start + member.packedBytes
    guard zlib_begin_raw(stream) == Z_OK else {
      throw FileRefusal(.tooLarge, "\(format): no memory to unpack \(member.bytes) bytes")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deinitialize(count: 1)
    stream.deallocate()
    input.deallocate()
    munmap(output.baseAddress, output.count)
  }

  /// The last bytes count only once the stream has ended there and the checksum agrees.
  func advance(to count: Int) throws(FileRefusal) {
    if isSmall && !isOver { return try unpackAll() }
    while !isOver, done < count || count == member.bytes {
      // The last bits may be in the library already.
      if stream.pointee.avail_in == 0, position < end {
        let part = UnsafeMutableRawBufferPointer(rebasing: input[..<min(input.count, end - position)])
        try source.fill(part, at: position, "\(format): a member")
        position += part.count
        stream.pointee.next_in = part.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(part.count)
      }
      // A piece at a time, so that the checksum finds it in the cache. Behind the last byte there is room for
      // none: a stream that goes on there makes no progress, which is an error.
      let piece = UnsafeMutableRawBufferPointer(rebasing: output[done..<min(member.bytes, done + Self.piece)])
      stream.pointee.next_out = piece.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = UInt32(piece.count)
      let result = inflate(stream, Z_NO_FLUSH)
      let made = piece.count - Int(stream.pointee.avail_out)
      guard result == Z_OK || result == Z_STREAM_END else { throw damaged() }
      checksum = libdeflate_crc32(checksum, piece.baseAddress, made)
      done += made
      guard result == Z_STREAM_END else { continue }
      guard done == member.bytes, position == end, stream.pointee.avail_in == 0,
        checksum == member.checksum
      else { throw damaged() }
      isOver = true
    }
  }

  private func unpackAll() throws(FileRefusal) {
    guard end - position <= Inflater.mostPacked(member.bytes), let inflater = Inflater() else {
      throw damaged()
    }
    let packed = inflater.room(end - position)
    try source.fill(packed, at: position, "\(format): a member")
    let content = UnsafeMutableRawBufferPointer(rebasing: output[..<member.bytes])
    guard inflater.unpack(packed, into: content, .none) == packed.count,
      libdeflate_crc32(0, content.baseAddress, content.count) == member.checksum
    else { throw damaged() }
    isOver = true
  }

  private func damaged() -> FileRefusal {
    let name = CleanText.clean(member.name, limit: 60)
    return FileRefusal(
      .damaged, "\(format): \(name) cannot be unpacked, or does not agree with its checksum", offset: position
    )
  }
}
