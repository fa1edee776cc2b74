import Analysis
import Arrays
import Scattering

/// Reads a frame with the network, then lets the physics decide: every candidate, however improbable, is
/// fitted against the table, and the best match wins.
package struct PatternMatcher: Sendable {
  package let domain: ModelDomain
  package let reader: PatternReader
  /// What the last word is taken from; one of them serves the search.
  package let tables: MotionTables
  var table: PACBEDTable { tables.middle }
  /// Degrees after which a turned crystal looks the same again.
  let period: Double
  /// By convergence angle.
  let screens = ModelStore<Double, PatternScreen>(limit: 4)

  package init(domain: ModelDomain, reader: PatternReader, tables: MotionTables) {
    self.domain = domain
    self.reader = reader
    self.tables = tables
    period = (try? domain.rotationPeriod()) ?? 360
  }

  package enum Method: String, Sendable, CaseIterable {
    case networkAndFit = "network+fit"
    case network
    /// The published way: one pass after another, each with the scale that the last one predicted, damped.
    case baseline
    /// The simulation at no mistilt with the smallest sum of squared differences.
    case leastSquares = "least_squares"
  }

  /// What is known before a frame is looked at.
  package struct Conditions: Sendable {
    /// mrad.
    package var convergence: Double
    /// mrad a pixel of the camera; nil to find it from the disc's size.
    package var pixel: Double?
    /// Row and column on the camera; nil to find it.
    package var centre: Vector2?
    /// True angle of a pixel over the stated one, where it is known.
    package var scale: Double?
    package var method = Method.networkAndFit
    /// Geometry of an earlier frame of the session: it stays as it is.
    package var shared: SharedGeometry?
    /// Geometry of earlier frames where the fit begins: only the search for it is spared.
    package var known: SharedGeometry?
    /// Whether all cores may work on this one frame; not where several frames are worked on at once.
    package var isAlone = true

    package init(convergence: Double) { self.convergence = convergence }

    /// What need not be searched for.
    var found: SharedGeometry? { shared ?? known }
  }

  /// What does not change from frame to frame of a session.
  package struct SharedGeometry: Sendable, Hashable {
    /// mrad a pixel of the camera.
    package var pixel: Double
    package var rotationDegrees: Double
    package var convergence: Double
    package var distortion: Vector2

    package init(pixel: Double, rotationDegrees: Double, convergence: Double, distortion: Vector2) {
      self.pixel = pixel
      self.rotationDegrees = rotationDegrees
      self.convergence = convergence
      self.distortion = distortion
    }
  }

  /// One explanation of a frame.
  package struct Candidate: Sendable {
    package var fit: PatternFit.Result
    /// Relative to the other candidates, by the residuals' likelihood.
    package var probability: Double
  }

  package struct Output: Sendable {
    /// The image that was read and fitted last.
    package var image: FitImage
    package var reading: NetworkReading?
    /// Best first; none without a fit.
    package var candidates: [Candidate]
    /// Thickness against match at the best fit's geometry.
    package var curve: (thicknesses: [Double], matches: [Double])
    /// Pixels of the camera to one of the image.
    package var step: Double
    /// Where the middle of the image lies on the camera, rows and columns.
    package var centre: Vector2
    /// mrad a camera pixel, as assumed before the scale was read.
    package var assumedPixel: Double
    /// Variance of a pixel of the image by the camera's noise.
    var noise: CameraNoise
    /// What the best answer has to explain; nil without one.
    var structure: PatternStructure?
    /// What the bright disc and what the rest says, each by itself.
    var witnesses: (disc: Witness, rest: Witness)?
  }

  /// `quarterTurns` of the image that the network reads: 4 for one frame, 1 for a flood of them.
  package func match(
    _ frame: CameraFrame, _ conditions: Conditions, quarterTurns: Int = 4
  ) throws(PACBEDError) -> Output {
    let looks =
      conditions.method == .baseline
      ? [try published(frame, conditions)] : try looks(frame, conditions, quarterTurns: quarterTurns)
    guard let first = looks.first else { throw .parameter("no image") }
    var judgement: Judgement?
    switch conditions.method {
    case .network, .baseline: break
    case .leastSquares: judgement = naive(first, conditions)
    case .networkAndFit: judgement = referee(looks, conditions)
    }
    let look = judgement?.look ?? first
    let best = judgement?.candidates.first?.fit.parameters
    return Output(
      image: look.image, reading: conditions.method == .leastSquares ? nil : look.reading,
      candidates: judgement?.candidates ?? [], curve: judgement?.curve ?? ([], []),
      step: look.step * frame.reduction, centre: onCamera(look.centre, frame),
      assumedPixel: look.assumed / frame.reduction, noise: noise(of: look, in: frame, best),
      structure: best.map { PatternStructure(look.image, $0) }, witnesses: judgement?.witnesses)
  }

  /// Where a pixel of the image is hardly larger than the camera's, the fitted pattern changes between neighbours.
  private func noise(of look: Look, in frame: CameraFrame, _ p: PatternParameters?) -> CameraNoise {
    var pattern: Matrix?
    if let p, look.step < 2.5 {
      let pitch = look.image.pitch * p.scale / look.step
      let geometry = PatternGeometry(
        rows: frame.image.rows, columns: frame.image.columns, pitch: [pitch, pitch],
        centre: look.centre + p.shift * look.step, rotationDegrees: p.rotationDegrees,
        distortion: p.distortion)
      let strength = Appearance(tables, look.image, p).strength
      var drawn = tables.pattern(
        geometry, p.illumination(pitch: look.image.pitch), thickness: p.thickness, share: p.motion)
      DetectorBlur.apply(
        p.blur * look.step * look.step, to: &drawn.values, rows: drawn.rows, columns: drawn.columns)
      let factor = Float(strength * look.step * look.step)
      pattern = drawn.mapValues { $0 * factor }
    }
    return CameraNoise(frame, centre: look.centre, step: look.step, pattern: pattern, view: look.image)
  }

  private func onCamera(_ place: Vector2, _ frame: CameraFrame) -> Vector2 {
    place * frame.reduction + Vector2(1, 1) * (frame.reduction - 1) / 2
  }
}
