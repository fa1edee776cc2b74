/// Owns the bytes of an image. They are written once, before the image exists, and never again:
/// that is what makes sharing them between threads safe.
public final class PixelStorage: @unchecked Sendable {
  public let bytes: UnsafeRawBufferPointer
  private let release: @Sendable () -> Void

  public var byteCount: Int { bytes.count }

  /// Allocates `byteCount` bytes and lets `fill` write them.
  public init<E: Error>(
    byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void
  ) throws(E) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
    do {
      try fill(memory)
    } catch {
      memory.deallocate()
      throw error
    }
    bytes = UnsafeRawBufferPointer(memory)
    let address = UInt(bitPattern: memory.baseAddress)
    release = { UnsafeMutableRawPointer(bitPattern: address)?.deallocate() }
  }

  /// Adopts memory that someone else made (a mapping, say); `release` gives it back.
  public init(adopting bytes: UnsafeRawBufferPointer, release: @escaping @Sendable () -> Void) {
    self.bytes = bytes
    self.release = release
  }

  deinit { release() }
}
