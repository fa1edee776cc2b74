/// What training makes small, for one output. Averages are over the whole batch.
package enum Loss: Sendable, Hashable {
  /// -sum t log softmax(z), for a vector; targets are probabilities that add up to one (several bins may
  /// share it). Belongs to the numbers before softmax: an output that ends in `softmax` is trained before it.
  case softmaxCrossEntropy
  /// -t log p - (1 - t) log(1 - p) with p = sigmoid(z), averaged over all values. An output that ends in a
  /// sigmoid is trained before it.
  case binaryCrossEntropy
  /// (y - t)^2, averaged over all values.
  case meanSquaredError
}

/// How one output counts.
package struct Objective: Sendable, Hashable {
  package var output: String
  package var loss: Loss
  package var weight: Float

  package init(_ output: String, _ loss: Loss, weight: Float = 1) {
    self.output = output
    self.loss = loss
    self.weight = weight
  }
}
