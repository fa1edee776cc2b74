import COneDNN

/// Dimensions of an array of floats and the order of its values in memory.
struct TensorLayout: Equatable {
  var descriptor: dnnl_memory_desc_t

  init(_ descriptor: dnnl_memory_desc_t) { self.descriptor = descriptor }

  /// Row after row.
  init(plain dimensions: [Int]) throws(NetworkError) {
    var strides = Array(repeating: 1, count: dimensions.count)
    for axis in (0..<dimensions.count).dropLast().reversed() {
      strides[axis] = strides[axis + 1] * dimensions[axis + 1]
    }
    try self.init(dimensions, strides: strides)
  }

  init(_ dimensions: [Int], strides: [Int]) throws(NetworkError) {
    descriptor = dnnl_memory_desc_t()
    let status = dnnl_memory_desc_init_by_strides(
      &descriptor, Int32(dimensions.count), dimensions.map(Int64.init), dnnl_f32, strides.map(Int64.init))
    try check(status, "dnnl_memory_desc_init_by_strides", "\(dimensions) with strides \(strides)")
  }

  /// An order that the primitive may choose.
  init(any dimensions: [Int]) throws(NetworkError) {
    try self.init(dimensions, tag: dnnl_format_tag_any)
  }

  /// Channels (the second dimension) in blocks of 16.
  init(blocked dimensions: [Int]) throws(NetworkError) {
    try self.init(dimensions, tag: dimensions.count == 4 ? dnnl_nChw16c : dnnl_ab)
  }

  /// Channels last.
  init(channelsLast dimensions: [Int]) throws(NetworkError) {
    try self.init(dimensions, tag: dimensions.count == 4 ? dnnl_nhwc : dnnl_ab)
  }

  private init(_ dimensions: [Int], tag: dnnl_format_tag_t) throws(NetworkError) {
    descriptor = dnnl_memory_desc_t()
    let status = dnnl_memory_desc_init_by_tag(
      &descriptor, Int32(dimensions.count), dimensions.map(Int64.init), dnnl_f32, tag)
    try check(status, "dnnl_memory_desc_init_by_tag", "\(dimensions)")
  }

  /// For optional arguments.
  static let none = TensorLayout(dnnl_memory_desc_t())

  var byteCount: Int { odnn_byte_count(descriptor) }
  /// Values in memory, the padding of blocked channels included.
  var count: Int { byteCount / 4 }
  var isEmpty: Bool { descriptor.ndims == 0 }

  var dimensions: [Int] {
    withUnsafeBytes(of: descriptor.dims) { bytes in
      bytes.bindMemory(to: Int64.self).prefix(Int(descriptor.ndims)).map(Int.init)
    }
  }

  static func == (a: TensorLayout, b: TensorLayout) -> Bool { odnn_equal(a.descriptor, b.descriptor) != 0 }

  func isPlain() throws(NetworkError) -> Bool { self == (try TensorLayout(plain: dimensions)) }
}
