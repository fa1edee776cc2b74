import CHDF5
import Diffraction

/// An array of the file. Nothing is read before its type, size, filters and place were looked at.
struct HDF5Dataset {
  let handle: HDF5Handle

  /// Sizes, slowest axis first.
  var shape: [Int] {
    guard let space = HDF5Handle(H5Dget_space(handle.id)) else { return [] }
    let rank = H5Sget_simple_extent_ndims(space.id)
    guard rank > 0, rank <= 32 else { return [] }
    var sizes = [hsize_t](repeating: 0, count: Int(rank))
    guard H5Sget_simple_extent_dims(space.id, &sizes, nil) == rank else { return [] }
    return sizes.map { Int(clamping: $0) }
  }

  /// The type of numbers; throws for anything that is not one.
  func sample() throws(FileRefusal) -> SampleType {
    guard let type = HDF5Handle(H5Dget_type(handle.id)) else {
      throw HDF5Library.refusal("data without a type")
    }
    let size = H5Tget_size(type.id)
    switch H5Tget_class(type.id) {
    case H5T_INTEGER:
      let isSigned = H5Tget_sign(type.id) == H5T_SGN_2
      switch (size, isSigned) {
      case (1, false): return .uint8
      case (1, true): return .int8
      case (2, false): return .uint16
      case (2, true): return .int16
      case (4, false): return .uint32
      case (4, true): return .int32
      case (8, false): return .uint64
      case (8, true): return .int64
      default: throw FileRefusal(.unsupported, "HDF5: whole numbers of \(size) bytes")
      }
    case H5T_FLOAT:
      switch size {
      case 2, 4: return .float32
      case 8: return .float64
      default: throw FileRefusal(.unsupported, "HDF5: floating-point numbers of \(size) bytes")
      }
    case H5T_COMPOUND: throw FileRefusal(.unsupported, "HDF5: compound values (colour or complex pixels)")
    case H5T_STRING: throw FileRefusal(.damaged, "HDF5: the data is text")
    default: throw FileRefusal(.unsupported, "HDF5: values that are not numbers")
    }
  }

  /// Refuses data that lies in other files, needs a filter that is not there, or is not written yet.
  func checkStorage(limits: ReadLimits) throws(FileRefusal) {
    guard let creation = HDF5Handle(H5Dget_create_plist(handle.id)) else {
      throw HDF5Library.refusal("data without a description")
    }
    guard H5Pget_external_count(creation.id) == 0 else {
      throw FileRefusal(
        .unsupported, "HDF5: the pixels lie in another file (external storage), which is not read")
    }
    let layout = H5Pget_layout(creation.id)
    guard layout != H5D_VIRTUAL else {
      throw FileRefusal(
        .unsupported, "HDF5: the pixels lie in other files (virtual dataset), which are not read")
    }
    for index in 0..<max(0, H5Pget_nfilters(creation.id)) {
      var flags: UInt32 = 0
      var count = 0
      let id = H5Pget_filter2(creation.id, UInt32(index), &flags, &count, nil, 0, nil, nil)
      guard id >= 0 else { throw HDF5Library.refusal("a filter that cannot be read") }
      guard H5Zfilter_avail(id) > 0 else {
        let name = Self.filterNames[Int(id)].map { " (\($0))" } ?? ""
        throw FileRefusal(.unsupported, "HDF5: the pixels need filter \(id)\(name), which is not installed")
      }
    }
    if layout == H5D_CHUNKED {
      var sizes = [hsize_t](repeating: 0, count: 32)
      let rank = H5Pget_chunk(creation.id, 32, &sizes)
      var bytes = 8
      for size in sizes.prefix(Int(max(0, rank))) {
        guard let next = checkedProduct(bytes, Int(clamping: size)) else {
          throw FileRefusal(.tooLarge, "HDF5: chunks beyond any memory")
        }
        bytes = next
      }
      guard rank > 0, bytes <= limits.frameBytes else {
        throw FileRefusal(.tooLarge, "HDF5: chunks of \(bytes) bytes")
      }
    }
    guard H5Dget_storage_size(handle.id) > 0 else {
      throw FileRefusal(.truncated, "HDF5: no pixels are written yet")
    }
  }

  /// Whether every chunk is there; a file that is being written lacks the later ones.
  var isWhole: Bool {
    guard let creation = HDF5Handle(H5Dget_create_plist(handle.id)),
      H5Pget_layout(creation.id) == H5D_CHUNKED,
      let space = HDF5Handle(H5Dget_space(handle.id))
    else { return true }
    var sizes = [hsize_t](repeating: 0, count: 32)
    let rank = Int(max(0, H5Pget_chunk(creation.id, 32, &sizes)))
    var wanted = 1
    for (extent, chunk) in zip(shape, sizes.prefix(rank)) {
      guard chunk > 0, let next = checkedProduct(wanted, (extent - 1) / Int(clamping: chunk) + 1) else {
        return false
      }
      wanted = next
    }
    var present: hsize_t = 0
    guard H5Dget_num_chunks(handle.id, space.id, &present) >= 0 else { return false }
    return present >= UInt64(wanted)
  }

  /// Reads a block into `bytes`, as numbers of `sample` in host order.
  func read(
    from start: [Int], count: [Int], as sample: SampleType, into bytes: UnsafeMutableRawBufferPointer
  ) throws(FileRefusal) {
    let total = count.reduce(1, *)
    precondition(bytes.count >= total * sample.byteCount, "room for the whole block")
    guard let file = HDF5Handle(H5Dget_space(handle.id)) else {
      throw HDF5Library.refusal("data without sizes")
    }
    let offsets = start.map { hsize_t($0) }
    let sizes = count.map { hsize_t($0) }
    guard H5Sselect_hyperslab(file.id, H5S_SELECT_SET, offsets, nil, sizes, nil) >= 0,
      // Of the same shape as the selection: only then does the library copy rows and not single values.
      let memory = HDF5Handle(H5Screate_simple(Int32(sizes.count), sizes, nil))
    else { throw HDF5Library.refusal("the pattern cannot be chosen") }
    guard H5Dread(handle.id, native(sample), memory.id, file.id, h5_default, bytes.baseAddress) >= 0 else {
      throw HDF5Library.refusal("the pixels cannot be read")
    }
  }

  /// The library's name for numbers of this type in memory.
  func native(_ sample: SampleType) -> hid_t {
    let isSigned = [.int8, .int16, .int32, .int64].contains(sample)
    return h5_native(sample.isFloat ? 1 : 0, isSigned ? 1 : 0, sample.byteCount)
  }

  /// A one-dimensional dataset of numbers: its first `limit` values.
  func numbers(limit: Int) throws(FileRefusal) -> [Double] {
    guard shape.count == 1, let size = shape.first, size > 0, (try? sample()) != nil else { return [] }
    var values = [Double](repeating: 0, count: min(limit, size))
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: values.count * 8, alignment: 16)
    defer { memory.deallocate() }
    try read(from: [0], count: [values.count], as: .float64, into: memory)
    for index in values.indices { values[index] = memory.load(fromByteOffset: 8 * index, as: Double.self) }
    return values
  }

  var attributes: HDF5Attributes { HDF5Attributes(owner: handle) }

  private static let filterNames = [
    305: "LZO", 307: "bzip2", 32000: "LZF", 32001: "Blosc", 32002: "MAFISC", 32003: "Snappy", 32004: "LZ4",
    32008: "bitshuffle", 32013: "ZFP", 32015: "zstd", 32017: "SZ", 32026: "Blosc2",
  ]
}
