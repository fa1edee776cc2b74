/// A constant of an ONNX model.
struct ONNXTensor {
  enum Values {
    case floats([Float])
    case integers([Int])
  }

  var dimensions: [Int]
  var values: Values

  var floats: [Float] {
    switch values {
    case .floats(let values): values
    case .integers(let values): values.map(Float.init)
    }
  }

  var count: Int {
    switch values {
    case .floats(let values): values.count
    case .integers(let values): values.count
    }
  }

  var integers: [Int]? {
    if case .integers(let values) = values { return values }
    return nil
  }

  init(integers: [Int]) {
    dimensions = [integers.count]
    values = .integers(integers)
  }

  init(_ reader: ProtobufReader, name: inout String) throws(NetworkError) {
    var reader = reader
    var type = 0
    dimensions = []
    var raw: Range<Int>?
    var floats: [Float] = []
    var integers: [Int64] = []
    while let field = try reader.next() {
      switch field.number {
      case 1: dimensions += try reader.integers(field).map { Int($0) }
      case 2: type = Int(truncatingIfNeeded: try reader.integers(field).first ?? 0)
      case 4: floats += try reader.floats(field)
      case 5, 7: integers += try reader.integers(field)
      case 8: name = try reader.text(field)
      case 9:
        guard case .bytes(let range) = field.value else { throw .model(reason: "raw data of another kind") }
        raw = range
      case 13, 14:
        let location = field.number == 13 ? 1 : try reader.integers(field).first ?? 0
        if location != 0 {
          throw .model(reason: "tensor \(name) lies in another file")
        }
      default: break
      }
    }
    let count = try Self.count(of: dimensions, name)
    if let raw {
      values = try Self.decode(reader.bytes, raw, type: type, count: count, name)
    } else if type == 1 {
      values = .floats(floats)
    } else if type == 6 || type == 7 {
      values = .integers(integers.map { Int($0) })
    } else {
      throw .model(reason: "tensor \(name) has element type \(type)")
    }
    guard self.count == count else {
      throw .model(reason: "tensor \(name) has \(self.count) values for \(dimensions)")
    }
  }

  private static func count(of dimensions: [Int], _ name: String) throws(NetworkError) -> Int {
    guard dimensions.count <= 8 else { throw .model(reason: "tensor \(name) has too many dimensions") }
    var count = 1
    for size in dimensions {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow, product <= 1 << 31 else {
        throw .model(reason: "tensor \(name) has shape \(dimensions)")
      }
      count = product
    }
    return count
  }

  private static func decode(
    _ bytes: [UInt8], _ range: Range<Int>, type: Int, count: Int, _ name: String
  ) throws(NetworkError) -> Values {
    let sizes = [1: 4, 6: 4, 7: 8, 10: 2, 11: 8]
    guard let size = sizes[type] else { throw .model(reason: "tensor \(name) has element type \(type)") }
    guard range.count == count * size else {
      throw .model(reason: "tensor \(name) has \(range.count) bytes for \(count) values")
    }
    return bytes.withUnsafeBytes { bytes in
      func load<T: BitwiseCopyable>(_ index: Int, _: T.Type) -> T {
        bytes.loadUnaligned(fromByteOffset: range.lowerBound + index * size, as: T.self)
      }
      switch type {
      case 1: return .floats((0..<count).map { load($0, Float.self) })
      case 6: return .integers((0..<count).map { Int(load($0, Int32.self)) })
      case 7: return .integers((0..<count).map { Int(load($0, Int64.self)) })
      case 10: return .floats((0..<count).map { Float(load($0, Float16.self)) })
      default: return .floats((0..<count).map { Float(load($0, Double.self)) })
      }
    }
  }
}
