import COneDNN

/// Writes the steps that turn an output and its target into a loss and a gradient.
struct LossPass {
  let objective: Objective
  let node: Int
  let target: AlignedBuffer
  /// One value: the part of the average that this part of the batch contributes.
  let value: AlignedBuffer
  let shape: Shape

  init(
    _ objective: Objective, node: Int, samples: Int, in backward: inout BackwardPass
  ) throws(NetworkError) {
    self.objective = objective
    self.node = node
    shape = backward.forward.graph.shape(of: node)
    let part = backward.forward.batch
    let output = try backward.forward.builder.plain(backward.forward.output(node))
    let layout = backward.forward.builder.layout(output)
    target = AlignedBuffer(byteCount: layout.byteCount)
    value = AlignedBuffer(byteCount: 8)
    let targetID = backward.forward.builder.fixed(layout, target)
    let gradient = backward.forward.builder.planned(layout)
    let (count, value) = (part * shape.count, value)
    let weight = objective.weight
    switch objective.loss {
    case .softmaxCrossEntropy:
      guard case .vector(let size) = shape else {
        throw .description(node: objective.output, reason: "softmax cross-entropy of an image")
      }
      let logarithm = try Self.logSoftmax(output, layout, &backward)
      let probability = try Self.elementwise(dnnl_eltwise_exp, logarithm, layout, &backward)
      let factor = weight / Float(samples)
      backward.forward.builder.append(native: [logarithm, probability, targetID, gradient]) { arrays in
        value.doubles[0] = Self.crossEntropy(arrays, size: size, samples: part, factor: factor)
      }
    case .binaryCrossEntropy:
      let softplus = try Self.elementwise(dnnl_eltwise_soft_relu, output, layout, &backward)
      let probability = try Self.elementwise(dnnl_eltwise_logistic, output, layout, &backward)
      let factor = weight / Float(samples * shape.count)
      backward.forward.builder.append(native: [output, softplus, probability, targetID, gradient]) {
        arrays in
        value.doubles[0] = Self.binaryCrossEntropy(arrays, count: count, factor: factor)
      }
    case .meanSquaredError:
      let factor = weight / Float(samples * shape.count)
      backward.forward.builder.append(native: [output, targetID, gradient]) { arrays in
        value.doubles[0] = Self.squaredError(arrays, count: count, factor: factor)
      }
    }
    backward.seed(node, gradient)
  }

  private typealias Arrays = [UnsafeMutablePointer<Float>]

  private static func crossEntropy(_ arrays: Arrays, size: Int, samples: Int, factor: Float) -> Double {
    let (logarithm, probability, target, gradient) = (arrays[0], arrays[1], arrays[2], arrays[3])
    var sum = 0.0
    for sample in 0..<samples {
      let first = sample * size
      var mass: Float = 0
      var loss: Float = 0
      for i in first..<first + size {
        mass += target[i]
        loss -= target[i] * logarithm[i]
      }
      for i in first..<first + size { gradient[i] = (probability[i] * mass - target[i]) * factor }
      sum += Double(loss)
    }
    return sum * Double(factor)
  }

  /// log(1 + exp(z)) - t z.
  private static func binaryCrossEntropy(_ arrays: Arrays, count: Int, factor: Float) -> Double {
    let (output, softplus, probability, target) = (arrays[0], arrays[1], arrays[2], arrays[3])
    let gradient = arrays[4]
    for i in 0..<count { gradient[i] = (probability[i] - target[i]) * factor }
    return blockwiseSum(count) { softplus[$0] - target[$0] * output[$0] } * Double(factor)
  }

  private static func squaredError(_ arrays: Arrays, count: Int, factor: Float) -> Double {
    let (output, target, gradient) = (arrays[0], arrays[1], arrays[2])
    for i in 0..<count { gradient[i] = 2 * (output[i] - target[i]) * factor }
    return blockwiseSum(count) { (output[$0] - target[$0]) * (output[$0] - target[$0]) } * Double(factor)
  }

  /// In single precision over 256 values, in double precision over the blocks.
  @inline(__always)
  private static func blockwiseSum(_ count: Int, _ term: (Int) -> Float) -> Double {
    var sum = 0.0
    var first = 0
    while first < count {
      let end = min(first + 256, count)
      var block: Float = 0
      for i in first..<end { block += term(i) }
      sum += Double(block)
      first = end
    }
    return sum
  }

  private static func logSoftmax(
    _ source: TensorID, _ layout: TensorLayout, _ backward: inout BackwardPass
  ) throws(NetworkError) -> TensorID {
    let primitive = try Primitive("dnnl_logsoftmax", "a loss") { made, engine, attributes in
      odnn_logsoftmax_forward(&made, engine, attributes, layout.descriptor, 1)
    }
    let result = backward.forward.builder.planned(layout)
    backward.forward.builder.append(primitive, [(DNNL_ARG_SRC, source), (DNNL_ARG_DST, result)])
    return result
  }

  private static func elementwise(
    _ kind: dnnl_alg_kind_t, _ source: TensorID, _ layout: TensorLayout, _ backward: inout BackwardPass
  ) throws(NetworkError) -> TensorID {
    let primitive = try Primitive("dnnl_eltwise", "a loss") { made, engine, attributes in
      odnn_eltwise_forward(&made, engine, attributes, 0, kind, layout.descriptor, 0, 0)
    }
    let result = backward.forward.builder.planned(layout)
    backward.forward.builder.append(primitive, [(DNNL_ARG_SRC, source), (DNNL_ARG_DST, result)])
    return result
  }
}

extension AlignedBuffer {
  var doubles: UnsafeMutablePointer<Double> { bytes.assumingMemoryBound(to: Double.self) }
}
