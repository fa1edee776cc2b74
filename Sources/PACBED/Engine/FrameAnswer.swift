import Analysis
import Arrays
import Diffraction
import Glibc
import Scattering

/// What was found in one frame, ready to be told.
struct FrameAnswer: Sendable {
  let model: PACBEDModel
  let matcher: PatternMatcher
  let camera: CameraFrame
  let conditions: PatternMatcher.Conditions
  let settings: PACBEDSettings
  let output: PatternMatcher.Output

  var chosen: PatternMatcher.Candidate? {
    output.candidates.isEmpty
      ? nil : output.candidates[min(max(0, settings.candidate - 1), output.candidates.count - 1)]
  }

  var match: Double { chosen?.fit.match ?? 0 }

  var cleanMatch: Double { chosen?.fit.matchWithoutNoise(in: output.image) ?? 0 }

  /// Half of the 95 % interval of the thickness, ambiguity aside.
  var halfWidth: Double {
    guard let fit = chosen?.fit else { return 0 }
    let statistical = self.model.interval.deviations * fit.deviation(.thickness)
    let systematic = self.model.interval.share * fit.parameters.thickness + 0.02
    // What the simulation does not explain counts by how little of R it takes to move the answer.
    let pixels = Double(output.image.counted.count)
    let noise = output.image.noise * output.image.amplitude
    let unexplained = max(0, 1 - 1.3 * noise * noise * pixels / max(fit.squares, 1e-30)).squareRoot()
    let lack = 1 - fit.match * fit.match
    // A residual of 1 % of the variance, as good fits of measured patterns leave it, counts fully.
    let model = unexplained * min(1, lack / 0.01) * fit.thicknessRange(dR: 0.001, pixels: Int(pixels))
    return (statistical * statistical + systematic * systematic + model * model).squareRoot()
  }

  /// The other minima that match within 0.001: the pattern does not tell them apart.
  var ambiguous: [PatternMatcher.Candidate] {
    guard let chosen else { return [] }
    return output.candidates.filter {
      $0.fit.parameters.thickness != chosen.fit.parameters.thickness
        && ($0.fit.match > chosen.fit.match - 0.001 && $0.probability > 0.02 || $0.probability > 0.2)
    }
  }

  func finding(isDetailed: Bool) -> Finding {
    let judgement = judge()
    var finding = Finding(
      values: values(), histograms: histograms(), verdict: judgement.verdict, reasons: judgement.reasons,
      model: ModelIdentity(id: model.id, sha256: model.sha256))
    if isDetailed, chosen != nil {
      let drawing = PatternDrawing(self)
      finding.exhibits = drawing.exhibits
      finding.profiles = drawing.profiles
    }
    return finding
  }

  // MARK: Values

  private func values() -> [Quantity] {
    let heads = matcher.reader.heads
    var values: [Quantity] = []
    let peaks = output.reading.map { heads.thickness.peaks($0.thickness, limit: 4) } ?? []
    func quantity(
      _ name: String, _ value: Double, _ unit: String = "1", half: Double? = nil,
      within: ClosedRange<Double>? = nil
    ) -> Quantity {
      var low = half.map { value - $0 }
      var high = half.map { value + $0 }
      if let within {
        low = low.map { max($0, within.lowerBound) }
        high = high.map { max($0, within.lowerBound) }
      }
      return Quantity(
        name, value.told, unit: unit, low: low.map(\.told),
        high: high.map(\.told))
    }
    if let chosen {
      let p = chosen.fit.parameters
      var thickness = quantity("thickness", p.thickness, "nm", half: halfWidth, within: 0...1e9)
      for other in ambiguous {
        // The range is reported, not hidden.
        let t = other.fit.parameters.thickness
        thickness.low = min(thickness.low ?? t, t.told)
        thickness.high = max(thickness.high ?? t, t.told)
      }
      thickness.probability = chosen.probability.told
      thickness.alternatives = output.candidates.filter { $0.fit.parameters != p }.map {
        Quantity.Alternative(
          value: $0.fit.parameters.thickness.told,
          probability: $0.probability.told)
      }
      values.append(thickness)
      let tilt = max(chosen.fit.deviation(.tiltX), chosen.fit.deviation(.tiltY))
      values.append(
        quantity(
          "mistilt", p.mistilt.length, "mrad", half: (6 * tilt * tilt + 0.01).squareRoot(), within: 0...1e9))
      values.append(quantity("mistilt_azimuth", Self.onScreen(p.azimuthDegrees), "deg"))
      let assumed = output.assumedPixel
      let pixel = output.image.pitch * p.scale / output.step
      values.append(quantity("scale", pixel / assumed, half: 2 * chosen.fit.deviation(.scale)))
      values.append(quantity("match", chosen.fit.match))
      let angle = chosen.fit.deviation(.convergence)
      values.append(quantity("convergence", p.convergence, "mrad", half: 2 * angle))
      values.append(quantity("rotation", p.rotationDegrees, "deg"))
      values.append(quantity("pixel", pixel, "mrad"))
      let at = output.centre + p.shift * output.step
      values.append(quantity("center_x", at.y, "px"))
      values.append(quantity("center_y", at.x, "px"))
      values.append(quantity("distortion_x", p.distortion.x))
      values.append(quantity("distortion_y", p.distortion.y))
      values.append(
        quantity(
          "thickness_range",
          chosen.fit.thicknessRange(dR: 0.001, pixels: output.image.counted.count), "nm"))
    } else if let reading = output.reading {
      if let best = peaks.first {
        var thickness = Quantity(
          "thickness", best.value.told, unit: "nm",
          low: heads.thickness.quantile(0.025, reading.thickness).told,
          high: heads.thickness.quantile(0.975, reading.thickness).told,
          probability: best.probability.told)
        thickness.alternatives = peaks.dropFirst().map {
          Quantity.Alternative(
            value: $0.value.told, probability: $0.probability.told)
        }
        values.append(thickness)
      }
      if let best = heads.mistilt.peaks(reading.mistilt, limit: 1).first {
        values.append(
          Quantity(
            "mistilt", best.value.told, unit: "mrad",
            low: heads.mistilt.quantile(0.025, reading.mistilt).told,
            high: heads.mistilt.quantile(0.975, reading.mistilt).told,
            probability: best.probability.told))
      }
      if let best = heads.azimuth.peaks(reading.azimuth, limit: 1).first {
        values.append(quantity("mistilt_azimuth", Self.onScreen(best.value), "deg"))
      }
      let scale = heads.scale.peaks(reading.scale, limit: 1).first?.value ?? 1
      let pixel = output.image.pitch * scale / output.step
      values.append(quantity("scale", pixel / output.assumedPixel))
      values.append(quantity("pixel", pixel, "mrad"))
      let at = output.centre + reading.shift * output.step
      values.append(quantity("center_x", at.y, "px"))
      values.append(quantity("center_y", at.x, "px"))
    }
    if let best = peaks.first {
      values.append(
        Quantity(
          "network_thickness", best.value.told, unit: "nm",
          probability: best.probability.told))
    }
    values.append(quantity("noise", output.image.noise))
    return values
  }

  /// Degrees from the image's right, counter-clockwise as one sees it on the screen.
  private static func onScreen(_ fromRows: Double) -> Double {
    // Rows run down, columns to the right: from down towards right is counter-clockwise from -90 degrees.
    let angle = fromRows - 90
    return angle - 360 * (angle / 360).rounded(.down)
  }

  private func histograms() -> [Histogram] {
    guard let reading = output.reading else { return [] }
    let heads = matcher.reader.heads
    func histogram(_ name: String, _ unit: String, _ axis: BinAxis, _ p: [Double]) -> Histogram {
      Histogram(
        name: name, unit: unit, centres: axis.centres.map(\.told),
        probabilities: p.map { ($0 * 1e5).rounded() / 1e5 })
    }
    return [
      histogram("thickness", "nm", heads.thickness, reading.thickness),
      histogram("mistilt", "mrad", heads.mistilt, reading.mistilt),
      histogram("scale", "1", heads.scale, reading.scale),
    ]
  }

  // MARK: Verdict

  static let poorMatch = 0.97

  private func judge() -> Judgement {
    func short(_ x: Double, _ digits: Double = 10) -> String { String((x * digits).rounded() / digits) }
    var judgement = Judgement()
    let domain = model.domain
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
    if settings.convergence == nil {
      judgement.note(
        .assumedAngle, "the convergence angle is not known: \(short(conditions.convergence)) mrad is assumed")
    }
    if !(domain.convergence.lowerBound * 0.99...domain.convergence.upperBound * 1.01)
      .contains(conditions.convergence)
    {
      let (low, high) = (short(domain.convergence.lowerBound), short(domain.convergence.upperBound))
      judgement.note(
        .endOfRange,
        "convergence angle \(short(conditions.convergence)) mrad: the model knows \(low) to \(high) mrad")
    }
    if let fit = chosen?.fit {
      let t = fit.parameters.thickness
      if t > domain.thickness.upperBound - 0.3 {
        judgement.note(
          .endOfRange, "thickness at the end of the model's range, \(short(domain.thickness.upperBound)) nm")
      }
      if fit.parameters.mistilt.length > 0.985 * domain.mistilt.upperBound {
        judgement.note(
          .endOfRange, "mistilt at the end of the model's range, \(short(domain.mistilt.upperBound)) mrad")
      }
      if cleanMatch < Self.poorMatch {
        judgement.note(
          .outOfDomain,
          "poor match: R \(short(fit.match, 1e4)), \(short(cleanMatch, 1e4)) without the noise; another material, zone or voltage?"
        )
      }
      noteThin(t, in: &judgement)
      if let other = ambiguous.first(where: { abs($0.fit.parameters.thickness - t) > 1.5 }) {
        judgement.note(
          .secondPeak,
          "\(short(other.fit.parameters.thickness)) nm matches as well: R \(short(other.fit.match, 1e4)) against \(short(fit.match, 1e4))"
        )
      }
      if halfWidth > max(1, 0.06 * t) {
        judgement.note(.wide, "thickness is uncertain by \(short(halfWidth)) nm")
      }
    } else {
      let peaks = output.reading.map { matcher.reader.heads.thickness.peaks($0.thickness, limit: 3) } ?? []
      guard let best = peaks.first else {
        judgement.note(.nothingFound, "no thickness is likelier than another")
        return judgement
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
    return judgement
  }

  private func noteThin(_ thickness: Double, in judgement: inout Judgement) {
    if thickness < 2 { judgement.note(.thin, "below 2 nm patterns hardly differ") }
  }
}
