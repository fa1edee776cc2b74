/// What an ONNX file says, before any of it is believed.
struct ONNXGraph {
  struct Attribute {
    var number: Float?
    var integer: Int?
    var text: String?
    var tensor: ONNXTensor?
    var numbers: [Float] = []
    var integers: [Int] = []
  }

  struct Node {
    var operation = ""
    var domain = ""
    var name = ""
    var inputs: [String] = []
    var outputs: [String] = []
    var attributes: [String: Attribute] = [:]
  }

  struct Input {
    var name = ""
    /// `nil` where the file leaves a size open.
    var dimensions: [Int?] = []
  }

  var nodes: [Node] = []
  var constants: [String: ONNXTensor] = [:]
  var inputs: [Input] = []
  var outputs: [String] = []
  /// Version of the standard operators.
  var version = 0

  private static let nodeLimit = 10_000

  init(_ bytes: [UInt8]) throws(NetworkError) {
    var reader = ProtobufReader(bytes)
    var graph: ProtobufReader?
    while let field = try reader.next() {
      switch field.number {
      case 7: graph = try reader.message(field)
      case 8: try readVersion(try reader.message(field))
      default: break
      }
    }
    guard let graph else { throw .model(reason: "no graph: not an ONNX file") }
    guard (7...30).contains(version) else { throw .model(reason: "operators of version \(version)") }
    try read(graph)
    inputs.removeAll { constants[$0.name] != nil }
  }

  private mutating func readVersion(_ reader: ProtobufReader) throws(NetworkError) {
    var reader = reader
    var domain = ""
    var version = 0
    while let field = try reader.next() {
      if field.number == 1 { domain = try reader.text(field) }
      if field.number == 2 { version = Int(truncatingIfNeeded: try reader.integers(field).first ?? 0) }
    }
    if domain.isEmpty || domain == "ai.onnx" { self.version = version }
  }

  private mutating func read(_ reader: ProtobufReader) throws(NetworkError) {
    var reader = reader
    while let field = try reader.next() {
      switch field.number {
      case 1:
        nodes.append(try Self.node(try reader.message(field)))
        guard nodes.count <= Self.nodeLimit else { throw .model(reason: "too many nodes") }
      case 5:
        var name = ""
        let tensor = try ONNXTensor(try reader.message(field), name: &name)
        constants[name] = tensor
      case 11: inputs.append(try Self.input(try reader.message(field)))
      case 12: outputs.append(try Self.input(try reader.message(field)).name)
      default: break
      }
    }
  }

  private static func node(_ reader: ProtobufReader) throws(NetworkError) -> Node {
    var reader = reader
    var node = Node()
    while let field = try reader.next() {
      switch field.number {
      case 1: node.inputs.append(try reader.text(field))
      case 2: node.outputs.append(try reader.text(field))
      case 3: node.name = try reader.text(field)
      case 4: node.operation = try reader.text(field)
      case 5:
        let (name, attribute) = try Self.attribute(try reader.message(field))
        node.attributes[name] = attribute
      case 7: node.domain = try reader.text(field)
      default: break
      }
    }
    return node
  }

  private static func attribute(_ reader: ProtobufReader) throws(NetworkError) -> (String, Attribute) {
    var reader = reader
    var name = ""
    var attribute = Attribute()
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try reader.text(field)
      case 2: attribute.number = try reader.floats(field).first
      case 3: attribute.integer = try reader.integers(field).first.map { Int($0) }
      case 4: attribute.text = try reader.text(field)
      case 5:
        var tensorName = ""
        attribute.tensor = try ONNXTensor(try reader.message(field), name: &tensorName)
      case 7: attribute.numbers += try reader.floats(field)
      case 8: attribute.integers += try reader.integers(field).map { Int($0) }
      default: break
      }
    }
    return (name, attribute)
  }

  /// ValueInfo: a name and, for tensors, a shape.
  private static func input(_ reader: ProtobufReader) throws(NetworkError) -> Input {
    var reader = reader
    var input = Input()
    while let field = try reader.next() {
      if field.number == 1 { input.name = try reader.text(field) }
      guard field.number == 2 else { continue }
      var type = try reader.message(field)
      while let kind = try type.next() {
        guard kind.number == 1 else { continue }
        var tensor = try type.message(kind)
        while let part = try tensor.next() {
          guard part.number == 2 else { continue }
          var shape = try tensor.message(part)
          while let dimension = try shape.next() {
            guard dimension.number == 1 else { continue }
            var reader = try shape.message(dimension)
            var size: Int?
            while let entry = try reader.next() {
              if entry.number == 1 { size = try reader.integers(entry).first.map { Int($0) } }
            }
            input.dimensions.append(size)
          }
        }
      }
    }
    return input
  }
}
