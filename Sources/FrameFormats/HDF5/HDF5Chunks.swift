import CHDF5
import Diffraction

/// The chunks of an array that was compressed with deflate, alone or after a shuffle, as HyperSpy writes it.
/// They are fetched as stored and unpacked here: libdeflate takes half the time of the library's own filter.
/// Everything else (other filters, other types) is left to the library.
///
/// To be made, asked and let go inside a visit.
final class HDF5Chunks {
  private let dataset: HDF5Dataset
  private let shape: [Int]
  /// Sizes of a chunk, and how many there are along each axis.
  private let chunk: [Int]
  private let grid: [Int]
  private let elementBytes: Int
  private let chunkBytes: Int
  /// Places of the filters in the order of writing: a bit of a chunk's mask says that one was left out.
  private let shuffle: Int?
  private let deflate: Int
  private let inflater: Inflater
  private var spare = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  /// A chunk is shared by neighbouring patterns: those of a whole line of a scan are kept, oldest out first.
  private var slots: [UnsafeMutableRawBufferPointer] = []
  private var holders: [Int] = []
  private var slotOf: [Int: Int] = [:]
  private var oldest = 0
  private let capacity: Int

  private static let cacheBytes = 128 << 20
  private static let largestChunk = 32 << 20

  /// `nil` where the library has to do it.
  init?(_ dataset: HDF5Dataset, sample: SampleType) {
    let shape = dataset.shape
    guard let creation = HDF5Handle(H5Dget_create_plist(dataset.handle.id)),
      H5Pget_layout(creation.id) == H5D_CHUNKED,
      let filters = Self.filters(creation, elementBytes: sample.byteCount),
      Self.isNative(dataset, sample)
    else { return nil }
    var options: UInt32 = 0
    var sizes = [hsize_t](repeating: 0, count: 32)
    guard H5Pget_chunk_opts(creation.id, &options) >= 0, options == 0, shape.count >= 2,
      Int(H5Pget_chunk(creation.id, 32, &sizes)) == shape.count
    else { return nil }
    let chunk = sizes.prefix(shape.count).map { Int(clamping: $0) }
    guard chunk.allSatisfy({ $0 > 0 }),
      let bytes = chunk.reduce(
        Optional(sample.byteCount), { bytes, size in bytes.flatMap { checkedProduct($0, size) } }),
      bytes <= Self.largestChunk, let inflater = Inflater()
    else { return nil }
    let grid = zip(shape, chunk).map { ($0 - 1) / $1 + 1 }
    self.dataset = dataset
    self.shape = shape
    self.chunk = chunk
    self.grid = grid
    elementBytes = sample.byteCount
    chunkBytes = bytes
    (shuffle, deflate) = filters
    self.inflater = inflater
    let line = grid.dropFirst().reduce(1) { min(1 << 30, $0 * min($1, 1 << 30)) }
    capacity = max(1, min(line, Self.cacheBytes / bytes))
  }

  deinit { forget() }

  /// Gives the memory back; the next pattern is unpacked anew.
  func forget() {
    inflater.forget()
    spare.deallocate()
    spare = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    for slot in slots { slot.deallocate() }
    slots = []
    holders = []
    slotOf = [:]
    oldest = 0
  }

  private static func filters(_ creation: HDF5Handle, elementBytes: Int) -> (shuffle: Int?, deflate: Int)? {
    var found: [Int32] = []
    for index in 0..<max(0, H5Pget_nfilters(creation.id)) {
      var flags: UInt32 = 0
      var count = 4
      var values: [UInt32] = [0, 0, 0, 0]
      let id = H5Pget_filter2(creation.id, UInt32(index), &flags, &count, &values, 0, nil, nil)
      // The shuffle says of how many bytes an element is.
      if id == H5Z_FILTER_SHUFFLE, count < 1 || Int(values[0]) != elementBytes { return nil }
      found.append(id)
    }
    switch found {
    case [H5Z_FILTER_DEFLATE]: return (nil, 0)
    case [H5Z_FILTER_SHUFFLE, H5Z_FILTER_DEFLATE]: return (0, 1)
    default: return nil
    }
  }

  private static func isNative(_ dataset: HDF5Dataset, _ sample: SampleType) -> Bool {
    guard let type = HDF5Handle(H5Dget_type(dataset.handle.id)) else { return false }
    return H5Tequal(type.id, dataset.native(sample)) > 0
  }

  /// The pattern at `start`, whose last two numbers are 0: all rows and columns.
  func read(at start: [Int], into bytes: UnsafeMutableRawBufferPointer) throws(FileRefusal) {
    let rank = shape.count
    let (height, width) = (shape[rank - 2], shape[rank - 1])
    let (rows, columns) = (chunk[rank - 2], chunk[rank - 1])
    // Which chunk along the axes of the scan, and which pattern inside it.
    var block = 0
    var pattern = 0
    for axis in 0..<(rank - 2) {
      block = block * grid[axis] + start[axis] / chunk[axis]
      pattern = pattern * chunk[axis] + start[axis] % chunk[axis]
    }
    let rowBytes = columns * elementBytes
    for across in 0..<grid[rank - 2] {
      for along in 0..<grid[rank - 1] {
        let index = (block * grid[rank - 2] + across) * grid[rank - 1] + along
        let content = try content(of: index)
        let count = min(columns, width - along * columns) * elementBytes
        for row in 0..<min(rows, height - across * rows) {
          let source = (pattern * rows + row) * rowBytes
          let target = ((across * rows + row) * width + along * columns) * elementBytes
          UnsafeMutableRawBufferPointer(rebasing: bytes[target..<(target + count)])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: content[source..<(source + count)]))
        }
      }
    }
  }

  private func content(of index: Int) throws(FileRefusal) -> UnsafeMutableRawBufferPointer {
    if let slot = slotOf[index] { return slots[slot] }
    let slot: Int
    if slots.count < capacity {
      slot = slots.count
      slots.append(.allocate(byteCount: chunkBytes, alignment: 64))
      holders.append(-1)
    } else {
      slot = oldest
      oldest = (oldest + 1) % capacity
      slotOf[holders[slot]] = nil
      holders[slot] = -1
    }
    try unpack(index, into: slots[slot])
    holders[slot] = index
    slotOf[index] = slot
    return slots[slot]
  }

  private func unpack(_ index: Int, into target: UnsafeMutableRawBufferPointer) throws(FileRefusal) {
    var offset = [hsize_t](repeating: 0, count: shape.count)
    var rest = index
    for axis in shape.indices.reversed() {
      offset[axis] = hsize_t(rest % grid[axis] * chunk[axis])
      rest /= grid[axis]
    }
    var stored: hsize_t = 0
    guard H5Dget_chunk_storage_size(dataset.handle.id, offset, &stored) >= 0, stored > 0 else {
      throw FileRefusal(.truncated, "HDF5: a chunk of the pixels is not written yet")
    }
    guard stored <= UInt64(Inflater.mostPacked(chunkBytes)) else {
      throw FileRefusal(.damaged, "HDF5: a chunk of \(stored) bytes for \(chunkBytes) bytes of pixels")
    }
    let packed = inflater.room(Int(stored))
    var mask: UInt32 = 0
    guard H5Dread_chunk(dataset.handle.id, h5_default, offset, &mask, packed.baseAddress) >= 0 else {
      throw HDF5Library.refusal("the pixels cannot be read")
    }
    let isShuffled = shuffle.map { mask >> UInt32($0) & 1 == 0 } ?? false
    var plain = target
    if isShuffled && elementBytes > 1 {
      if spare.count == 0 { spare = .allocate(byteCount: chunkBytes, alignment: 64) }
      plain = spare
    }
    if mask >> UInt32(deflate) & 1 == 1 {
      guard packed.count == chunkBytes else {
        throw FileRefusal(.damaged, "HDF5: a chunk of \(stored) bytes for \(chunkBytes) bytes of pixels")
      }
      plain.copyMemory(from: UnsafeRawBufferPointer(packed))
    } else {
      guard inflater.unpack(packed, into: plain, .zlib) != nil else {
        throw FileRefusal(.damaged, "HDF5: the pixels cannot be unpacked")
      }
    }
    if isShuffled && elementBytes > 1 {
      Shuffle.undo(UnsafeRawBufferPointer(plain), elementBytes, into: target)
    }
  }
}

/// The shuffle filter stores the first bytes of all elements, then the second bytes of all, and so on.
enum Shuffle {
  static func undo(
    _ source: UnsafeRawBufferPointer, _ elementBytes: Int, into target: UnsafeMutableRawBufferPointer
  ) {
    let count = source.count / elementBytes
    guard let planes = source.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
    switch elementBytes {
    case 2:
      let values = target.assumingMemoryBound(to: UInt16.self)
      for i in 0..<count {
        let value =
          UInt16(truncatingIfNeeded: planes[i]) | UInt16(truncatingIfNeeded: planes[count &+ i]) &<< 8
        values[i] = UInt16(littleEndian: value)
      }
    case 4:
      let values = target.assumingMemoryBound(to: UInt32.self)
      for i in 0..<count {
        let low = UInt32(truncatingIfNeeded: planes[i]) | UInt32(truncatingIfNeeded: planes[count &+ i]) &<< 8
        let high =
          UInt32(truncatingIfNeeded: planes[2 &* count &+ i])
          | UInt32(truncatingIfNeeded: planes[3 &* count &+ i]) &<< 8
        values[i] = UInt32(littleEndian: low | high &<< 16)
      }
    default:
      for byte in 0..<elementBytes {
        for i in 0..<count { target[i &* elementBytes &+ byte] = planes[byte &* count &+ i] }
      }
    }
  }
}
