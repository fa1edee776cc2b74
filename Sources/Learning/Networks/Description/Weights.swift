import Arrays

/// The numbers of a network, by parameter name, in the plain order `WeightArray` documents.
package struct Weights: Sendable, Equatable {
  package var arrays: [String: Tensor]

  package init(_ arrays: [String: Tensor] = [:]) { self.arrays = arrays }

  package subscript(name: String) -> Tensor? {
    get { arrays[name] }
    set { arrays[name] = newValue }
  }

  /// Throws unless there is an array of the right shape for every parameter. Others may be present: an
  /// encoder runs with the weights of its autoencoder.
  package func check(for network: Network) throws(NetworkError) {
    for parameter in try network.parameters() { _ = try values(of: parameter) }
  }

  func values(of parameter: WeightArray) throws(NetworkError) -> [Float] {
    guard let array = arrays[parameter.name] else {
      throw .parameter(name: parameter.name, reason: "missing")
    }
    guard array.shape == parameter.dimensions else {
      throw .parameter(
        name: parameter.name, reason: "has shape \(array.shape), expected \(parameter.dimensions)")
    }
    return array.values
  }
}
