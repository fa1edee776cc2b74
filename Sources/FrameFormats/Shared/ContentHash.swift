import System
import Diffraction
import Glibc

/// Tells whether two files hold the same: size, SHA-256 of the first and last 64 KiB, and SHA-256 of the
/// whole where that is at most 64 MiB (larger ones would take seconds on a network share).
package func contentHash(ofFile path: String) throws(FileRefusal) -> String {
  let file = try DiskFile(path: path)
  var hash = SHA256()
  hash.update(withUnsafeBytes(of: UInt64(file.size).littleEndian) { Array($0) })
  let piece = 64 << 10
  hash.update(try file.bytes(at: 0, upTo: piece))
  hash.update(try file.bytes(at: max(0, file.size - piece), upTo: piece))
  if file.size <= 64 << 20 {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    var offset = 0
    while true {
      let count = try file.read(into: buffer, at: offset)
      guard count > 0 else { break }
      hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      offset += count
    }
  }
  return String(hash.hex().prefix(32))
}
