/// Operators that move numbers without computing, and the small integer arithmetic around them.
extension ONNXImporter {
  mutating func rearrange(_ node: ONNXGraph.Node) throws(NetworkError) {
    switch node.operation {
    case "Identity", "Dropout", "Cast": try pass(node)
    case "Constant": try constant(node)
    case "Flatten":
      guard node.integer("axis", 1) == 1 else { throw unsupported(node, "its axis") }
      try flatten(node)
    case "Reshape": try reshape(node)
    case "Squeeze", "Unsqueeze": try squeeze(node)
    case "Transpose": try transpose(node)
    case "Shape": try shape(node)
    case "Gather", "Slice": try pick(node)
    default: throw unsupported(node, "is not known")
    }
  }

  private mutating func pass(_ node: ONNXGraph.Node) throws(NetworkError) {
    if let tensor = constant(node, 0) { return try define(node, .constant(tensor)) }
    try define(node, .computed(try computed(node)))
  }

  private mutating func constant(_ node: ONNXGraph.Node) throws(NetworkError) {
    if let tensor = node.attributes["value"]?.tensor {
      try define(node, .constant(tensor))
    } else if let integers = node.attributes["value_ints"]?.integers {
      try define(node, .constant(ONNXTensor(integers: integers)))
    } else {
      throw unsupported(node, "its kind of value")
    }
  }

  private mutating func flatten(_ node: ONNXGraph.Node) throws(NetworkError) {
    let input = try computed(node)
    try append(.flatten(input.order), to: [input], node, order: .channelsFirst)
  }

  private mutating func reshape(_ node: ONNXGraph.Node) throws(NetworkError) {
    guard let sizes = constant(node, 1)?.integers, sizes.count >= 2 else {
      throw unsupported(node, "to a shape that is not known")
    }
    if var tensor = constant(node, 0) {
      guard let dimensions = Self.filled(sizes, count: tensor.count) else {
        throw unsupported(node, "to \(sizes)")
      }
      tensor.dimensions = dimensions
      return try define(node, .constant(tensor))
    }
    let input = try computed(node)
    var target = Array(sizes.dropFirst())
    // 0 keeps a size, -1 takes what is left.
    let old = input.shape.dimensions
    for i in target.indices where target[i] == 0 {
      guard i < old.count else { throw unsupported(node, "to \(sizes)") }
      target[i] = old[i]
    }
    guard let target = Self.filled(target, count: input.shape.count) else {
      throw unsupported(node, "to \(sizes)")
    }
    if case .turnedBlocks(let factor) = input.pending {
      var whole = input
      whole.pending = nil
      let layer = Layer.pixelUnshuffle(factor, .channelMajor)
      guard layer.shape(from: [input.shape])?.dimensions == target else {
        throw unsupported(node, "to \(sizes)")
      }
      return try append(layer, to: [whole], node)
    }
    if let factor = Self.blockFactor(target, of: input) {
      var blocks = input
      blocks.pending = .blocks(factor)
      return try define(node, .computed(blocks))
    }
    if target.count == 1 { return try flatten(node) }
    guard let shape = Shape(dimensions: target), input.order == .channelsFirst else {
      throw unsupported(node, "to \(sizes)")
    }
    try append(.reshape(shape), to: [input], node)
  }

  /// PyTorch writes a pixel unshuffle as a reshape, a transposition and a reshape.
  private static func blockFactor(_ target: [Int], of input: Computed) -> Int? {
    guard target.count == 5, target[2] == target[4], input.order == .channelsFirst,
      case .image(let channels, let height, let width) = input.shape, target[0] == channels,
      target[1] == height / target[2], target[3] == width / target[2], height % target[2] == 0,
      width % target[2] == 0
    else { return nil }
    return target[2]
  }

  /// The sizes with -1 worked out; `nil` unless they hold exactly `count` values.
  private static func filled(_ sizes: [Int], count: Int) -> [Int]? {
    var known = 1
    for size in sizes where size != -1 {
      let (product, overflow) = known.multipliedReportingOverflow(by: size)
      guard size > 0, !overflow else { return nil }
      known = product
    }
    let open = sizes.filter { $0 == -1 }.count
    guard open <= 1, count % known == 0, open == 1 || known == count else { return nil }
    return sizes.map { $0 == -1 ? count / known : $0 }
  }

  /// Dimensions of one pixel come and go.
  private mutating func squeeze(_ node: ONNXGraph.Node) throws(NetworkError) {
    if let tensor = constant(node, 0) {
      // Lists of sizes keep their values; only their dimensions change.
      var flat = tensor
      flat.dimensions = [tensor.count]
      return try define(node, .constant(flat))
    }
    let input = try computed(node)
    let count = input.shape.channels
    guard input.shape.count == count else { throw unsupported(node, "of an image") }
    if node.operation == "Squeeze" {
      try append(.flatten, to: [input], node, order: .channelsFirst)
    } else {
      let axes = constant(node, 1)?.integers ?? node.attributes["axes"]?.integers ?? []
      guard axes.sorted() == [2, 3] else { throw unsupported(node, "its axes") }
      try append(.reshape(.image(channels: count, height: 1, width: 1)), to: [input], node)
    }
  }

  private mutating func transpose(_ node: ONNXGraph.Node) throws(NetworkError) {
    let permutation = node.attributes["perm"]?.integers ?? []
    if let tensor = constant(node, 0) {
      guard tensor.dimensions.count == 2, permutation.isEmpty || permutation == [1, 0] else {
        throw unsupported(node, "of a constant")
      }
      var turned = tensor
      turned.dimensions = tensor.dimensions.reversed()
      turned.values = .floats(tensor.tensor.matrix.transposed().values)
      return try define(node, .constant(turned))
    }
    var input = try computed(node)
    if case .blocks(let factor) = input.pending, permutation == [0, 1, 3, 5, 2, 4] {
      input.pending = .turnedBlocks(factor)
      return try define(node, .computed(input))
    }
    guard input.pending == nil else { throw unsupported(node, "by \(permutation)") }
    switch (permutation, input.order) {
    case ([0, 2, 3, 1], .channelsFirst): input.order = .channelsLast
    case ([0, 3, 1, 2], .channelsLast): input.order = .channelsFirst
    case ([0, 1], _), ([0, 1, 2, 3], _): break
    default: throw unsupported(node, "by \(permutation)")
    }
    try define(node, .computed(input))
  }

  mutating func concatenation(_ node: ONNXGraph.Node) throws(NetworkError) {
    let constants = node.inputs.indices.compactMap { constant(node, $0)?.integers }
    if constants.count == node.inputs.count {
      return try define(node, .constant(ONNXTensor(integers: constants.flatMap { $0 })))
    }
    var inputs: [Computed] = []
    for index in node.inputs.indices { inputs.append(try computed(node, index)) }
    guard let first = inputs.first, inputs.allSatisfy({ $0.order == first.order }) else {
      throw unsupported(node, "channels first and channels last together")
    }
    let rank = first.shape.dimensions.count + 1
    let axis = node.integer("axis", 1)
    let channelAxis = first.order == .channelsFirst ? 1 : 3
    guard (axis < 0 ? axis + rank : axis) == channelAxis else { throw unsupported(node, "its axis") }
    try append(.concatenate, to: inputs, node)
  }

  mutating func softmax(_ node: ONNXGraph.Node) throws(NetworkError) {
    let input = try computed(node)
    guard case .vector = input.shape, [1, -1].contains(node.integer("axis", -1)) else {
      throw unsupported(node, "only over vectors")
    }
    try append(.softmax, to: [input], node)
  }

  // MARK: Sizes computed in the graph

  /// The batch is not known: -1, which `Reshape` understands.
  private mutating func shape(_ node: ONNXGraph.Node) throws(NetworkError) {
    let input = try computed(node)
    guard input.order == .channelsFirst else { throw unsupported(node, "channels last") }
    try define(node, .constant(ONNXTensor(integers: [-1] + input.shape.dimensions)))
  }

  private mutating func pick(_ node: ONNXGraph.Node) throws(NetworkError) {
    guard let values = constant(node, 0)?.integers else { throw unsupported(node, "of computed values") }
    if node.operation == "Gather" {
      let indices = (constant(node, 1)?.integers ?? []).map { $0 < 0 ? $0 + values.count : $0 }
      guard !indices.isEmpty, indices.allSatisfy(values.indices.contains) else {
        throw unsupported(node, "an index out of range")
      }
      return try define(node, .constant(ONNXTensor(integers: indices.map { values[$0] })))
    }
    guard let start = constant(node, 1)?.integers?.first, let end = constant(node, 2)?.integers?.first,
      constant(node, 4)?.integers?.first ?? 1 == 1
    else { throw unsupported(node, "its bounds") }
    let first = min(max(start < 0 ? start + values.count : start, 0), values.count)
    let last = min(max(end < 0 ? end + values.count : end, first), values.count)
    try define(node, .constant(ONNXTensor(integers: Array(values[first..<last]))))
  }

  mutating func fold(
    _ node: ONNXGraph.Node, _ a: ONNXTensor, _ b: ONNXTensor
  ) throws(NetworkError) {
    guard let a = a.integers, let b = b.integers, a.count == 1, b.count == 1 else {
      throw unsupported(node, "of two constants")
    }
    let result: (Int, Bool)
    switch node.operation {
    case "Add": result = a[0].addingReportingOverflow(b[0])
    case "Sub": result = a[0].subtractingReportingOverflow(b[0])
    case "Mul": result = a[0].multipliedReportingOverflow(by: b[0])
    default: result = a[0].dividedReportingOverflow(by: b[0])
    }
    guard !result.1 else { throw unsupported(node, "an overflow") }
    try define(node, .constant(ONNXTensor(integers: [result.0])))
  }
}
