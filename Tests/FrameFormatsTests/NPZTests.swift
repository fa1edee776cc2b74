// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry

import Diffraction
import Foundation
import FrameFormats
import Testing

/// Archives of arrays that no fixture reaches; the hostile ones are among the fixtures.
@Suite struct NPZTests {
  @Test func `The largest array is taken, and the others are named in a warning`() throws {
    let small = TinyNPY(shape: [2, 2], values: [1, 2, 3, 4])
    let large = TinyNPY(shape: [2, 3], values: [5, 6, 7, 8, 9, 10])
    let zip = TinyZIP([("small.npy", small.bytes), ("large.npy", large.bytes), ("note.txt", [65])])
    let scratch = Scratch()
    let source = try FormatList.open(path: scratch.file("x.npz", zip.bytes))
    #expect(source.summary.format == "NPZ")
    #expect(source.summary.warnings == ["2 images in the archive: the largest (large) is taken"])
    #expect(try source.frame(at: 0).pixels.doubles() == [5, 6, 7, 8, 9, 10])
  }

  @Test func `Deflated and stored members give the same frames in any order`() throws {
    let values = (0..<240).map { UInt8(truncatingIfNeeded: $0 * $0) }
    let array = TinyNPY(shape: [6, 5, 8], values: values)
    let scratch = Scratch()
    // Where little memory may be used, a deflated member is unpacked piece by piece.
    for (isDeflated, frameBytes) in [(false, 1 << 30), (true, 1 << 30), (true, 1600)] {
      let zip = TinyZIP([("data.npy", array.bytes)], isDeflated: isDeflated)
      let source = try FormatList.open(
        path: scratch.file("x.npz", zip.bytes), limits: ReadLimits(frameBytes: frameBytes))
      #expect(source.summary.frames == 6 && source.summary.scan == nil)
      for index in [4, 0, 5, 2] {
        #expect(bytes(try source.frame(at: index).pixels) == Array(values[(40 * index)..<(40 * index + 40)]))
      }
    }
  }

  @Test func `A scan unpacked piece by piece is the scan unpacked at once`() throws {
    let path = Reference.path("same_scan/scan_deflated.npz")
    let source = try FormatList.open(path: path, limits: ReadLimits(frameBytes: 40_000))
    let wanted = sameScan(of: Float.self)
    for index in [0, 20, 3, 34] { #expect(bytes(try source.frame(at: index).pixels) == wanted[index]) }
  }

  @Test(arguments: [1 << 30, 1600])
  func `Deflated members that are damaged anywhere are refused or give the right pixels`(frameBytes: Int)
    throws
  {
    let values = (0..<60).map { UInt8($0) }
    let zip = TinyZIP([("d.npy", TinyNPY(shape: [6, 10], values: values).bytes)], isDeflated: true).bytes
    let scratch = Scratch()
    for position in zip.indices {
      var damaged = zip
      damaged[position] ^= 0x21
      let path = scratch.file("x.npz", damaged)
      guard
        let source = try? FormatList.open(path: path, limits: ReadLimits(frameBytes: frameBytes)),
        let frame = try? source.frame(at: 0)
      else { continue }
      #expect(bytes(frame.pixels) == values, "byte \(position)")
    }
  }

  @Test func `An archive whose sizes need 64 bits is read`() throws {
    let array = TinyNPY(shape: [2, 2], values: [1, 2, 3, 4])
    let zip = TinyZIP([("data.npy", array.bytes)], isWide: true)
    let scratch = Scratch()
    let source = try FormatList.open(path: scratch.file("x.npz", zip.bytes))
    #expect(try source.frame(at: 0).pixels.doubles() == [1, 2, 3, 4])
  }

  @Test func `The first member tells an archive of arrays from other archives`() throws {
    let scratch = Scratch()
    let array = TinyNPY(shape: [2, 2], values: [1, 2, 3, 4])
    let named = try FormatList.open(path: scratch.file("x.dat", TinyZIP([("a.npy", array.bytes)]).bytes))
    #expect(named.summary.format == "NPZ")
    #expect {
      try FormatList.open(path: scratch.file("y.dat", TinyZIP([("a.txt", array.bytes)]).bytes))
    } throws: {
      ($0 as? FileRefusal)?.reason == "the file holds a ZIP archive"
    }
  }

  @Test func `An archive that is being written waits for its end`() throws {
    let zip = TinyZIP([("data.npy", TinyNPY(shape: [2, 2], values: [1, 2, 3, 4]).bytes)])
    let scratch = Scratch()
    for count in [60, 150, zip.bytes.count - 1] {
      #expect {
        try FormatList.open(path: scratch.file("x.npz", zip.bytes.prefix(count)))
      } throws: {
        ($0 as? FileRefusal)?.kind == .truncated
      }
    }
  }

  @Test func `A bomb is refused for its size before it unfolds`() throws {
    // Deflate could make 600 MB of zeros from so little.
    let packed = [UInt8](repeating: 0, count: 600_000)
    let scratch = Scratch()
    var zip = TinyZIP([("data.npy", packed)])
    zip.claim(method: 8, bytes: 600_000_000)
    let baseline = Memory.startPeak()
    #expect {
      try FormatList.open(path: scratch.file("bomb.npz", zip.bytes))
    } throws: {
      ($0 as? FileRefusal)?.kind == .tooLarge
    }
    #expect(Memory.peak() - baseline <= 64 << 20)
  }
}

/// An array of bytes.
struct TinyNPY {
  var bytes: [UInt8]

  init(shape: [Int], values: [UInt8]) {
    let list = shape.map(String.init).joined(separator: ", ")
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (\(list),), }"
    bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + values
  }
}

/// An archive; deflated members consist of blocks without compression.
struct TinyZIP {
  var bytes: [UInt8] = []
  private var directory = 0

  init(_ members: [(name: String, bytes: [UInt8])], isDeflated: Bool = false, isWide: Bool = false) {
    var entries: [UInt8] = []
    for member in members {
      let packed = isDeflated ? Self.deflate(member.bytes) : member.bytes
      let method = isDeflated ? 8 : 0
      let offset = bytes.count
      let name = Array(member.name.utf8)
      let crc = Self.little(Self.checksum(member.bytes), 4)
      let sizes = [packed.count, member.bytes.count]
      let common: [UInt8] =
        Self.little(0, 2) + Self.little(method, 2) + Self.little(0, 4) + crc
        + sizes.flatMap { Self.little(isWide ? 0xFFFF_FFFF : $0, 4) } + Self.little(name.count, 2)
      let long: [UInt8] = isWide ? sizes.reversed().flatMap { Self.little($0, 8) } : []
      let place: [UInt8] = isWide ? Self.little(offset, 8) : []
      func extra(_ body: [UInt8]) -> [UInt8] {
        isWide ? Self.little(1, 2) + Self.little(body.count, 2) + body : []
      }
      bytes += Self.little(0x0403_4B50, 4) + Self.little(20, 2) + common
      bytes += Self.little(extra(long).count, 2) + name + extra(long) + packed
      entries += Self.little(0x0201_4B50, 4) + Self.little(20, 2) + Self.little(20, 2) + common
      entries += Self.little(extra(long + place).count, 2) + Self.little(0, 2 + 2 + 2 + 4)
      entries += Self.little(isWide ? 0xFFFF_FFFF : offset, 4) + name + extra(long + place)
    }
    directory = bytes.count
    bytes += entries
    if isWide {
      let record = bytes.count
      bytes += Self.little(0x0606_4B50, 4) + Self.little(44, 8) + Self.little(0, 4) + Self.little(0, 8)
      bytes += Self.little(members.count, 8) + Self.little(members.count, 8)
      bytes += Self.little(entries.count, 8) + Self.little(directory, 8)
      bytes += Self.little(0x0706_4B50, 4) + Self.little(0, 4) + Self.little(record, 8) + Self.little(1, 4)
    }
    bytes += Self.little(0x0605_4B50, 4) + Self.little(0, 4)
    bytes += Self.little(members.count, 2) + Self.little(members.count, 2)
    bytes += Self.little(isWide ? 0xFFFF_FFFF : entries.count, 4)
    bytes += Self.little(isWide ? 0xFFFF_FFFF : directory, 4) + Self.little(0, 2)
  }

  /// Changes what both headers say of the first member.
  mutating func claim(method: Int, bytes size: Int) {
    bytes.replaceSubrange(8..<10, with: Self.little(method, 2))
    bytes.replaceSubrange((directory + 10)..<(directory + 12), with: Self.little(method, 2))
    bytes.replaceSubrange((directory + 24)..<(directory + 28), with: Self.little(size, 4))
  }

  private static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 }
  }

  private static func deflate(_ bytes: [UInt8]) -> [UInt8] {
    var packed: [UInt8] = []
    var rest = bytes[...]
    repeat {
      let block = rest.prefix(100)
      rest = rest.dropFirst(100)
      packed += [rest.isEmpty ? 1 : 0] + little(block.count, 2) + little(~block.count, 2) + block
    } while !rest.isEmpty
    return packed
  }

  static func checksum(_ bytes: [UInt8]) -> Int {
    var crc: UInt32 = .max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
    }
    return Int(~crc)
  }
}
