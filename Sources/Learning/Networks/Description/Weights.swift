public import Arrays

/// The numbers of a network, by parameter name, in the plain order `WeightArray` documents.
public struct Weights: Sendable, Equatable {
  public var arrays: [String: Tensor]

  public init(_ arrays: [String: Tensor] = [:]) { self.arrays = arrays }

  public subscript(name: String) -> Tensor? {
    get { arrays[name] }
    set { arrays[name] = newValue }
  }

  /// Throws unless there is an array of the right shape for every parameter. Others may be present: an
  /// encoder runs with the weights of its autoencoder.
  public func check(for network: Network) throws(NetworkError) {
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
