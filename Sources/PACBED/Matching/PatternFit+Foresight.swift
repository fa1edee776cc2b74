import Arrays

// What another pattern of the same crystal would tell.
extension PatternFit {
  /// How well the thickness would be known: deviations for independent noise, and for what is taken as known beforehand.
  package struct Foresight: Sendable {
    package var noise: Double
    package var bias: Double
  }

  /// The fit of a pattern that is not taken yet: the specimen at `p`, drawn on as many pixels, as bright and as noisy as
  /// the one at hand, whose fit this is; its field grows with the aperture, as that of every image does.
  package func foresight(of p: PatternParameters, like result: Result) -> Foresight? {
    let size = FitImage.size * FitImage.size
    var isCounted = [Bool](repeating: false, count: size)
    for index in image.counted { isCounted[Int(index)] = true }
    var other = self
    other.statedConvergence = p.convergence
    other.image = FitImage(
      pixels: [Float](repeating: 0, count: size), isCounted: isCounted,
      pitch: image.pitch * p.convergence / result.parameters.convergence)
    other.image.pixels = other.render(p).map { $0 * Float(result.strength) }
    return other.foreseen(p, variance: result.variance)
  }
}
