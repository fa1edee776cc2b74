import Analysis
import Diffraction
import Scattering

/// What earlier frames of a session found: angle of a pixel, the crystal's turn, convergence angle and distortion, and
/// how well such frames match. It spares a later frame the search for these, and holds nothing: the fit frees them all,
/// and where the frame is not like those before, the search is made in full.
package struct KnownGeometry: Sendable, Equatable, CustomStringConvertible {
  /// mrad a pixel of the camera.
  var pixel: Double
  /// As it is told: of the crystal's x.
  var rotationDegrees: Double
  /// mrad.
  var convergence: Double
  var distortion: Vector2
  /// The R of such frames.
  var match: Double

  /// As it is written: `0.12503,33.4,20.02,0.0011,-0.0004,0.9978`.
  package var description: String {
    [pixel, rotationDegrees, convergence, distortion.x, distortion.y, match].map { "\($0.told)" }
      .joined(separator: ",")
  }

  package init(_ text: String) throws(InvalidParameter) {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).compactMap { Double($0) }
    guard numbers.count == 6, (1e-4...20).contains(numbers[0]), (-360...360).contains(numbers[1]),
      (0.5...80).contains(numbers[2]), PatternFit.distortions.contains(numbers[3]),
      PatternFit.distortions.contains(numbers[4]), (0...1).contains(numbers[5])
    else {
      throw InvalidParameter(
        "known_geometry: \"\(text)\" is not pixel, rotation, convergence, two distortions and R")
    }
    pixel = numbers[0]
    rotationDegrees = numbers[1]
    convergence = numbers[2]
    distortion = Vector2(numbers[3], numbers[4])
    match = numbers[5]
  }

  /// So many frames must agree.
  private static let least = 3
  /// Thin crystals hardly tell their directions.
  private static let thinnest = 4.0

  /// Of accepted findings, the medians of the better half by match; nil while there are too few. The turn is that of the
  /// latest, if the one before it agrees: crystals are turned anew.
  init?(_ findings: [Finding]) {
    let model = findings.last?.model
    let usable = findings.compactMap { finding -> (geometry: PatternMatcher.SharedGeometry, match: Double)? in
      guard finding.verdict == .accept, finding.model == model, let match = finding["match"]?.value,
        finding["thickness"]?.value ?? 0 > Self.thinnest,
        let geometry = PACBEDEngine.shared(finding, nil)
      else { return nil }
      return (geometry, match)
    }
    guard usable.count >= Self.least else { return nil }
    let best = usable.sorted { $0.match > $1.match }.prefix(max(Self.least, usable.count / 2))
    func median(_ value: (PatternMatcher.SharedGeometry) -> Double) -> Double {
      best.map { value($0.geometry) }.sorted()[best.count / 2]
    }
    // A search that is spared costs half of one, one that was tried in vain half as much again: where the crystal may
    // have turned, which two frames that agree say it has not, it is not tried.
    let turn = usable[usable.count - 1].geometry.rotationDegrees
    let before = usable[usable.count - 2].geometry.rotationDegrees
    guard abs(DirectionsAcross.wrapped(turn - before)) < Self.turn else { return nil }
    pixel = median(\.pixel)
    rotationDegrees = turn
    convergence = median(\.convergence)
    distortion = Vector2(median(\.distortion.x), median(\.distortion.y))
    let all = usable.map(\.match).sorted()
    match = all[all.count / 2]
  }

  /// `directions`: of the model that reads the frame.
  func start(_ directions: DirectionsAcross) -> PatternMatcher.SharedGeometry {
    PatternMatcher.SharedGeometry(
      pixel: pixel, rotationDegrees: rotationDegrees - directions.x, convergence: convergence,
      distortion: distortion)
  }

  // MARK: Whether a frame is like those before

  /// Relative, degrees and absolute: from farther away a fit need not have come to the best place.
  private static let pixels = 0.02
  private static let turn = 3.0
  private static let distortions = 0.01

  /// An answer that began here stands only where nobody would ask further: accepted, no other answer near it, the
  /// geometry found anew where it was said to be, and hardly more left unexplained than such frames leave. A wrong
  /// minimum leaves several times as much; a right one of another specimen at most asks for the search in vain.
  func isConfirmed(by answer: FrameAnswer) -> Bool {
    guard let fit = answer.chosen?.fit, answer.ambiguous.isEmpty else { return false }
    // The witnesses were asked in a hurry: what comes near a contradiction is asked in full.
    if let (disc, rest) = answer.output.witnesses, disc.contradicts(rest, share: 0.5) { return false }
    let p = fit.parameters
    let found = answer.output.image.pitch * p.scale / answer.output.step
    let left = 1 - fit.match * fit.match
    return abs(found / pixel - 1) < Self.pixels && abs(p.convergence / convergence - 1) < Self.pixels
      && (p.distortion - distortion).length < Self.distortions
      && abs(DirectionsAcross.wrapped(answer.rotation(p) - rotationDegrees)) < Self.turn
      && left < 1.5 * (1 - match * match) + 2e-4 && answer.judge().verdict == .accept
  }
}
