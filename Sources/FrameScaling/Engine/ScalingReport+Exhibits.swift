import Analysis
import Arrays
import Diffraction
import Glibc
import Scattering

/// What there is to look at.
extension ScalingReport {
  func profiles() -> [Profile] {
    let axis = tiltAxis
    let by = axis == nil ? "frame" : "tilt"
    func profile(_ name: String, _ values: [Double]) -> Profile {
      Profile(
        name: name, unit: axis == nil ? "frame" : "deg", start: axis?.start ?? 1, step: axis?.step ?? 1,
        values: values.map { $0.isFinite ? $0.rounded(digits: 5, keepsWhole: false) : 0 })
    }
    let steps = study.scan.map(\.thickness)
    let gain = advice.map { advice in
      Profile(
        name: "what \(TiltAdvice.width.short)° more would bring by tilt, %", unit: "deg",
        start: advice.tilts.first ?? 0, step: TiltAdvice.width,
        values: advice.gains.map { (100 * $0).rounded(digits: 3, keepsWhole: false) })
    }
    return [
      profile("scale by \(by), measured", frames.map(\.free)),
      profile("scale by \(by), predicted", frames.map(\.scale)),
      profile("R by \(by), %", frames.map(\.r)),
      Profile(
        name: "chi² of the start by thickness", unit: "Å", start: steps.first ?? 0,
        step: steps.count > 1 ? steps[1] - steps[0] : 1,
        values: study.scan.map { $0.chi2.rounded(digits: 5, keepsWhole: false) }),
    ] + (gain.map { [$0] } ?? [])
  }

  /// The frames' tilts where they are even and none is missing.
  private var tiltAxis: (start: Double, step: Double)? {
    let tilts = frames.map(\.zone.alpha)
    guard frames.count == series.zones.count, tilts.count > 1 else { return nil }
    let step = (tilts[tilts.count - 1] - tilts[0]) / Double(tilts.count - 1)
    guard step > 1e-3 else { return nil }
    let isEven = tilts.enumerated().allSatisfy {
      ($0.element - tilts[0] - step * Double($0.offset)).magnitude < 0.3 * step
    }
    return isEven
      ? (tilts[0].rounded(digits: 6, keepsWhole: false), step.rounded(digits: 6, keepsWhole: false)) : nil
  }

  /// Every spacing with its left-out R: `h 1 6.64, 3 6.33`.
  var spacingWords: String {
    let rows = study.rows.sorted { $0.placement.spacing < $1.placement.spacing }
    return "h "
      + rows.map { "\($0.placement.spacing.short) \($0.leftOut.rObserved.short)" }.joined(separator: ", ")
  }

  /// The frame that agrees worst, of those with enough reflections to say so, as a pattern; and what there is to choose
  /// from: frames and spacings; and every frame's reflections.
  func exhibits() -> [Exhibit] {
    let amplitudes = Refinement(study.problem, best.curve)
      .amplitudes(best.solution.intensities, best.solution.nodes)
    let rest = [.table(zoneTable), .table(spacingTable)] + reflections(amplitudes)
    let candidates = frames.indices.filter { frames[$0].rows >= 5 && frames[$0].r.isFinite }
    guard let worst = candidates.max(by: { frames[$0].r < frames[$1].r }) else {
      return rest
    }
    let pattern = FramePattern(
      study.problem, frame: worst, amplitudes: amplitudes, name: "Zone \(frames[worst].zone.id)",
      limit: selection.limit)
    return [.image(pattern.observed), .image(pattern.expected), .image(pattern.difference)]
      + rest
  }

  private var zoneTable: Exhibit.Table {
    let known = Dictionary(uniqueKeysWithValues: zip(study.problem.zones, frames))
    let rows = series.zones.enumerated().map { place, zone -> Exhibit.Row in
      guard let frame = known[place] else {
        return Exhibit.Row("\(zone.id)", [zone.alpha, 0, .nan, .nan, .nan, .nan], flags: ["out"])
      }
      return Exhibit.Row(
        "\(zone.id)",
        [zone.alpha, Double(frame.rows), frame.r, frame.scale, 100 * frame.off, frame.mistilt],
        flags: frame.isOdd ? ["odd"] : [])
    }
    return Exhibit.Table(
      "Frames",
      [
        Exhibit.Column("tilt", unit: "deg", decimals: 1), Exhibit.Column("refl"),
        Exhibit.Column("R", unit: "%", decimals: 1), Exhibit.Column("scale", decimals: scaleDecimals),
        Exhibit.Column("off", unit: "%", decimals: 1), Exhibit.Column("mistilt", unit: "deg", decimals: 2),
      ], rows, edits: [.leaveOut])
  }

  /// Four digits of a typical scale.
  private var scaleDecimals: Int {
    let middle = frames.map(\.scale).sorted()
    let typical = middle.isEmpty ? 1 : max(1e-9, middle[middle.count / 2])
    return max(0, min(9, 3 - Int(bounded: log10(typical).rounded(.down))))
  }

  private var spacingTable: Exhibit.Table {
    let order = study.rows.indices.sorted {
      study.rows[$0].placement.spacing < study.rows[$1].placement.spacing
    }
    let rows = order.map { place -> Exhibit.Row in
      let row = study.rows[place]
      let agreement = row.solution.agreement
      return Exhibit.Row(
        row.placement.spacing.short,
        [
          Double(row.placement.nodes.count), Double(row.parameters), agreement.rObserved,
          row.leftOut.rObserved, agreement.wrAll, agreement.rAll, row.solution.thickness,
        ], flags: place == study.recommended ? ["best"] : [])
    }
    return Exhibit.Table(
      "Spacing of nodes",
      [
        Exhibit.Column("nodes"), Exhibit.Column("par"), Exhibit.Column("R", decimals: 2),
        Exhibit.Column("R free", decimals: 2), Exhibit.Column("wR", decimals: 2),
        Exhibit.Column("R all", decimals: 2), Exhibit.Column("t", unit: "Å"),
      ], rows, chosen: order.firstIndex(of: answer), edits: [.choose])
  }

  /// One a zone that has reflections; `part` is the zone's place in the table of frames.
  private func reflections(_ amplitudes: [Double]) -> [Exhibit] {
    let solution = best.solution
    let curves =
      isQuick ? nil : try? study.problem.rocking(solution.values, thickness: solution.thickness)
    return frames.indices.flatMap { frame -> [Exhibit] in
      let seen = FrameReflections(
        study.problem, frame: frame, zone: frames[frame].zone, scale: frames[frame].scale,
        amplitudes: amplitudes, geometry: series.geometry, curves: curves?[frame])
      return [.points(seen.points)] + (seen.rocking.map { [.curves($0)] } ?? [])
    }
  }
}
