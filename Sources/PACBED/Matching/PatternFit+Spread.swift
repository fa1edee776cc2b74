import Arrays

// How uncertain a thickness is where residuals are no noise.
extension PatternFit {
  /// In units of a disc's radius: over so far are residuals alike (their correlation falls to 0.6).
  private static let reach = 0.16

  /// What the residuals, as far as neighbours have the same sign, move the thickness by: the scores q of all
  /// pixels summed in pairs with a Gaussian of their distance.
  func correlatedDeviation(
    _ row: [Double], _ columns: [[Float]], _ residual: [Float], _ p: PatternParameters
  ) -> Double {
    let size = image.edge
    var scores = [Float](repeating: 0, count: size * size)
    for (number, index) in image.counted.enumerated() {
      var moved: Float = 0
      for (weight, column) in zip(row, columns) { moved += Float(weight) * column[number] }
      scores[Int(index)] = moved * residual[number]
    }
    let sigma = Self.reach * p.convergence / (image.pitch * p.scale)
    guard sigma > 0.2, sigma < Double(size) else { return 0 }
    // The blur's kernel sums to one; the pairs' one is 1 at no distance.
    var spread = scores
    DetectorBlur.apply(sigma * sigma, to: &spread, rows: size, columns: size)
    return max(0, LinearBasis.dot(scores, spread) * 2 * .pi * sigma * sigma).squareRoot()
  }
}
