import Learning

/// The network that reads a pattern: one residual trunk on 64 x 64 pixels, the convergence angle joining in
/// the dense layers, and a head for every quantity.
package struct PatternNetwork: Sendable, Hashable {
  package static let size = 64
  /// Heads, also the names of the network's outputs.
  package enum Head: String, Sendable, CaseIterable {
    case thickness, mistilt, scale, azimuth, rotation, centre
  }

  package let thickness: BinAxis
  package let mistilt: BinAxis
  /// True angle of a pixel over the assumed one.
  package let scale: BinAxis
  /// Direction of the mistilt in the image, degrees from rows towards columns.
  package let azimuth: BinAxis
  /// How far the crystal is turned in the image, in degrees, as far as its symmetry shows. The number of bins
  /// is such that a quarter turn is a whole number of them.
  package let rotation: BinAxis
  private let convergence: ClosedRange<Double>

  package init(_ domain: ModelDomain) throws(PACBEDError) {
    try domain.check()
    thickness = .thickness(domain.thickness)
    mistilt = BinAxis(domain.mistilt, step: domain.mistilt.upperBound / 20)
    scale = BinAxis(ModelDomain.scale, step: 0.0115)
    azimuth = BinAxis(around: 360, count: 24)
    rotation = BinAxis(around: try domain.rotationPeriod(), count: 24)
    convergence = domain.convergence
  }

  package func axis(_ head: Head) -> BinAxis? {
    switch head {
    case .thickness: thickness
    case .mistilt: mistilt
    case .scale: scale
    case .azimuth: azimuth
    case .rotation: rotation
    case .centre: nil
    }
  }

  /// The convergence angle as the network reads it: -1 to 1 over the trained range.
  package func beam(_ stated: Double) -> Float {
    let half = max(1e-6, (convergence.upperBound - convergence.lowerBound) / 2)
    return Float((stated - (convergence.lowerBound + half)) / half)
  }

  /// `widths` are the channels at 32, 16, 8 and 4 pixels; fewer for tests.
  package func network(widths: [Int] = [16, 32, 96, 160], dense: [Int] = [320, 256]) -> Network {
    var network = Network()
    let image = network.input("image", .image(channels: 2, height: Self.size, width: Self.size))
    var x = network.append(
      [
        .pixelUnshuffle(2), .convolution(widths[0], kernel: 3, bias: false), .batchNormalisation,
        .activation(.relu),
      ], to: image)
    for (number, width) in widths.enumerated() {
      if number > 0 {
        x = network.append(
          [
            .convolution(width, kernel: 3, stride: 2, bias: false), .batchNormalisation, .activation(.relu),
          ], to: x)
      }
      let branch = network.append(
        [
          .convolution(width, kernel: 3, bias: false), .batchNormalisation, .activation(.relu),
          .convolution(width, kernel: 3, bias: false), .batchNormalisation,
        ], to: x)
      x = network.append(.activation(.relu), to: network.add([x, branch]))
    }
    let beam = network.input("beam", .vector(1))
    var joint = network.concatenate([
      network.append(.flatten, to: x), network.append(.globalPooling(.average), to: x), beam,
    ])
    for units in dense {
      // Without normalisation here the heads of the geometry never learn: the first steps push their units
      // to where nothing passes.
      let hidden = network.append(
        [.dense(units, bias: false), .batchNormalisation, .activation(.relu)], to: joint)
      joint = network.concatenate([hidden, beam])
    }
    for head in Head.allCases {
      let last = network.append(.dense(axis(head)?.count ?? 2), to: joint)
      // Left as logits: probabilities are made with the temperature that the noise asks for.
      network.output(head.rawValue, last)
    }
    return network
  }

  /// Thickness counts most; the others keep the trunk honest about geometry.
  package static let objectives: [Objective] = Head.allCases.map { head in
    switch head {
    case .thickness: Objective(head.rawValue, .softmaxCrossEntropy, weight: 1)
    case .mistilt: Objective(head.rawValue, .softmaxCrossEntropy, weight: 0.4)
    case .scale: Objective(head.rawValue, .softmaxCrossEntropy, weight: 0.25)
    case .azimuth: Objective(head.rawValue, .softmaxCrossEntropy, weight: 0.2)
    case .rotation: Objective(head.rawValue, .softmaxCrossEntropy, weight: 0.2)
    case .centre: Objective(head.rawValue, .meanSquaredError, weight: 0.5)
    }
  }
}
