/// A network with its weights, and what is to be known about them.
public struct TrainedNetwork: Sendable, Equatable {
  public var network: Network
  public var weights: Weights
  /// Free text by key: material, training, calibration. It travels with the file.
  public var notes: [String: String]

  public init(network: Network, weights: Weights, notes: [String: String] = [:]) {
    self.network = network
    self.weights = weights
    self.notes = notes
  }
}
