/// A network with its weights, and what is to be known about them.
package struct TrainedNetwork: Sendable, Equatable {
  package var network: Network
  package var weights: Weights
  /// Free text by key: material, training, calibration. It travels with the file.
  package var notes: [String: String]

  package init(network: Network, weights: Weights, notes: [String: String] = [:]) {
    self.network = network
    self.weights = weights
    self.notes = notes
  }
}
