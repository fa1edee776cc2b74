import Arrays
import Glibc  // cos, sin
import Scattering

/// Reads a frame with the network, then lets the physics decide: every candidate, however improbable, is
/// fitted against the table, and the best match wins.
public struct PatternMatcher: Sendable {
  public let domain: ModelDomain
  public let reader: PatternReader
  public let table: PACBEDTable

  public init(domain: ModelDomain, reader: PatternReader, table: PACBEDTable) {
    self.domain = domain
    self.reader = reader
    self.table = table
  }

  public enum Method: String, Sendable, CaseIterable {
    case networkAndFit = "network+fit"
    case network
    /// The published way: one pass after another, each with the scale that the last one predicted, damped.
    case baseline
    /// The simulation at no mistilt with the smallest sum of squared differences.
    case leastSquares = "least_squares"
  }

  /// What is known before a frame is looked at.
  public struct Conditions: Sendable {
    /// mrad.
    public var convergence: Double
    /// mrad a pixel of the camera; nil to find it from the disc's size.
    public var pixel: Double?
    /// Row and column on the camera; nil to find it.
    public var centre: Vector2?
    /// True angle of a pixel over the stated one, where it is known.
    public var scale: Double?
    public var method = Method.networkAndFit
    /// Geometry of an earlier frame of the session: it stays as it is.
    public var shared: SharedGeometry?
    /// Whether all cores may work on this one frame; not where several frames are worked on at once.
    public var isAlone = true

    public init(convergence: Double) { self.convergence = convergence }
  }

  /// What does not change from frame to frame of a session.
  public struct SharedGeometry: Sendable, Hashable {
    /// mrad a pixel of the camera.
    public var pixel: Double
    public var rotationDegrees: Double
    public var convergence: Double
    public var distortion: Vector2

    public init(pixel: Double, rotationDegrees: Double, convergence: Double, distortion: Vector2) {
      self.pixel = pixel
      self.rotationDegrees = rotationDegrees
      self.convergence = convergence
      self.distortion = distortion
    }
  }

  /// One explanation of a frame.
  public struct Candidate: Sendable {
    public var fit: PatternFit.Result
    /// Relative to the other candidates, by the residuals' likelihood.
    public var probability: Double
  }

  public struct Output: Sendable {
    /// The image that was read and fitted last.
    public var image: FitImage
    public var reading: NetworkReading?
    /// Best first; none without a fit.
    public var candidates: [Candidate]
    /// Thickness against match at the best fit's geometry.
    public var curve: (thicknesses: [Double], matches: [Double])
    /// Pixels of the camera to one of the image.
    public var step: Double
    /// Where the middle of the image lies on the camera, rows and columns.
    public var centre: Vector2
    /// The angle of a pixel by the disc's size was assumed, not stated.
    public var isScaleFound: Bool
    /// mrad a camera pixel, as assumed before the scale was read.
    public var assumedPixel: Double
  }

  /// `turns` of the image that the network reads: 4 for one frame, 1 for a flood of them.
  public func match(
    _ frame: CameraFrame, _ conditions: Conditions, turns: Int = 4
  ) throws(PACBEDError) -> Output {
    let first =
      conditions.method == .baseline
      ? try published(frame, conditions) : try look(frame, conditions, turns: turns)
    var output = Output(
      image: first.image, reading: first.reading, candidates: [], curve: ([], []),
      step: first.step * frame.reduction, centre: onCamera(first.centre, frame),
      isScaleFound: conditions.pixel == nil && conditions.shared == nil,
      assumedPixel: first.assumed / frame.reduction)
    switch conditions.method {
    case .network, .baseline: break
    case .leastSquares:
      var fit = PatternFit(table: table, image: first.image, statedConvergence: conditions.convergence)
      fit.fixed = Set(PatternFit.Quantity.allCases)
      output.candidates = naive(fit, first.reading)
      output.reading = nil
    case .networkAndFit:
      let fit = PatternFit(table: table, image: first.image, statedConvergence: conditions.convergence)
      (output.candidates, output.curve) = referee(fit, first.reading, conditions)
    }
    return output
  }

  private func onCamera(_ place: Vector2, _ frame: CameraFrame) -> Vector2 {
    place * frame.reduction + Vector2(1, 1) * (frame.reduction - 1) / 2
  }

  // MARK: The network

  struct Look {
    var image: FitImage
    var reading: NetworkReading
    /// In the reduced frame.
    var centre: Vector2
    var step: Double
    /// mrad a pixel of the reduced frame, before the scale was read.
    var assumed: Double
  }

  /// Cuts the image out, reads scale and centre, and cuts it out again where they lie.
  private func look(
    _ frame: CameraFrame, _ conditions: Conditions, turns: Int
  ) throws(PACBEDError) -> Look {
    let alpha = conditions.convergence
    let pitch = ModelDomain.field * alpha / (Double(FitImage.size) / 2)
    var frame = frame
    let known = conditions.shared?.pixel ?? conditions.pixel.map { $0 * (conditions.scale ?? 1) }
    frame.findDisc(radius: known.map { alpha / ($0 * frame.reduction) })
    var centre = frame.centre
    if let given = conditions.centre {
      centre = (given - Vector2(1, 1) * (frame.reduction - 1) / 2) / frame.reduction
    }
    var pixels: [Double]
    if let shared = conditions.shared {
      pixels = [shared.pixel * frame.reduction]
    } else if let stated = conditions.pixel {
      pixels = [stated * frame.reduction * (conditions.scale ?? 1)]
    } else {
      // The bright area is the disc, or some of it, or more than it.
      let found = alpha / max(2, frame.radius)
      pixels = [found, found * 0.88, found * 1.14]
    }
    let assumed = pixels[0]
    var best: Look?
    for round in 0..<3 {
      let images = pixels.map { frame.view(centre: centre, step: pitch / $0, pitch: pitch) }
      let readings = try reader.read(
        images, statedConvergence: alpha, turns: round == 0 && pixels.count > 1 ? 1 : turns)
      // The guess whose scale the network is surest of, away from the ends of its range.
      let scores = readings.map { reading -> Double in
        let peak = reader.heads.scale.peaks(reading.scale, limit: 1).first
        let offset = abs((peak?.value ?? 2) - 1)
        return (peak?.probability ?? 0) - 3 * offset
      }
      let chosen = scores.indices.max { scores[$0] < scores[$1] } ?? 0
      let reading = readings[chosen]
      let pixel = pixels[chosen]
      best = Look(
        image: images[chosen], reading: reading, centre: centre, step: pitch / pixel, assumed: assumed)
      let scale = reader.heads.scale.peaks(reading.scale, limit: 1).first?.value ?? 1
      let moves = conditions.centre == nil ? reading.shift : .zero
      let isFixed = conditions.shared != nil || conditions.scale != nil
      // Done when the image is cut out where the network sees it.
      if moves.length < 0.75, isFixed || abs(scale - 1) < 0.03, pixels.count == 1 || round > 0 { break }
      if round == 2 { break }
      if conditions.centre == nil { centre += reading.shift * (pitch / pixel) }
      pixels = [isFixed ? pixel : pixel * scale]
    }
    guard let best else { throw .parameter("no image") }
    return best
  }

  /// The published preprocessing: centre of mass of Otsu's mask, and a scale that is read again and again,
  /// damped: s_k = (k + (n - k) s) / n after pass k of n.
  private func published(_ frame: CameraFrame, _ conditions: Conditions) throws(PACBEDError) -> Look {
    let alpha = conditions.convergence
    let pitch = ModelDomain.field * alpha / (Double(FitImage.size) / 2)
    let assumed = conditions.pixel.map { $0 * frame.reduction } ?? alpha / max(2, frame.radius)
    var pixel = assumed
    let passes = 5
    var best: Look?
    for pass in 1...passes {
      let image = frame.view(centre: frame.centre, step: pitch / pixel, pitch: pitch)
      let reading = try reader.read([image], statedConvergence: alpha, turns: 1)[0]
      best = Look(
        image: image, reading: reading, centre: frame.centre, step: pitch / pixel, assumed: assumed)
      let scale = reader.heads.scale.peaks(reading.scale, limit: 1).first?.value ?? 1
      let damped = (Double(pass) + Double(passes - pass) * scale) / Double(passes)
      pixel *= damped
    }
    guard let best else { throw .parameter("no image") }
    return best
  }

  // MARK: The fit

  /// Every candidate of the network and every summit of the match over all thicknesses is fitted.
  private func referee(
    _ template: PatternFit, _ reading: NetworkReading, _ conditions: Conditions
  ) -> (candidates: [Candidate], curve: (thicknesses: [Double], matches: [Double])) {
    var fit = template
    let heads = reader.heads
    let axis = ThicknessScan.axis(domain.thickness)
    let peaks = heads.thickness.peaks(reading.thickness, limit: 3)
    let starts = hypotheses(reading, conditions, fit.image.pitch)
    if let shared = conditions.shared {
      fit.fixed = [.convergence, .scale, .rotation, .distortionX, .distortionY]
      fit.statedConvergence = shared.convergence
    } else if conditions.scale != nil {
      fit.fixed = [.scale]
    }
    if conditions.centre != nil { fit.fixed.formUnion([.shiftX, .shiftY]) }
    let prepared = fit
    func each<T: Sendable>(_ count: Int, _ body: @Sendable (Int) -> T) -> [T] {
      conditions.isAlone ? parallelMap(count, body) : (0..<count).map(body)
    }
    let scans = each(starts.count) { ThicknessScan(prepared, starts[$0], thicknesses: axis) }
    // (match, start): the best start for every thickness that deserves a fit.
    var seeds: [(match: Double, parameters: PatternParameters)] = []
    func add(_ match: Double, _ p: PatternParameters) {
      let reach = max(0.7, 0.035 * p.thickness)
      if let near = seeds.firstIndex(where: { abs($0.parameters.thickness - p.thickness) < reach }) {
        if match > seeds[near].match { seeds[near] = (match, p) }
      } else {
        seeds.append((match, p))
      }
    }
    for (scan, start) in zip(scans, starts) {
      for index in scan.summits.prefix(4) {
        var p = start
        p.thickness = axis[index]
        add(scan.matches[index], p)
      }
    }
    seeds.sort { $0.match > $1.match }
    seeds = Array(seeds.prefix(3))
    for peak in peaks where !seeds.contains(where: { abs($0.parameters.thickness - peak.value) < 1 }) {
      var p = starts[0]
      p.thickness = peak.value
      seeds.append((0, p))
    }
    let chosen = seeds
    var results = each(chosen.count) { prepared.run(from: chosen[$0].parameters, steps: 5) }
    results = Self.distinct(results)
    let kept = min(2, results.count)
    let goOn = Array(results.prefix(kept))
    let refined = each(kept) { prepared.run(from: goOn[$0].parameters, steps: 10) }
    results = Self.distinct(refined + results.dropFirst(kept))
    let curve = results.first.map { best in
      ThicknessScan(prepared, best.parameters, thicknesses: axis)
    }
    return (
      weigh(results, pixels: fit.image.counted.count), (curve?.thicknesses ?? [], curve?.matches ?? [])
    )
  }

  /// Directions and mistilts that the network thinks of, thickness aside.
  private func hypotheses(
    _ reading: NetworkReading, _ conditions: Conditions, _ pitch: Double
  ) -> [PatternParameters] {
    let heads = reader.heads
    var base = PatternParameters(thickness: 1, convergence: conditions.convergence)
    base.scale = heads.scale.peaks(reading.scale, limit: 1).first?.value ?? 1
    if conditions.scale != nil || conditions.shared != nil { base.scale = 1 }
    base.shift = conditions.centre == nil ? reading.shift : .zero
    var rotations = heads.rotation.peaks(reading.rotation, limit: 2).map { ($0.value, $0.probability) }
    if let shared = conditions.shared {
      rotations = [(shared.rotationDegrees, 1)]
      base.convergence = shared.convergence
      base.distortion = shared.distortion
    }
    let azimuths = heads.azimuth.peaks(reading.azimuth, limit: 2).map { ($0.value, $0.probability) }
    let tilts = heads.mistilt.peaks(reading.mistilt, limit: 2).map { ($0.value, $0.probability) }
    var all: [(weight: Double, parameters: PatternParameters)] = []
    for rotation in rotations {
      for azimuth in azimuths {
        for tilt in tilts {
          var p = base
          p.rotationDegrees = rotation.0
          let direction = (azimuth.0 - rotation.0) * .pi / 180
          p.mistilt = [tilt.0 * cos(direction), tilt.0 * sin(direction)]
          all.append((rotation.1 * azimuth.1 * tilt.1, p))
        }
      }
    }
    all.sort { $0.weight > $1.weight }
    let likely = all.enumerated().filter { $0.offset == 0 || $0.element.weight > 0.02 }.prefix(4)
    return likely.map(\.element.parameters)
  }

  /// Best first; of minima that fits reached from several sides one is kept.
  static func distinct(_ results: [PatternFit.Result]) -> [PatternFit.Result] {
    var kept: [PatternFit.Result] = []
    for result in results.sorted(by: { $0.match > $1.match }) {
      let t = result.parameters.thickness
      if kept.contains(where: { abs($0.parameters.thickness - t) < max(0.5, 0.02 * t) }) { continue }
      kept.append(result)
    }
    return kept
  }

  /// Probabilities by the residuals' likelihood. Residuals are never independent from pixel to pixel: they
  /// count as a tenth of their number.
  private func weigh(_ results: [PatternFit.Result], pixels: Int) -> [Candidate] {
    guard let best = results.first else { return [] }
    let variance = max(best.squares / Double(max(1, pixels)), 1e-30)
    let weights = results.map { exp(-($0.squares - best.squares) / variance / 20) }
    let sum = weights.reduce(0, +)
    return zip(results, weights).map { Candidate(fit: $0, probability: $1 / sum) }
  }

  /// The baseline: no mistilt, the geometry that the network sees, the thickness of the best match.
  private func naive(_ fit: PatternFit, _ reading: NetworkReading) -> [Candidate] {
    var p = PatternParameters(thickness: 1, convergence: fit.statedConvergence)
    p.scale = reader.heads.scale.peaks(reading.scale, limit: 1).first?.value ?? 1
    p.shift = reading.shift
    p.rotationDegrees = reader.heads.rotation.peaks(reading.rotation, limit: 1).first?.value ?? 0
    let scan = ThicknessScan(fit, p, thicknesses: ThicknessScan.axis(domain.thickness))
    return scan.summits.prefix(4).map { index in
      var q = p
      q.thickness = scan.thicknesses[index]
      return Candidate(fit: fit.run(from: q, steps: 0), probability: 0)
    }
  }
}
