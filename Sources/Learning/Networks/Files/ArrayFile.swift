import JSON
import System
import Arrays

/// The container of model files and checkpoints, little-endian:
///
///     "EWALDNET"           8 bytes
///     version              UInt32, 1
///     length of manifest   UInt32, in bytes
///     manifest             JSON, UTF-8
///     zeros                up to a multiple of 64
///     data                 the arrays, Float32, last index fastest, each at its offset
///
/// The manifest has an object for its own kind of content, the list "arrays" (name, shape, and offset in bytes from
/// the start of the data, a multiple of 64), and "sha256", the digest of the data in hexadecimal. The arrays are
/// copied as they are: oneDNN's processors are little-endian.
package struct ArrayFile {
  package var content: [String: JSONValue]
  package var arrays: [String: Tensor]

  private static let magic = Array("EWALDNET".utf8)
  private static let alignment = 64
  private static let arrayLimit = 100_000

  package init(content: [String: JSONValue], arrays: [String: Tensor]) {
    self.content = content
    self.arrays = arrays
  }

  /// Arrays in the order of their names: equal contents are equal bytes.
  package func bytes() -> [UInt8] {
    var data: [UInt8] = []
    var list: [JSONValue] = []
    for (name, tensor) in arrays.sorted(by: { $0.key < $1.key }) {
      data += Array(repeating: 0, count: Self.padding(data.count))
      list.append(
        .object([
          "name": .text(name), "shape": .integers(tensor.shape), "offset": .integer(data.count),
        ]))
      tensor.values.withUnsafeBytes { data += $0 }
    }
    var manifest = content
    manifest["arrays"] = .list(list)
    manifest["sha256"] = .text(SHA256.hex(data))
    let text = JSONValue.object(manifest).bytes
    var bytes = Self.magic
    for number in [1, UInt32(text.count)] { withUnsafeBytes(of: number.littleEndian) { bytes += $0 } }
    bytes += text
    bytes += Array(repeating: 0, count: Self.padding(bytes.count))
    return bytes + data
  }

  package init(_ bytes: [UInt8], path: String) throws(NetworkError) {
    func damaged(_ reason: String) -> NetworkError { .file(path: path, reason: reason) }
    guard bytes.count >= 16, bytes.starts(with: Self.magic) else { throw damaged("not a network file") }
    let version = Self.number(bytes, at: 8)
    guard version == 1 else { throw damaged("version \(version) is not known") }
    let end = 16 + Self.number(bytes, at: 12)
    let start = end + Self.padding(end)
    guard start <= bytes.count, let manifest = try? JSONValue(bytes[16..<end]),
      case .object(let members) = manifest, let list = manifest["arrays"]?.items,
      list.count <= Self.arrayLimit
    else { throw damaged("the manifest is damaged") }
    var hash = SHA256()
    bytes.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    guard hash.hex() == manifest["sha256"]?.string else { throw damaged("the data is damaged (SHA-256)") }
    content = members
    arrays = [:]
    for item in list {
      guard let name = item["name"]?.string, let shape = item["shape"]?.ints,
        let offset = item["offset"]?.int, let count = Self.count(shape),
        offset >= 0, offset <= bytes.count - start, count <= (bytes.count - start - offset) / 4
      else { throw damaged("an array lies outside the file") }
      let values = [Float](unsafeUninitializedCapacity: count) { values, initialized in
        bytes.withUnsafeBytes { source in
          UnsafeMutableRawBufferPointer(values).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: source[(start + offset)..<(start + offset + 4 * count)]))
        }
        initialized = count
      }
      arrays[name] = Tensor(shape: shape, values: values)
    }
  }

  private static func padding(_ count: Int) -> Int { (alignment - count % alignment) % alignment }

  private static func number(_ bytes: [UInt8], at offset: Int) -> Int {
    (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }

  private static func count(_ shape: [Int]) -> Int? {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else { return nil }
      count = product
    }
    return count
  }
}
