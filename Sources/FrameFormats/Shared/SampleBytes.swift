/// Byte order and row order of whole images.
package enum SampleBytes {
  /// Reverses the bytes of every sample of `width` bytes.
  package static func swap(_ bytes: UnsafeMutableRawBufferPointer, width: Int) {
    switch width {
    case 2: swap(bytes, as: UInt16.self)
    case 4: swap(bytes, as: UInt32.self)
    case 8: swap(bytes, as: UInt64.self)
    default: break
    }
  }

  private static func swap<T: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeMutableRawBufferPointer, as type: T.Type
  ) {
    let values = bytes.assumingMemoryBound(to: T.self)
    for index in values.indices { values[index] = values[index].byteSwapped }
  }

  /// Turns the image upside down.
  package static func flip(_ bytes: UnsafeMutableRawBufferPointer, rowBytes: Int) {
    let rows = rowBytes > 0 ? bytes.count / rowBytes : 0
    withUnsafeTemporaryAllocation(byteCount: max(rowBytes, 1), alignment: 16) { spare in
      let spare = UnsafeMutableRawBufferPointer(rebasing: spare[..<rowBytes])
      for row in 0..<(rows / 2) {
        let upper = UnsafeMutableRawBufferPointer(rebasing: bytes[(row * rowBytes)..<((row + 1) * rowBytes)])
        let start = (rows - 1 - row) * rowBytes
        let lower = UnsafeMutableRawBufferPointer(rebasing: bytes[start..<(start + rowBytes)])
        spare.copyMemory(from: UnsafeRawBufferPointer(upper))
        upper.copyMemory(from: UnsafeRawBufferPointer(lower))
        lower.copyMemory(from: UnsafeRawBufferPointer(spare))
      }
    }
  }
}
