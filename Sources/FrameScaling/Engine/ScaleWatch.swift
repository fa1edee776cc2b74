import Analysis
import Diffraction
import Glibc

/// What a series that is still being taken says of the crystal: its scale jumped, runs away, or there is no crystal in
/// the beam any more. Each zone is judged by those before it alone, so that it is said while there is time, and the
/// same when it is looked at later.
///
/// A scale's logarithm is compared with the one before, since a spline through the last zones bends towards whatever
/// they are; what is usual is the median change so far, which knows the noise of the reflections and how fast the
/// curve of this series runs.
package struct ScaleWatch: Sendable {
  package enum Kind: Equatable, Sendable {
    case jump
    case drift
    case lost
  }

  package struct Event: Equatable, Sendable {
    /// Of the frame with which it was seen.
    package let frame: Int
    package let kind: Kind
    /// The scale over that of the zone before, of three zones before, or over the usual one.
    package let ratio: Double
  }

  package let events: [Event]

  /// So many zones tell what is usual.
  private static let least = 8
  /// A change that matters: a spline with a node every few zones follows less.
  private static let jump = (ratio: log(1.4), deviations: 4.0)
  private static let drift = (ratio: log(1.5), deviations: 3.0)
  /// Below this share of the usual scale what is left is background.
  private static let lost = 0.2
  /// Changes are never usually smaller.
  private static let calm = 0.03
  /// An alarm is for the zones that have just been taken.
  static let recent = 3

  /// - Parameters:
  ///   - scales: that suit each frame alone best, in the order in which they were taken.
  ///   - observed: the share of each frame's reflections that rise above the noise.
  package init(scales: [Double], observed: [Double]) {
    let x = scales.map { log(max($0, 1e-300)) }
    var events: [Event] = []
    var isLost = false
    for frame in x.indices where frame >= Self.least {
      let usual = Self.median(Array(scales[..<frame])) ?? 0
      let share = scales[frame] / max(usual, 1e-300)
      let seen = Self.median(Array(observed[..<frame])) ?? 0
      if share < Self.lost || (seen > 0.3 && observed[frame] < 0.1 * seen) {
        if !isLost { events.append(Event(frame: frame, kind: .lost, ratio: share)) }
        isLost = true
        continue
      }
      // Back again is no news, and no jump.
      if isLost {
        isLost = false
        continue
      }
      func usually(over step: Int) -> Double {
        let changes = (step..<frame).map { (x[$0] - x[$0 - step]).magnitude }
        return max(Self.calm, 1.4826 * (Self.median(changes) ?? 0))
      }
      let change = x[frame] - x[frame - 1]
      if change.magnitude > max(Self.jump.ratio, Self.jump.deviations * usually(over: 1)) {
        events.append(Event(frame: frame, kind: .jump, ratio: exp(change)))
        continue
      }
      let steps = (frame - 2...frame).map { x[$0] - x[$0 - 1] }
      let run = x[frame] - x[frame - 3]
      let isSteady = steps.allSatisfy { $0 < 0 } || steps.allSatisfy { $0 > 0 }
      if isSteady, run.magnitude > max(Self.drift.ratio, Self.drift.deviations * usually(over: 3)),
        events.last.map({ $0.kind != .drift || frame - $0.frame > Self.recent }) ?? true
      {
        events.append(Event(frame: frame, kind: .drift, ratio: exp(run)))
      }
    }
    self.events = events
  }

  private static func median(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }
}

extension ScaleWatch {
  init(_ frames: [FrameReport]) {
    self.init(
      scales: frames.map(\.free), observed: frames.map { Double($0.observed) / Double(max(1, $0.rows)) })
  }

  /// What has just happened makes the answer doubtful, which rings; what lies back informs.
  func note(_ frames: [FrameReport], in judgement: inout Judgement) {
    // The latest of a kind says enough, but not a drift that is over: the spline follows it.
    for kind in [Kind.lost, .jump, .drift] {
      guard let event = events.last(where: { $0.kind == kind }) else { continue }
      let isRecent = event.frame >= frames.count - Self.recent
      if kind == .drift, !isRecent { continue }
      let zone = frames[event.frame].zone.id
      let severity: Severity = isRecent ? .doubtful : .informs
      switch kind {
      case .lost:
        judgement.note(
          .lostCrystal, severity,
          "zone \(zone): a scale of \((100 * event.ratio).short) % of the usual one: out of the beam?")
      case .jump:
        let count = events.count { $0.kind == .jump }
        judgement.note(
          .scaleJump, severity,
          "zone \(zone): a scale of \(event.ratio.short) of the zone before"
            + (count > 1 ? ", the last of \(count) jumps" : ""))
      case .drift:
        judgement.note(
          .scaleDrift, severity,
          "zone \(zone): a scale of \(event.ratio.short) of three zones before, and still running")
      }
    }
  }
}
