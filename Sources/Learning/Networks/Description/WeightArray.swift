/// An array of numbers that a node carries.
package struct WeightArray: Sendable, Hashable {
  package enum Role: String, Sendable, Hashable {
    /// Convolutions: outputs, inputs of a group, rows, columns. Dense layers: outputs, inputs.
    case weight
    case bias
    /// Batch normalisation: y = scale (x - mean) / sqrt(variance + epsilon) + shift.
    case scale
    case shift
    case mean
    case variance
  }

  package var node: String
  package var role: Role
  package var dimensions: [Int]

  package var name: String { node + "." + role.rawValue }
  package var count: Int { dimensions.reduce(1, *) }
  /// Running statistics are measured, not trained.
  package var isTrained: Bool { role != .mean && role != .variance }
}

extension Network {
  /// Every parameter, in the order of the nodes.
  package func parameters() throws(NetworkError) -> [WeightArray] {
    let shapes = try shapes()
    return nodes.flatMap { node in parameters(of: node, input: node.inputs.first.map { shapes[$0] }) }
  }

  func parameters(of node: Node, input: Shape?) -> [WeightArray] {
    guard let input else { return [] }
    func make(_ role: WeightArray.Role, _ dimensions: [Int]) -> WeightArray {
      WeightArray(node: node.name, role: role, dimensions: dimensions)
    }
    switch node.layer {
    case .convolution(let options):
      let weight = make(
        .weight,
        [
          options.channels, input.channels / options.groups, options.window.height, options.window.width,
        ])
      return options.bias ? [weight, make(.bias, [options.channels])] : [weight]
    case .dense(let options):
      let weight = make(.weight, [options.units, input.count])
      return options.bias ? [weight, make(.bias, [options.units])] : [weight]
    case .batchNormalisation:
      return [.scale, .shift, .mean, .variance].map { make($0, [input.channels]) }
    default: return []
    }
  }
}
