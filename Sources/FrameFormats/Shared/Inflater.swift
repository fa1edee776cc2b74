import CDeflate

/// Unpacks what deflate packed in one piece: libdeflate takes half the time of zlib.
final class Inflater {
  /// What lies around the packed bytes.
  enum Wrapping { case none, zlib }

  private let decompressor: OpaquePointer
  private var buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  /// `nil` without memory.
  init?() {
    guard let decompressor = libdeflate_alloc_decompressor() else { return nil }
    self.decompressor = decompressor
  }

  deinit {
    libdeflate_free_decompressor(decompressor)
    buffer.deallocate()
  }

  /// Deflate never adds more than a few bytes to what it cannot pack: a longer claim is a lie.
  static func mostPacked(_ bytes: Int) -> Int { bytes + bytes / 64 + 4096 }

  /// Memory to fetch packed bytes into, good until it is asked for again.
  func room(_ count: Int) -> UnsafeMutableRawBufferPointer {
    if buffer.count < count {
      forget()
      buffer = .allocate(byteCount: count, alignment: 64)
    }
    return UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
  }

  /// Gives that memory back.
  func forget() {
    buffer.deallocate()
    buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  }

  /// Fills `target` exactly and tells how many of the packed bytes that took; `nil` where they are damaged.
  func unpack(
    _ packed: UnsafeMutableRawBufferPointer, into target: UnsafeMutableRawBufferPointer, _ wrapping: Wrapping
  ) -> Int? {
    var (used, made) = (0, 0)
    let unpack =
      wrapping == .zlib ? libdeflate_zlib_decompress_ex : libdeflate_deflate_decompress_ex
    let result = unpack(
      decompressor, packed.baseAddress, packed.count, target.baseAddress, target.count, &used, &made)
    return result == LIBDEFLATE_SUCCESS && made == target.count ? used : nil
  }
}
