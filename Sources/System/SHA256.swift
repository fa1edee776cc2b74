import COpenSSL

/// SHA-256 (FIPS 180-4), fed piece by piece: the identity of files, of weights and of session files. The work
/// is libcrypto's, which has code for the instructions that processors offer for it.
package struct SHA256: Sendable {
  private var context = Context()

  package init() {}

  package static func hex(_ bytes: some Sequence<UInt8>) -> String {
    var hash = SHA256()
    if bytes.withContiguousStorageIfAvailable({ hash.update(UnsafeRawBufferPointer($0)) }) == nil {
      hash.update(Array(bytes))
    }
    return hash.hex()
  }

  /// Of a regular file's bytes, read in pieces.
  package static func hex(ofFile path: String) throws(SystemError) -> String {
    var hash = SHA256()
    let file = try ReadableFile(path)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    while case let count = try file.read(into: buffer), count > 0 {
      hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
    return hash.hex()
  }

  package mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    if !isKnownUniquelyReferenced(&context) { context = Context(context) }
    context.update(bytes)
  }

  /// The digest of everything so far; more may follow.
  package func hex() -> String {
    let digits = Array("0123456789abcdef".utf8)
    let text = Context(context).digest().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }
}

/// libcrypto's state of a digest. Only the one value that holds it alone changes it: hence `Sendable`.
private final class Context: @unchecked Sendable {
  private let pointer: OpaquePointer

  init() {
    pointer = Self.empty()
    Self.check(EVP_DigestInit_ex(pointer, EVP_sha256(), nil))
  }

  init(_ other: Context) {
    pointer = Self.empty()
    Self.check(EVP_MD_CTX_copy_ex(pointer, other.pointer))
  }

  deinit { EVP_MD_CTX_free(pointer) }

  func update(_ bytes: UnsafeRawBufferPointer) {
    Self.check(EVP_DigestUpdate(pointer, bytes.baseAddress, bytes.count))
  }

  func digest() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
      Self.check(EVP_DigestFinal_ex(pointer, buffer.baseAddress, nil))
      count = 32
    }
  }

  private static func empty() -> OpaquePointer {
    guard let pointer = EVP_MD_CTX_new() else { preconditionFailure("no memory for a digest") }
    return pointer
  }

  /// No bytes make SHA-256 fail: what does is a libcrypto without it, or no memory.
  private static func check(_ result: Int32) { precondition(result == 1, "libcrypto cannot compute SHA-256") }
}
