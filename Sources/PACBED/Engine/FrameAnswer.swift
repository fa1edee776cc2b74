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
  /// Nil where nobody asks for them, as in a scan's maps.
  var directions: DirectionsAcross?

  var chosen: PatternMatcher.Candidate? {
    output.candidates.isEmpty
      ? nil : output.candidates[min(max(0, settings.candidate - 1), output.candidates.count - 1)]
  }

  var match: Double { chosen?.fit.match ?? 0 }

  /// Sum of squares that the camera's noise leaves.
  private var noiseSquares: Double { output.noise.variance * Double(output.image.counted.count) }

  /// The match as it would be without noise, were this as strong as it may well be: it is known to 3 %.
  var cleanMatch: Double { chosen?.fit.match(withoutNoise: 1.03 * noiseSquares) ?? 0 }

  /// Of what rings about the beam do not explain, noise aside, the part that the simulation explains.
  var explainedStructure: Double? {
    guard let fit = chosen?.fit, let structure = output.structure else { return nil }
    let clean = structure.squares - noiseSquares
    guard clean > 0 else { return 0 }
    return max(0, 1 - max(0, fit.squares - 1.03 * noiseSquares) / clean)
  }

  /// That structure over all of the pattern.
  var structureShare: Double {
    guard let fit = chosen?.fit, let structure = output.structure else { return 0 }
    return max(0, structure.squares - noiseSquares) / max(1e-30, fit.totalSquares - noiseSquares)
  }

  /// Half of the 95 % interval of the thickness, ambiguity aside: what the residuals allow, what was taken as known,
  /// and a share of the thickness and some nanometres for what no fit knows (surfaces, among others). The first and last were found on patterns of other programs,
  /// with phonons in them.
  var halfWidth: Double {
    guard let fit = chosen?.fit else { return 0 }
    return halfWidth(spread: fit.thicknessSpread, bias: fit.thicknessBias)
  }

  /// The same were the thickness known within other deviations.
  func halfWidth(spread: Double, bias: Double) -> Double {
    let fromResiduals = model.interval.deviations * spread
    let fromBefore = 1.96 * bias
    let rest = systematic(chosen?.fit.parameters.thickness ?? 0)
    return (fromResiduals * fromResiduals + fromBefore * fromBefore + rest * rest).squareRoot()
  }

  /// Of it, what no pattern makes less.
  func systematic(_ thickness: Double) -> Double {
    let (share, least) = (model.interval.share * thickness, model.interval.least)
    return (share * share + least * least).squareRoot()
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
      values: values(isDetailed: isDetailed), histograms: histograms(), verdict: judgement.verdict,
      reasons: judgement.reasons,
      model: ModelIdentity(id: model.id, sha256: model.sha256))
    if isDetailed, chosen != nil {
      let drawing = PatternDrawing(self)
      finding.exhibits = drawing.exhibits
      finding.profiles = drawing.profiles
    }
    return finding
  }

  // MARK: Values

  private func values(isDetailed: Bool) -> [Quantity] {
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
      if isDetailed { thickness.said = ThicknessAdvice(self)?.said { said($0, p) } }
      values.append(thickness)
      let tilt = max(chosen.fit.deviation(.tiltX), chosen.fit.deviation(.tiltY))
      let tiltHalf = (6 * tilt * tilt + 0.01).squareRoot()
      var mistilt = quantity("mistilt", p.mistilt.length, "mrad", half: tiltHalf, within: 0...1e9)
      // Shorter ones have no direction.
      if p.mistilt.length > 2 * tilt { mistilt.said = said(p.mistilt, p) }
      values.append(mistilt)
      let azimuth = Self.onScreen(p.azimuthDegrees)
      values.append(quantity("mistilt_azimuth", azimuth, "deg"))
      if let stage = settings.stage {
        let onScreen = Vector2(cos(azimuth * .pi / 180), sin(azimuth * .pi / 180)) * p.mistilt.length
        let (alpha, beta) = stage.tilt(onScreen, half: tiltHalf)
        values.append(quantity("stage_alpha", alpha.degrees, "deg", half: alpha.half))
        values.append(quantity("stage_beta", beta.degrees, "deg", half: beta.half))
      }
      let assumed = output.assumedPixel
      let pixel = output.image.pitch * p.scale / output.step
      values.append(quantity("scale", pixel / assumed, half: 2 * chosen.fit.deviation(.scale)))
      values.append(quantity("match", chosen.fit.match))
      if let explained = explainedStructure { values.append(quantity("structure", explained)) }
      values.append(quantity("rings", 1 - structureShare))
      values.append(
        quantity("convergence", p.convergence, "mrad", half: 2 * chosen.fit.deviation(.convergence)))
      values.append(quantity("rotation", rotation(p), "deg"))
      var angle = quantity(Output.pixel, pixel, "mrad")
      if conditions.known != nil { angle.said = "as earlier frames have it" }
      values.append(angle)
      let at = output.centre + p.shift * output.step
      values.append(quantity("center_x", at.y, "px"))
      values.append(quantity("center_y", at.x, "px"))
      values.append(quantity("distortion_x", p.distortion.x))
      values.append(quantity("distortion_y", p.distortion.y))
      if matcher.tables.isFree {
        values.append(quantity("motion", p.motion, half: 2 * chosen.fit.deviation(.motion)))
      }
      // All of the beam, in the camera's numbers.
      values.append(quantity("dose", chosen.fit.strength * output.step * output.step, "counts"))
      // On the camera, where pixels are smaller.
      values.append(quantity("blur", p.blur.squareRoot() * output.step, "px"))
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
      values.append(quantity(Output.pixel, pixel, "mrad"))
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

  /// How far the crystal's x is turned. Of the turns that its symmetry makes alike the smallest, or the nearest to that
  /// of earlier frames: else it would jump between them from frame to frame.
  func rotation(_ p: PatternParameters) -> Double {
    let x = directions?.x ?? 0
    let usual = (conditions.known?.rotationDegrees).map { $0 + x } ?? 0
    let turn = (p.rotationDegrees + x - usual).remainder(dividingBy: matcher.period)
    return DirectionsAcross.wrapped(usual + turn)
  }

  /// A mistilt in the crystal, turned as it is told to be: `towards [110], 4° off`.
  private func said(_ mistilt: Vector2, _ p: PatternParameters) -> String? {
    let alike = p.rotationDegrees + (directions?.x ?? 0) - rotation(p)
    let angle = atan2(mistilt.y, mistilt.x) * 180 / .pi + alike
    return directions?.nearest(to: angle).map { name, off in
      "towards \(name)" + (off < 0.5 ? "" : ", \(Int(bounded: off.rounded()))° off")
    }
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
}
