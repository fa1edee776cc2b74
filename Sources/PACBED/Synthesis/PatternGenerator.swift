import Arrays
import Glibc  // sin, cos, log, exp
import Scattering

/// The ranges that training patterns are drawn from. Every draw is uniform in its range unless it says
/// otherwise.
public struct PatternDistribution: Sendable, Hashable {
  /// Pixels along an edge of a pattern.
  public var size: Int
  /// nm.
  public var thickness: ClosedRange<Double>
  /// The share of patterns whose thickness is drawn from the thinnest fifth of the range as well.
  public var thinShare = 0.0
  /// mrad.
  public var convergence: ClosedRange<Double>
  /// Magnitude in mrad; its azimuth is any.
  public var mistilt: ClosedRange<Double>
  /// mrad a pixel, drawn evenly in its logarithm.
  public var pitch: ClosedRange<Double>
  /// Degrees.
  public var rotation: ClosedRange<Double> = 0...360
  /// The direct beam's distance from the centre along rows and columns, in pixels.
  public var shift = 0.0
  /// The largest elliptical distortion.
  public var distortion = 0.0
  public var background: ClosedRange<Double> = 0...0
  public var haze: ClosedRange<Double> = 0...0
  public var hazeWidth: ClosedRange<Double> = 20...60
  /// Electrons a pattern, drawn evenly in the logarithm; nil for no counting noise.
  public var electrons: ClosedRange<Double>?
  public var noise: ClosedRange<Double> = 0...0
  public var hotPixels: ClosedRange<Double> = 0...0
  /// Patterns in a row that share all but thickness and noise: they cost little more than one.
  public var patternsPerGeometry = 8

  public init(
    size: Int, thickness: ClosedRange<Double>, convergence: ClosedRange<Double>, mistilt: ClosedRange<Double>,
    pitch: ClosedRange<Double>
  ) {
    self.size = size
    self.thickness = thickness
    self.convergence = convergence
    self.mistilt = mistilt
    self.pitch = pitch
  }
}

/// What a drawn pattern shows.
public struct PatternLabel: Sendable, Hashable {
  /// nm.
  public var thickness: Double
  public var illumination: Illumination
  public var geometry: PatternGeometry
  public var detector: Detector
  /// Which of the generator's tables it was made from.
  public var table: Int
}

/// Patterns drawn from a distribution: number i is the same pattern whenever, in whatever batch and on
/// however many threads it is made.
public struct PatternGenerator: Sendable {
  /// Tables of one crystal that differ in what is uncertain (Debye-Waller factors, absorption): each
  /// geometry draws one.
  public let tables: [PACBEDTable]
  public let distribution: PatternDistribution
  private let random: RandomNumbers

  public init(tables: [PACBEDTable], distribution: PatternDistribution, seed: UInt64) throws(PACBEDError) {
    guard !tables.isEmpty else { throw .parameter("patterns need a table") }
    guard (1...4096).contains(distribution.size), distribution.patternsPerGeometry > 0,
      distribution.pitch.lowerBound > 0, distribution.convergence.lowerBound > 0,
      (distribution.electrons?.lowerBound ?? 1) > 0
    else { throw .parameter("a distribution of patterns with an empty or negative range") }
    for table in tables {
      let request = table.request
      guard
        distribution.convergence.upperBound + distribution.pitch.upperBound / 2 <= request.convergence
          * 1.0001,
        distribution.mistilt.upperBound <= request.mistilt * 1.0001,
        distribution.thickness.upperBound <= request.thickness * 1.0001
      else { throw .parameter("the table does not reach as far as the distribution of patterns") }
    }
    self.tables = tables
    self.distribution = distribution
    random = RandomNumbers(seed: seed)
  }

  /// Patterns `first` to `first + count`, one after the other in `images` (size x size each), on all cores.
  /// Pixels beyond the table's angle are dark.
  public func fill(first: Int, count: Int, images: UnsafeMutableBufferPointer<Float>) -> [PatternLabel] {
    let pixels = distribution.size * distribution.size
    precondition(images.count >= count * pixels, "room for every pattern")
    guard count > 0, let base = images.baseAddress else { return [] }
    let group = distribution.patternsPerGeometry
    let firstGroup = first / group
    let groups = (first + count - 1) / group - firstGroup + 1
    nonisolated(unsafe) let target = base
    let labels = parallelMap(groups) { g -> [PatternLabel] in
      let start = max(first, (firstGroup + g) * group)
      let end = min(first + count, (firstGroup + g + 1) * group)
      return make(start..<end, group: firstGroup + g, into: target + (start - first) * pixels)
    }
    return labels.flatMap { $0 }
  }

  public func batch(first: Int, count: Int) -> (images: [Float], labels: [PatternLabel]) {
    var labels: [PatternLabel] = []
    let size = count * distribution.size * distribution.size
    let images = [Float](unsafeUninitializedCapacity: size) { buffer, initialized in
      labels = fill(first: first, count: count, images: buffer)
      initialized = size
    }
    return (images, labels)
  }

  /// What pattern `index` shows, without making it.
  public func label(_ index: Int) -> PatternLabel {
    let group = index / distribution.patternsPerGeometry
    var shared = random.stream(2 * group)
    let common = drawCommon(&shared)
    var own = random.stream(2 * index + 1)
    return drawOwn(common, &own)
  }

  private func make(_ range: Range<Int>, group: Int, into images: UnsafeMutablePointer<Float>)
    -> [PatternLabel]
  {
    var shared = random.stream(2 * group)
    let common = drawCommon(&shared)
    var streams = range.map { random.stream(2 * $0 + 1) }
    let labels = streams.indices.map { drawOwn(common, &streams[$0]) }
    tables[common.table].fillPatterns(
      common.geometry, common.illumination, thicknesses: labels.map(\.thickness), into: images)
    let pixels = distribution.size * distribution.size
    for i in streams.indices {
      labels[i].detector.record(
        UnsafeMutableBufferPointer(start: images + i * pixels, count: pixels), geometry: common.geometry,
        random: &streams[i])
    }
    return labels
  }

  private func drawCommon(_ random: inout RandomNumbers) -> PatternLabel {
    let d = distribution
    func logarithmic(_ range: ClosedRange<Double>) -> Double {
      exp(random.uniform(in: log(range.lowerBound)...log(range.upperBound)))
    }
    let pitch = logarithmic(d.pitch)
    let tilt = random.uniform(in: d.mistilt)
    let azimuth = random.uniform(in: 0...2 * .pi)
    let strength = random.uniform(in: 0...d.distortion)
    let direction = random.uniform(in: 0...2 * .pi)
    let middle = Double(d.size - 1) / 2
    let centre = Vector2(
      middle + random.uniform(in: -d.shift...d.shift), middle + random.uniform(in: -d.shift...d.shift))
    return PatternLabel(
      thickness: 0,
      illumination: Illumination(
        convergence: random.uniform(in: d.convergence), mistilt: [tilt * cos(azimuth), tilt * sin(azimuth)],
        edge: .intensity(width: pitch)),
      geometry: PatternGeometry(
        rows: d.size, columns: d.size, pitch: [pitch, pitch], centre: centre,
        rotationDegrees: random.uniform(in: d.rotation),
        distortion: [strength * cos(direction), strength * sin(direction)]),
      detector: Detector(), table: random.integer(below: tables.count))
  }

  private func drawOwn(_ common: PatternLabel, _ random: inout RandomNumbers) -> PatternLabel {
    let d = distribution
    var label = common
    var range = d.thickness
    if random.uniform() < d.thinShare {
      range = range.lowerBound...(range.lowerBound + (range.upperBound - range.lowerBound) / 5)
    }
    label.thickness = random.uniform(in: range)
    label.detector = Detector(
      background: random.uniform(in: d.background), haze: random.uniform(in: d.haze),
      hazeWidth: random.uniform(in: d.hazeWidth),
      electrons: d.electrons.map { exp(random.uniform(in: log($0.lowerBound)...log($0.upperBound))) },
      noise: random.uniform(in: d.noise), hotPixels: random.uniform(in: d.hotPixels))
    return label
  }
}
