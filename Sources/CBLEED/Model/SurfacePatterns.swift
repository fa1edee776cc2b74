import System
import Arrays
import Glibc

/// Simulated patterns of one aligned camera without noise, and what makes measured ones of them.
package struct SurfacePatterns: Sendable {
  package let surface: SurfaceModel
  package let detector: Detector
  package private(set) var images: [Matrix]
  /// A row for every pattern: energy, then the surface's parameters that vary, by name.
  package private(set) var parameters: DoubleMatrix
  package let targetNames: [String]
  /// Whether waves were scattered many times.
  package let isDynamical: Bool

  package init(
    surface: SurfaceModel, detector: Detector, isDynamical: Bool, _ patterns: [CBLEEDPattern]
  ) throws(CBLEEDError) {
    guard let first = patterns.first else { throw .request("there are no training patterns") }
    let names = first.sample.parameters.keys.sorted().filter { name in
      patterns.contains { $0.sample.parameters[name] != first.sample.parameters[name] }
    }
    guard patterns.allSatisfy({ $0.pixels.rows == detector.size && $0.pixels.columns == detector.size })
    else {
      throw .request("the training patterns differ in size")
    }
    self.surface = surface
    self.detector = detector
    self.isDynamical = isDynamical
    targetNames = ["beam_energy"] + names
    images = patterns.map(\.pixels)
    parameters =
      DoubleMatrix(
        rows: patterns.count, columns: names.count + 1,
        values: patterns.flatMap { pattern in
          [pattern.sample.energy] + names.map { pattern.sample.parameters[$0] ?? .nan }
        }
      ).inFilePrecision
  }

  package var count: Int { images.count }

  package func selecting(_ rows: [Int]) -> SurfacePatterns {
    var chosen = self
    chosen.images = rows.map { images[$0] }
    chosen.parameters = parameters.selectingRows(rows)
    return chosen
  }

  package func shuffled(seed: UInt64) -> SurfacePatterns {
    var random = RandomNumbers(seed: seed)
    return selecting(random.permutation(count))
  }
}

/// How hard the patterns that a model learns from are made to read.
package struct TrainingNoise: Sendable, Equatable {
  /// Electrons on the brightest pixel, drawn evenly in their logarithm.
  package var peakCounts: ClosedRange<Double>
  /// The share of patterns without any noise.
  package var clean: Double
  /// Diffuse background, up to this fraction of the brightest pixel.
  package var background: Double
  /// Standard deviation of what is left of the misalignment after the discs were fitted, in pixels.
  package var misalignment: Double

  package init(
    peakCounts: ClosedRange<Double> = 40...4000, clean: Double = 0.25, background: Double = 0.08,
    misalignment: Double = 0.03
  ) {
    self.peakCounts = peakCounts
    self.clean = clean
    self.background = background
    self.misalignment = misalignment
  }

  /// A pattern as a camera might show it, read at nearly the right place; nil for a dark one.
  func aligned(
    _ image: Matrix, _ detector: Detector, _ aligner: FrameAligner, _ random: inout RandomNumbers
  ) -> AlignedPattern? {
    let isClean = random.uniform() < clean
    let counts = exp(random.uniform(in: log(peakCounts.lowerBound)...log(peakCounts.upperBound)))
    let shift = PlaneVector(misalignment * random.normal(), misalignment * random.normal())
    var noisy = image
    if !isClean {
      noisy = Augmentation(peakCounts: counts, background: background).degrade(image, &random)
    }
    return aligner.read(noisy, FrameGeometry(detector).moved(shift))
  }
}

extension DoubleMatrix {
  /// As it comes back from a file, which keeps every number as the sum of two of single precision.
  var inFilePrecision: DoubleMatrix {
    mapValues { value in
      let coarse = Double(Float(value))
      return coarse + Double(Float(value - coarse))
    }
  }
}
