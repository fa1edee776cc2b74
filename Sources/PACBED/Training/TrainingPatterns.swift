import System
import Glibc  // sin, cos, exp, log
import Learning
import Scattering

/// Patterns as cameras record them, made while a network learns: no two are alike and none is stored.
/// Number i is the same pattern whenever and on whatever thread it is made.
package struct TrainingPatterns: Sendable {
  /// What a pattern shows, as the network is to say it.
  package struct Truth: Sendable, Hashable {
    /// nm.
    package var thickness: Double
    /// mrad.
    package var convergence: Double
    package var statedConvergence: Double
    /// mrad, in the crystal's frame.
    package var mistilt: Vector2
    /// Degrees in the image.
    package var azimuthDegrees: Double
    package var rotationDegrees: Double
    package var scale: Double
    /// Pixels, rows and columns, off the image's middle.
    package var shift: Vector2
    /// Standard deviation of the noise in units of the brightest pixel.
    package var noise: Double
  }

  /// What is added to the physics.
  package struct Disturbances: Sendable, Hashable {
    /// Noise of a pixel in units of the brightest one: the largest, and the power of the uniform draw
    /// (more than 1: most patterns have little).
    package var noise = 0.55
    /// Noise grows to its full strength over so many patterns: first what there is to see, then how to see
    /// it through noise.
    package var calm = 0
    package var noisePower = 2.5
    /// Electrons a pattern, drawn evenly in the logarithm.
    package var electrons: ClosedRange<Double> = 2e5...1e9
    package var distortion = 0.03
    package var background = 0.15
    package var haze = 0.3
    /// The camera's blur: the largest standard deviation of its Gaussian, in radii of the disc.
    package var blur = 0.06
    /// Electrons that lost energy to a plasmon as well: the largest share of the pattern, and how far they went, as the
    /// standard deviation of a Gaussian in radii of the disc.
    package var plasmons = 0.4
    package var plasmonWidth = 0.05...0.25
    /// The share of patterns with hot pixels, and with a saturated camera.
    package var hot = 0.15
    package var saturated = 0.08
    /// Share of patterns drawn from the thinnest fifth of the range as well.
    package var thin = 0.3

    package init() {}

    /// Everything of the geometry, nothing of the camera but Gaussian noise of one strength.
    package static func noise(_ sigma: Double) -> Disturbances {
      var d = Disturbances()
      (d.noise, d.noisePower, d.distortion, d.background, d.haze) = (sigma, 0, 0, 0, 0)
      (d.blur, d.plasmons) = (0, 0)
      (d.electrons, d.hot, d.saturated, d.thin) = (1e30...1e30, 0, 0, 0)
      return d
    }
  }

  package let domain: ModelDomain
  package let heads: PatternNetwork
  let tables: [PACBEDTable]
  let disturbances: Disturbances
  let random: RandomNumbers
  /// Patterns in a row that differ in thickness, camera and a quarter turn only: they cost little more
  /// than one.
  static let group = 4

  package init(
    _ domain: ModelDomain, tables: [PACBEDTable], disturbances: Disturbances = .init(), seed: UInt64
  ) throws(PACBEDError) {
    guard !tables.isEmpty else { throw .parameter("patterns need a table") }
    self.domain = domain
    heads = try PatternNetwork(domain)
    self.tables = tables
    self.disturbances = disturbances
    random = RandomNumbers(seed: seed)
  }

  /// For a trainer: sample s of step n is pattern n * batch + s.
  package func source(batch: Int) -> SampleSource {
    { step, range in
      let first = step * batch
      return samples(first + range.lowerBound..<first + range.upperBound).samples
    }
  }

  /// Inputs and targets of a range of patterns, on the calling thread alone.
  package func samples(_ range: Range<Int>) -> (samples: Samples, truths: [Truth]) {
    let count = PatternNetwork.size * PatternNetwork.size
    var truths: [Truth] = []
    truths.reserveCapacity(range.count)
    let images = [Float](unsafeUninitializedCapacity: range.count * 2 * count) { buffer, initialised in
      guard let base = buffer.baseAddress else { return }
      let raw = UnsafeMutablePointer<Float>.allocate(capacity: Self.group * count)
      let turned = UnsafeMutablePointer<Float>.allocate(capacity: count)
      defer {
        raw.deallocate()
        turned.deallocate()
      }
      var at = range.lowerBound
      while at < range.upperBound {
        let end = min(range.upperBound, (at / Self.group + 1) * Self.group)
        for (number, truth) in fill(at..<end, raw).enumerated() {
          let channels = base + (at - range.lowerBound + number) * 2 * count
          let turns = (at + number) % 4
          QuarterTurn.turn(raw + number * count, by: turns, into: turned)
          NetworkImage.encode(turned, into: channels)
          truths.append(truth)
        }
        at = end
      }
      initialised = range.count * 2 * count
    }
    let samples = Samples(
      inputs: ["image": images, "beam": truths.map { heads.beam($0.statedConvergence) }],
      targets: targets(truths))
    return (samples, truths)
  }

  /// A pattern as a camera sees it, before it is standardised.
  package func image(_ number: Int) -> (image: FitImage, truth: Truth) {
    let count = PatternNetwork.size * PatternNetwork.size
    var raw = [Float](repeating: 0, count: count)
    var turned = raw
    let truths = raw.withUnsafeMutableBufferPointer { raw -> [Truth] in
      guard let base = raw.baseAddress else { return [] }
      let truths = fill(number..<number + 1, base)
      turned.withUnsafeMutableBufferPointer { turned in
        if let into = turned.baseAddress { QuarterTurn.turn(base, by: number % 4, into: into) }
      }
      return truths
    }
    let pitch = ModelDomain.field * truths[0].statedConvergence / (Double(PatternNetwork.size) / 2)
    return (
      FitImage(pixels: turned, isCounted: [Bool](repeating: true, count: count), pitch: pitch), truths[0]
    )
  }

  func thickness(_ number: Int) -> Double {
    var stream = random.stream(2 * number + 1)
    return drawThickness(&stream)
  }

  func targets(_ truths: [Truth]) -> [String: [Float]] {
    var targets: [String: [Float]] = [:]
    for head in PatternNetwork.Head.allCases {
      guard let axis = heads.axis(head) else {
        targets[head.rawValue] = truths.flatMap {
          [Float($0.shift.x / NetworkImage.shift), Float($0.shift.y / NetworkImage.shift)]
        }
        continue
      }
      var values = [Float](repeating: 0, count: truths.count * axis.count)
      for (number, truth) in truths.enumerated() {
        let start = number * axis.count
        var certainty: Float = 1
        let value: Double
        switch head {
        case .thickness: value = truth.thickness
        case .mistilt: value = truth.mistilt.length
        case .scale: value = truth.scale
        case .rotation: value = truth.rotationDegrees
        default:
          value = truth.azimuthDegrees
          // A crystal that is hardly tilted is tilted in no direction.
          certainty = Float(min(1, truth.mistilt.length / (0.1 * domain.mistilt.upperBound)))
        }
        if certainty < 1 {
          for bin in 0..<axis.count { values[start + bin] = (1 - certainty) / Float(axis.count) }
        }
        axis.share(value) { values[start + $0] += certainty * $1 }
      }
      targets[head.rawValue] = values
    }
    return targets
  }
}

/// Turns a square image by quarter turns: any crystal may lie so on the camera.
enum QuarterTurn {
  /// From rows towards columns: what lay at +x (down) comes to lie at +y (right).
  static func turn(_ from: UnsafePointer<Float>, by turns: Int, into: UnsafeMutablePointer<Float>) {
    let n = PatternNetwork.size
    switch ((turns % 4) + 4) % 4 {
    case 0: into.update(from: from, count: n * n)
    case 1: for r in 0..<n { for c in 0..<n { into[r * n + c] = from[c * n + (n - 1 - r)] } }
    case 2: for i in 0..<n * n { into[i] = from[n * n - 1 - i] }
    default: for r in 0..<n { for c in 0..<n { into[r * n + c] = from[(n - 1 - c) * n + r] } }
    }
  }

  static func turn(_ v: Vector2, by turns: Int) -> Vector2 {
    switch ((turns % 4) + 4) % 4 {
    case 0: v
    case 1: [-v.y, v.x]
    case 2: [-v.x, -v.y]
    default: [v.y, -v.x]
    }
  }
}
