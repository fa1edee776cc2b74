import CLinux
import Glibc

/// Memory that another process may look at: sealed, so that it can neither change nor become shorter under a
/// reader.
package final class SealedMemory: Sendable {
  let descriptor: Int32
  let byteCount: Int

  /// Copies the pieces one after the other, each at a place that `place` gives. Fails where there is no memory.
  init?(byteCount: Int, write: (_ put: (_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Bool) -> Bool) {
    let memory = linux_memory("ewald")
    guard memory >= 0 else { return nil }
    // Written, not mapped: where no page is left, a write fails and a mapping is the end of the process.
    let isWhole =
      ftruncate(memory, byteCount) == 0
      && write { bytes, offset in
        var done = 0
        while done < bytes.count {
          let count = pwrite(memory, bytes.baseAddress.map { $0 + done }, bytes.count - done, offset + done)
          if count > 0 { done += count } else if errno != EINTR { return false }
        }
        return true
      }
    guard isWhole, linux_seal(memory) == 0 else {
      close(memory)
      return nil
    }
    descriptor = memory
    self.byteCount = byteCount
  }

  /// Takes what came from the other process; nothing but sealed memory is believed.
  init?(adopting descriptor: Int32) {
    var status = stat()
    guard linux_is_sealed(descriptor) != 0, fstat(descriptor, &status) == 0, status.st_size >= 0 else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
    byteCount = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// The memory, to be read for as long as the mapping is held.
  func map() -> Mapping? { Mapping(self) }

  final class Mapping: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer

    fileprivate init?(_ memory: SealedMemory) {
      guard memory.byteCount > 0,
        let address = mmap(
          nil, memory.byteCount, PROT_READ, MAP_SHARED | Int32(MAP_POPULATE), memory.descriptor, 0),
        address != MAP_FAILED
      else { return nil }
      bytes = UnsafeRawBufferPointer(start: address, count: memory.byteCount)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
  }
}
