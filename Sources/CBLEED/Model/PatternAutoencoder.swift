import Arrays
import Learning

/// A convolutional autoencoder of patterns: roots of intensities inside the discs, through a few latent
/// values and back (after Ivanov & Pereiro 2024, with narrower layers).
package struct PatternAutoencoder: Sendable {
  package static let inputName = "pattern"
  package static let latentName = "latent"
  package static let imageName = "image"
  static let parametersName = "parameters"

  package let latents: Int
  /// The brightness, in units of the mean, that counts as one.
  package let ceiling: Double
  let raster: DiscRaster
  private let encoder: Predictor
  private let whole: Predictor

  /// - Parameter parameters: how many the latent values are asked for while they are trained. What a decoder
  ///   needs most is not what tells structures apart: small changes of many pixels.
  package static func network(size: Int, latents: Int, parameters: Int = 0) -> Network {
    let channels = [8, 16, 32]
    var network = Network()
    var x = network.input(inputName, .image(channels: 1, height: size, width: size))
    for (number, count) in channels.enumerated() {
      x = network.append(.convolution(count, kernel: 3), to: x, name: "e\(number)")
      x = network.append([.activation(.relu), .maxPooling(2)], to: x)
    }
    let small = size >> channels.count
    x = network.append(.dense(64), to: network.append(.flatten, to: x), name: "e.dense")
    x = network.append(.dense(latents), to: network.append(.activation(.relu), to: x), name: "e.latent")
    network.output(latentName, x)
    if parameters > 0 {
      let hidden = network.append(.activation(.relu), to: network.append(.dense(64), to: x, name: "p.latent"))
      network.output(parametersName, network.append(.dense(parameters), to: hidden, name: "p.parameters"))
    }
    x = network.append(.activation(.relu), to: network.append(.dense(64), to: x, name: "d.latent"))
    x = network.append(.dense(32 * small * small), to: x, name: "d.dense")
    x = network.append(
      [.activation(.relu), .reshape(.image(channels: 32, height: small, width: small)), .upsampling(2)], to: x
    )
    for (number, count) in [16, 8].enumerated() {
      x = network.append(.convolution(count, kernel: 3), to: x, name: "d\(number)")
      x = network.append([.activation(.relu), .upsampling(2)], to: x)
    }
    x = network.append(.convolution(1, kernel: 3), to: x, name: "d.image")
    network.output(imageName, network.append(.activation(.sigmoid), to: x))
    return network
  }

  package init(_ model: TrainedNetwork, raster: DiscRaster, ceiling: Double) throws(NetworkError) {
    self.raster = raster
    self.ceiling = ceiling
    whole = try Predictor(model.network, weights: model.weights)
    guard let output = model.network.outputs.first(where: { $0.name == Self.latentName }) else {
      throw .description(node: Self.latentName, reason: "the network has no latent values")
    }
    latents = try model.network.shapes()[output.value.node].count
    encoder = try Predictor(model.network.ending(at: [output]), weights: model.weights)
  }

  /// What the network sees of a pattern.
  func input(_ values: [Double]) -> [Float] {
    var image = [Float](repeating: 0, count: raster.detector.size * raster.detector.size)
    for (pixel, value) in zip(raster.pixels, values) {
      image[pixel] = Float(min(1, (max(0, value) / ceiling).squareRoot()))
    }
    return image
  }

  /// The image that the decoder makes of a pattern.
  func image(_ values: [Double]) throws(NetworkError) -> [Float] {
    try whole.predict([Self.inputName: input(values)])[Self.imageName] ?? []
  }

  package func encode(_ values: [Double]) throws(NetworkError) -> [Double] {
    let answer = try encoder.predict([Self.inputName: input(values)])
    return (answer[Self.latentName] ?? []).map(Double.init)
  }

  /// The pattern that the latent values stand for, on the raster.
  package func reconstruct(_ values: [Double]) throws(NetworkError) -> (latent: [Double], values: [Double]) {
    let answer = try whole.predict([Self.inputName: input(values)])
    let image = answer[Self.imageName] ?? []
    let latent = (answer[Self.latentName] ?? []).map(Double.init)
    guard image.count == raster.detector.size * raster.detector.size else { return (latent, []) }
    return (latent, raster.pixels.map { ceiling * Double(image[$0]) * Double(image[$0]) })
  }
}
