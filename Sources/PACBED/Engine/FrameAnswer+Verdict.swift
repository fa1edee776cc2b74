import Analysis
import Arrays
import Diffraction
import Scattering

/// What speaks against an answer: the frame, what the model knows, the match, and the answer itself.
extension FrameAnswer {
  /// Right crystals leave less, wrong ones reach 0.988 where much of the pattern is smooth.
  static let poorMatch = 0.97
  /// Of the structure, what a simulation of the right crystal explains at least; and what it does where nothing is
  /// amiss.
  static let poorStructure = 0.85
  static let goodStructure = 0.93
  /// A pattern that is so much rings and slope has nothing to be judged by.
  static let leastStructure = 0.002

  func judge() -> Judgement {
    var judgement = Judgement()
    judgement.note(CameraFrame.screening.saturation(camera.census))
    judgement.note(CameraFrame.screening.gaps(camera.census))
    let share = Double(output.image.counted.count) / Double(NetworkImage.inside.count)
    if share < 0.4 {
      judgement.note(.cutOff, .blocks, "only \(Int(share * 100)) % of the pattern lies on the camera")
      return judgement
    }
    if share < 0.85 {
      judgement.note(.cutOff, "\(Int((1 - share) * 100)) % of the pattern is cut off or not usable")
    }
    let angles = model.domain.convergence
    if !(angles.lowerBound * 0.99...angles.upperBound * 1.01).contains(conditions.convergence) {
      judgement.note(
        .endOfRange,
        "convergence angle \(short(conditions.convergence)) mrad: the model knows \(short(angles.lowerBound)) to \(short(angles.upperBound)) mrad"
      )
    }
    if settings.convergence == nil {
      judgement.note(
        .assumedAngle, "no convergence angle is stated: \(short(conditions.convergence)) mrad is assumed")
    }
    if let fit = chosen?.fit {
      judgeMatch(fit, &judgement)
      judgeConditions(fit, &judgement)
      judgeRanges(fit.parameters, &judgement)
      judgeAnswer(fit, &judgement)
    } else {
      judgeReading(&judgement)
    }
    return judgement
  }

  private func judgeMatch(_ fit: PatternFit.Result, _ judgement: inout Judgement) {
    guard settings.method == .networkAndFit else { return }
    if structureShare < Self.leastStructure {
      judgement.note(
        .nothingFound, "rings, a disc or a glow about the beam, and nothing that only a crystal explains")
      return
    }
    let explained = explainedStructure ?? 0
    if explained < Self.poorStructure {
      judgement.note(
        .misfit,
        "the simulation explains \(percent(explained)) of what is more than rings about the beam; another material, zone or voltage?"
      )
    } else if cleanMatch < Self.poorMatch {
      judgement.note(
        .outOfDomain,
        "poor match: R \(short(fit.match, 1e4)), \(short(cleanMatch, 1e4)) without the noise; another material, zone or voltage?"
      )
    } else if explained < Self.goodStructure {
      judgement.note(
        .residual, .doubtful,
        "the simulation leaves \(percent(1 - explained)) of what is more than rings about the beam")
    }
  }

  /// What was stated and the pattern says otherwise is never overridden in silence.
  private func judgeConditions(_ fit: PatternFit.Result, _ judgement: inout Judgement) {
    let found = fit.parameters.convergence
    if let stated = settings.convergence, !fit.fixes(.convergence) {
      let off = abs(found / stated - 1)
      if off > 0.04 {
        judgement.note(
          .conditions, off > 0.1 ? .outOfDomain : .doubtful,
          "convergence angle stated \(short(stated, 100)), found \(short(found, 100)) mrad")
      }
    }
    guard let stated = settings.pixel, settings.scale == nil, conditions.shared == nil else { return }
    let pixel = output.image.pitch * fit.parameters.scale / output.step
    if abs(pixel / stated - 1) > 0.05 {
      judgement.note(
        .conditions, "angle of a pixel stated \(short(stated, 1e4)), found \(short(pixel, 1e4)) mrad")
    }
  }

  private func judgeRanges(_ p: PatternParameters, _ judgement: inout Judgement) {
    let domain = model.domain
    if p.thickness > domain.thickness.upperBound - 0.3 {
      judgement.note(
        .endOfRange, "thickness at the end of the model's range, \(short(domain.thickness.upperBound)) nm")
    }
    if p.mistilt.length > 0.985 * domain.mistilt.upperBound {
      judgement.note(
        .endOfRange, "mistilt at the end of the model's range, \(short(domain.mistilt.upperBound)) mrad")
    }
    let ends = [
      ("scale", p.scale, PatternFit.scales), ("distortion", p.distortion.x, PatternFit.distortions),
      ("distortion", p.distortion.y, PatternFit.distortions), ("blur", p.blur, -1...DetectorBlur.largest),
    ]
    for (name, value, range) in ends {
      let margin = 0.01 * (range.upperBound - range.lowerBound)
      if value < range.lowerBound + margin || value > range.upperBound - margin {
        judgement.note(.endOfRange, .doubtful, "the fit's \(name) is at the end of what is tried")
        break
      }
    }
  }

  private func judgeAnswer(_ fit: PatternFit.Result, _ judgement: inout Judgement) {
    let t = fit.parameters.thickness
    noteThin(t, in: &judgement)
    if let other = ambiguous.first(where: { abs($0.fit.parameters.thickness - t) > 1.5 }) {
      judgement.note(
        .secondPeak,
        "\(short(other.fit.parameters.thickness)) nm matches as well: R \(short(other.fit.match, 1e4)) against \(short(fit.match, 1e4))"
      )
    }
    if let (disc, rest) = output.witnesses, disc.contradicts(rest) {
      judgement.note(
        .contradiction,
        "the bright disc reads \(short(disc.thickness)) nm, the rest \(short(rest.thickness)) nm")
    }
    if halfWidth > max(1, 0.06 * t) {
      judgement.note(.wide, "thickness is uncertain by \(short(halfWidth)) nm")
    }
    guard !judgement.isClean, let reading = output.reading,
      let network = matcher.reader.heads.thickness.peaks(reading.thickness, limit: 1).first?.value
    else { return }
    if abs(network - t) > max(3, 0.15 * t) {
      judgement.note(
        .contradiction, "network and fit disagree by \(short(abs(network - t))) nm")
    }
  }

  /// Where only the network was asked.
  private func judgeReading(_ judgement: inout Judgement) {
    let peaks = output.reading.map { matcher.reader.heads.thickness.peaks($0.thickness, limit: 3) } ?? []
    guard let best = peaks.first else {
      judgement.note(.nothingFound, "no thickness is likelier than another")
      return
    }
    noteThin(best.value, in: &judgement)
    if let second = peaks.dropFirst().first, second.probability > 0.5 * best.probability,
      abs(second.value - best.value) > 1.5
    {
      judgement.note(
        .secondPeak,
        "second peak \(short(second.value)) nm, ratio \(short(second.probability / best.probability, 100))")
    }
    if best.probability < 0.5 {
      judgement.note(.wide, "the best peak has \(Int(bounded: best.probability * 100)) % only")
    }
  }

  private func noteThin(_ thickness: Double, in judgement: inout Judgement) {
    if thickness < 2 { judgement.note(.thin, "below 2 nm patterns hardly differ") }
  }

  private func short(_ x: Double, _ digits: Double = 10) -> String {
    String((x * digits).rounded() / digits)
  }

  private func percent(_ share: Double) -> String { "\(Int(bounded: (share * 100).rounded())) %" }
}
