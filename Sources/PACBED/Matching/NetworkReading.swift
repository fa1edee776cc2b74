import Arrays
import Diffraction
import Learning
import Scattering

/// What a network says about an image: a probability for every bin of every quantity.
package struct NetworkReading: Sendable {
  package var thickness: [Double]
  package var mistilt: [Double]
  package var scale: [Double]
  package var azimuth: [Double]
  package var rotation: [Double]
  /// Pixels off the image's middle.
  package var shift: Vector2

  /// The mean over quarter turns of the image: its answers turned back.
  init(
    _ heads: PatternNetwork, _ logits: [String: [Float]], at number: Int, quarterTurns: Int,
    temperatures: Temperatures.Set
  ) {
    func mean(_ head: PatternNetwork.Head) -> [Double] {
      guard let axis = heads.axis(head), let values = logits[head.rawValue] else { return [] }
      var sum = [Double](repeating: 0, count: axis.count)
      for turn in 0..<quarterTurns {
        let start = (number * quarterTurns + turn) * axis.count
        let p = softmax(values[start..<start + axis.count], temperature: temperatures[head])
        // An image turned by a quarter shows directions that are a quarter further.
        let offset: Int
        switch head {
        case .azimuth, .rotation:
          let quarter = 90.0 * Double(turn) / (axis.period ?? 360) * Double(axis.count)
          offset = Int(quarter.rounded())
        default: offset = 0
        }
        for bin in 0..<axis.count { sum[bin] += p[(bin + offset) % axis.count] / Double(quarterTurns) }
      }
      return sum
    }
    thickness = mean(.thickness)
    mistilt = mean(.mistilt)
    scale = mean(.scale)
    azimuth = mean(.azimuth)
    rotation = mean(.rotation)
    var shift = Vector2.zero
    if let centres = logits[PatternNetwork.Head.centre.rawValue] {
      for turn in 0..<quarterTurns {
        let at = 2 * (number * quarterTurns + turn)
        let v = Vector2(Double(centres[at]), Double(centres[at + 1])) * NetworkImage.shift
        shift += QuarterTurn.turn(v, by: -turn) / Double(quarterTurns)
      }
    }
    self.shift = shift
  }
}

/// A network ready to read images, several at a time.
package final class PatternReader: Sendable {
  package let heads: PatternNetwork
  let temperatures: Temperatures
  private let predictor: Predictor

  package init(_ domain: ModelDomain, _ model: TrainedNetwork, temperatures: Temperatures) throws(PACBEDError)
  {
    heads = try PatternNetwork(domain)
    self.temperatures = temperatures
    do {
      predictor = try Predictor(model.network, weights: model.weights, batch: 4, threads: 2)
    } catch {
      throw .training("\(error)")
    }
    for output in predictor.outputs {
      guard let head = PatternNetwork.Head(rawValue: output.name) else { continue }
      guard output.shape.count == heads.axis(head)?.count ?? 2 else {
        throw .storage("the network's output \(output.name) does not fit the model's ranges")
      }
    }
  }

  /// One reading an image; `quarterTurns` of 4 averages over all quarter turns, 1 is the quickest.
  package func read(
    _ images: [FitImage], statedConvergence: Double, quarterTurns: Int = 4
  ) throws(PACBEDError) -> [NetworkReading] {
    let logits = try logits(images, statedConvergence: statedConvergence, quarterTurns: quarterTurns)
    return images.indices.map { number in
      NetworkReading(
        heads, logits, at: number, quarterTurns: quarterTurns,
        temperatures: temperatures.at(noise: images[number].noise))
    }
  }

  func logits(
    _ images: [FitImage], statedConvergence: Double, quarterTurns: Int
  ) throws(PACBEDError) -> [String: [Float]] {
    let count = FitImage.size * FitImage.size
    var input = [Float](repeating: 0, count: images.count * quarterTurns * 2 * count)
    var turned = [Float](repeating: 0, count: count)
    input.withUnsafeMutableBufferPointer { input in
      guard let base = input.baseAddress else { return }
      for (number, image) in images.enumerated() {
        for turn in 0..<quarterTurns {
          image.pixels.withUnsafeBufferPointer { from in
            turned.withUnsafeMutableBufferPointer { turned in
              guard let from = from.baseAddress, let into = turned.baseAddress else { return }
              QuarterTurn.turn(from, by: turn, into: into)
              NetworkImage.encode(into, into: base + (number * quarterTurns + turn) * 2 * count)
            }
          }
        }
      }
    }
    let beam = [Float](repeating: heads.beam(statedConvergence), count: images.count * quarterTurns)
    do {
      return try predictor.predict(["image": input, "beam": beam])
    } catch {
      throw .training("\(error)")
    }
  }
}

/// How much the network's confidence must be softened, by the noise of the image: found on patterns kept
/// aside, so that what it calls 70 % is right in 70 of 100 cases.
package struct Temperatures: Sendable, Hashable {
  /// By head.
  package struct Set: Sendable, Hashable {
    var values: [PatternNetwork.Head: Double]
    subscript(head: PatternNetwork.Head) -> Double { values[head] ?? 1 }
  }

  /// Measured noise, ascending.
  var noises: [Double]
  var sets: [Set]

  package static let none = Temperatures(noises: [0], sets: [Set(values: [:])])

  /// Interpolated between the noises that were measured.
  func at(noise: Double) -> Set {
    guard let high = noises.firstIndex(where: { $0 >= noise }) else { return sets[sets.count - 1] }
    guard high > 0 else { return sets[0] }
    let part = (noise - noises[high - 1]) / (noises[high] - noises[high - 1])
    var set = Set(values: [:])
    for head in PatternNetwork.Head.allCases {
      set.values[head] = sets[high - 1][head] * (1 - part) + sets[high][head] * part
    }
    return set
  }
}
