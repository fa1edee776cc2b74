/// Byte order of whole images.
package enum SampleBytes {
  /// Reverses the bytes of every sample of `width` bytes.
  package static func swap(_ bytes: UnsafeMutableRawBufferPointer, width: Int) {
    switch width {
    case 2: swap(bytes.bindMemory(to: UInt16.self))
    case 4: swap(bytes.bindMemory(to: UInt32.self))
    case 8: swap(bytes.bindMemory(to: UInt64.self))
    default: break
    }
  }

  private static func swap<T: FixedWidthInteger>(_ values: UnsafeMutableBufferPointer<T>) {
    for index in values.indices { values[index] = values[index].byteSwapped }
  }
}
