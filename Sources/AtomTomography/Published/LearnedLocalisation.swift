import Arrays
import Glibc
import Learning
import System

/// A network that sees the image of the iterative reconstruction and says where atoms are: the publication's fourth
/// method. It learns from simulated crystals with every defect, of both lattices.
package struct LearnedLocalisation: Sendable {
  /// Pixels along the window that it sees, in the middle of the reconstruction.
  package static let side = 88
  private static let name = "atoms"
  /// Of a model's folder.
  package static let file = "localisation.network"
  /// What an image's brightest pixels are about.
  private static let ceiling: Float = 20

  private let predictor: Predictor

  package init(_ model: TrainedNetwork) throws(NetworkError) {
    predictor = try Predictor(model.network, weights: model.weights)
  }

  package struct Training: Sendable {
    package var steps = 600
    package var batch = 8
    package var seed: UInt64 = 1
    package var threads = 2

    package init() {}

    /// The network with the averaged weights.
    package func run(
      isCancelled: () -> Bool = { false }, report: (_ step: Int, _ loss: Double) -> Void = { _, _ in }
    ) throws(NetworkError) -> TrainedNetwork {
      let network = LearnedLocalisation.network
      let trainer = try Trainer(
        network, weights: try Weights(for: network, seed: seed),
        Trainer.Options(
          objectives: [Learning.Objective(LearnedLocalisation.name, .binaryCrossEntropy)], batch: batch,
          part: 2,
          schedule: .cosine(peak: 3e-3, warmup: 20, steps: steps), averaging: .exponential(decay: 0.98),
          gradientLimit: 1, seed: seed, threads: threads))
      let random = RandomNumbers(seed: seed).stream(7)
      let batch = batch
      while trainer.step < steps, !isCancelled() {
        let result = try trainer.advance { step, range in
          var samples = Samples(inputs: ["input": []], targets: [LearnedLocalisation.name: []])
          for position in range {
            var numbers = random.stream(step * batch + position)
            let (image, target) = LearnedLocalisation.sample(&numbers)
            samples.inputs["input", default: []] += image
            samples.targets[LearnedLocalisation.name, default: []] += target
          }
          return samples
        }
        report(trainer.step, result.loss)
      }
      return TrainedNetwork(network: network, weights: trainer.averagedWeights)
    }
  }

  private static var network: Network {
    var network = Network()
    var x = network.input("input", .image(channels: 1, height: side, width: side))
    for (channels, kernel) in [(12, 5), (12, 5), (12, 5)] {
      x = network.append([.convolution(channels, kernel: kernel), .activation(.relu)], to: x)
    }
    x = network.append([.convolution(1, kernel: 5), .activation(.sigmoid)], to: x)
    network.output(name, x)
    return network
  }

  /// A simulated crystal's image, and a spot at each of its atoms.
  private static func sample(_ random: inout RandomNumbers) -> (image: [Float], target: [Float]) {
    var crystallite = Crystallite()
    crystallite.kind = LatticeKind.allCases[random.integer(below: 2)]
    crystallite.defect = [.vacancy, .interstitial, .dislocation][random.integer(below: 3)]
    crystallite.angles = Crystallite.standardAngles(crystallite.kind, count: 2 + random.integer(below: 2))
    // Not those that methods are compared on.
    crystallite.seed = 1_000_000 + UInt64(random.integer(below: 1 << 30))
    let atoms = crystallite.atoms()
    var method = IterativeReconstruction(
      crystallite.projections(of: atoms), AtomBlob(sigma: crystallite.sigma))
    method.iterations = 100
    let image = method.image()
    let (window, origin) = window(of: image)
    var target = [Float](repeating: 0, count: side * side)
    for atom in atoms.points {
      let at = (atom - origin) / image.step
      let (column, row) = (Int(bounded: at.x.rounded()), Int(bounded: at.y.rounded()))
      for r in within(0..<side, row - 3, row + 4) {
        for c in within(0..<side, column - 3, column + 4) {
          let (dx, dy) = (Double(c) - at.x, Double(r) - at.y)
          target[r * side + c] = max(target[r * side + c], Float(exp(-(dx * dx + dy * dy) / 2)))
        }
      }
    }
    return (window, target)
  }

  /// The middle of an image, scaled for the network, and where its first pixel lies.
  private static func window(of image: IterativeReconstruction.Image) -> ([Float], SIMD2<Double>) {
    let shift = image.side / 2 - side / 2
    var values = [Float](repeating: 0, count: side * side)
    for row in 0..<side {
      for column in 0..<side {
        let (r, c) = (row + shift, column + shift)
        guard 0..<image.side ~= r, 0..<image.side ~= c else { continue }
        values[row * side + column] = Float(image.values[r * image.side + c]) / ceiling
      }
    }
    return (values, image.place(Double(shift), Double(shift)))
  }

  /// The `count` places where it sees atoms most surely.
  package func atoms(_ projections: Projections, _ blob: AtomBlob, count: Int) throws(NetworkError)
    -> AtomPlane
  {
    var method = IterativeReconstruction(projections, blob)
    method.iterations = 100
    let image = method.image()
    let (values, origin) = Self.window(of: image)
    let seen = IterativeReconstruction.Image(
      side: Self.side, step: image.step, origin: origin,
      values: try predictor.predict(values).map(Double.init))
    return method.peaks(seen, count: count)
  }
}
