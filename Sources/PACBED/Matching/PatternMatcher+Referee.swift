import Analysis
import Arrays
import Diffraction
import Glibc  // cos, exp, sin
import Scattering

/// The physics as referee: whatever the network proposes, the best match against the table wins.
extension PatternMatcher {
  /// What the fits of a frame's images came to.
  struct Judgement {
    var look: Look
    /// Best first.
    var candidates: [Candidate]
    /// Thickness against match at the best fit's geometry.
    var curve: (thicknesses: [Double], matches: [Double])
    var witnesses: (disc: Witness, rest: Witness)?
  }

  /// What averaging over a camera's pixels does, until it is fitted.
  private static let usualBlur = 0.13

  /// A place to start a fit from, and how well it matches already.
  private struct Seed: Sendable {
    var match: Double
    var parameters: PatternParameters
  }

  /// Every candidate of the network, whatever of all that the table holds resembles the image, and every summit of
  /// the match over all thicknesses from there is fitted.
  func referee(_ looks: [Look], _ conditions: Conditions) -> Judgement? {
    // Nobody gives it up, so it is always there.
    let (table, domain, convergence) = (table, domain, conditions.convergence)
    let screen = try? screens.value(for: convergence) { _, _ throws(AnalysisError) in
      PatternScreen(table, domain, convergence: convergence)
    }
    // The image in which what is proposed matches best.
    var chosen: (look: Look, fit: PatternFit, starts: [PatternParameters], seeds: [Seed])?
    for look in looks.prefix(2) where look.doubt < looks[0].doubt + 1.5 {
      let fit = prepared(look, conditions)
      var starts = hypotheses(look.reading, conditions)
      starts +=
        screen?.starts(
          look.image, starts[0], holdsGeometry: conditions.found != nil, holdsScale: conditions.scale != nil,
          // Where directions are known few tell the mistilts apart.
          limit: conditions.known == nil ? 6 : 3) ?? []
      let seeds = proposals(fit, starts, conditions)
      if seeds.first?.match ?? 0 > chosen?.seeds.first?.match ?? -1 { chosen = (look, fit, starts, seeds) }
    }
    guard let (look, fit, starts, proposed) = chosen else { return nil }
    var seeds = Array(proposed.prefix(conditions.known == nil ? 5 : 4))
    for peak in reader.heads.thickness.peaks(look.reading.thickness, limit: 3)
    where !seeds.contains(where: { abs($0.parameters.thickness - peak.value) < 1 }) {
      var p = starts[0]
      p.thickness = peak.value
      seeds.append(Seed(match: 0, parameters: p))
    }
    let full = full(fit)
    let results = finish(full, approach(fit, seeds, conditions), conditions)
    var witnesses: (disc: Witness, rest: Witness)?
    if conditions.isAlone, let best = results.first {
      witnesses = self.witnesses(of: best, full, isQuick: conditions.known != nil)
    }
    let axis = ThicknessScan.axis(domain.thickness)
    let curve = results.first.map {
      ThicknessScan(table, look.image.halved, $0.parameters, thicknesses: axis)
    }
    return Judgement(
      look: look, candidates: weigh(results, pixels: fit.image.counted.count),
      curve: (curve?.thicknesses ?? [], curve?.matches ?? []), witnesses: witnesses)
  }

  /// The fit with what every specimen and every camera does: atoms move, pixels share with their neighbours.
  private func full(_ fit: PatternFit) -> PatternFit {
    var full = fit
    full.tables = tables
    full.fixed.subtract(tables.isFree ? [.motion, .blur] : [.blur])
    return full
  }

  /// The last steps on all pixels, of what was settled on a quarter of them.
  private func finish(
    _ final: PatternFit, _ results: [PatternFit.Result], _ conditions: Conditions
  ) -> [PatternFit.Result] {
    let (near, most, steps) = conditions.known == nil ? (0.004, 3, 4) : (0.002, 2, 3)
    let kept = results.prefix { $0.match > (results.first?.match ?? 0) - near }.prefix(most)
    return Self.distinct(
      each(kept.count, conditions) { final.run(from: kept[$0].parameters, steps: steps) })
  }

  /// The fit of a look's image, with what is known held fast.
  private func prepared(_ look: Look, _ conditions: Conditions) -> PatternFit {
    var fit = PatternFit(table: table, image: look.image, statedConvergence: conditions.convergence)
    if let shared = conditions.shared {
      fit.fixed.formUnion([.convergence, .scale, .rotation, .distortionX, .distortionY])
      fit.statedConvergence = shared.convergence
    } else if conditions.scale != nil {
      fit.fixed.insert(.scale)
    }
    if conditions.centre != nil { fit.fixed.formUnion([.shiftX, .shiftY]) }
    return fit
  }

  private func each<T: Sendable>(
    _ count: Int, _ conditions: Conditions, _ body: @Sendable (Int) -> T
  ) -> [T] {
    conditions.isAlone ? parallelMap(count, body) : (0..<count).map(body)
  }

  /// The summits of the match over all thicknesses from every start, best first: of near thicknesses the best
  /// start is kept.
  private func proposals(
    _ fit: PatternFit, _ starts: [PatternParameters], _ conditions: Conditions
  ) -> [Seed] {
    let axis = ThicknessScan.axis(domain.thickness)
    let image = fit.image.halved
    let scans = each(starts.count, conditions) { ThicknessScan(table, image, starts[$0], thicknesses: axis) }
    var seeds: [Seed] = []
    for (scan, start) in zip(scans, starts) {
      for index in scan.summits.prefix(4) {
        var p = start
        p.thickness = axis[index]
        let seed = Seed(match: scan.matches[index], parameters: p)
        let reach = max(0.7, 0.035 * p.thickness)
        if let near = seeds.firstIndex(where: { abs($0.parameters.thickness - p.thickness) < reach }) {
          if seed.match > seeds[near].match { seeds[near] = seed }
        } else {
          seeds.append(seed)
        }
      }
    }
    return seeds.sorted { $0.match > $1.match }
  }

  /// The minima near the seeds: a quarter of the pixels tells which of them are worth it. A geometry that is known is held
  /// at first, then all is free.
  private func approach(
    _ fit: PatternFit, _ seeds: [Seed], _ conditions: Conditions
  ) -> [PatternFit.Result] {
    var held = fit
    held.image = fit.image.halved
    var free = full(fit)
    free.image = held.image
    let isKnown = conditions.known != nil
    if isKnown { held.fixed.formUnion([.convergence, .scale, .rotation, .distortionX, .distortionY]) }
    let (first, second) = (held, free)
    let near = Self.distinct(
      each(seeds.count, conditions) { first.run(from: seeds[$0].parameters.halved, steps: isKnown ? 6 : 5) })
    // Where the geometry had to be found as well, some have not yet come far.
    let reach = isKnown ? 0.006 : 0.02
    let kept = near.prefix { $0.match > (near.first?.match ?? 0) - reach }.prefix(3)
    return Self.distinct(
      each(kept.count, conditions) { number in
        var start = kept[number].parameters
        start.motion = second.fixed.contains(.motion) ? 0 : PatternFit.usualMotion
        start.blur = 0.05
        var result = second.run(from: start, steps: isKnown ? 6 : 10)
        result.parameters = result.parameters.doubled
        return result
      })
  }

  /// Directions and mistilts that the network thinks of, thickness aside.
  private func hypotheses(
    _ reading: NetworkReading, _ conditions: Conditions
  ) -> [PatternParameters] {
    let heads = reader.heads
    var base = PatternParameters(thickness: 1, convergence: conditions.convergence)
    base.scale = heads.scale.peaks(reading.scale, limit: 1).first?.value ?? 1
    if conditions.scale != nil || conditions.found != nil { base.scale = 1 }
    base.shift = conditions.centre == nil ? reading.shift : .zero
    base.blur = Self.usualBlur
    var rotations = heads.rotation.peaks(reading.rotation, limit: 2).map { ($0.value, $0.probability) }
    if let found = conditions.found {
      rotations = [(found.rotationDegrees, 1)]
      base.convergence = found.convergence
      base.distortion = found.distortion
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
    let likely = all.enumerated().filter { $0.offset == 0 || $0.element.weight > 0.02 }.prefix(
      conditions.known == nil ? 4 : 2)
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
  func naive(_ look: Look, _ conditions: Conditions) -> Judgement {
    var fit = PatternFit(table: table, image: look.image, statedConvergence: conditions.convergence)
    fit.fixed = Set(PatternFit.Quantity.allCases)
    let reading = look.reading
    var p = PatternParameters(thickness: 1, convergence: fit.statedConvergence)
    p.scale = reader.heads.scale.peaks(reading.scale, limit: 1).first?.value ?? 1
    p.shift = reading.shift
    p.rotationDegrees = reader.heads.rotation.peaks(reading.rotation, limit: 1).first?.value ?? 0
    let scan = ThicknessScan(table, look.image.halved, p, thicknesses: ThicknessScan.axis(domain.thickness))
    let candidates = scan.summits.prefix(4).map { index in
      var q = p
      q.thickness = scan.thicknesses[index]
      return Candidate(fit: fit.run(from: q, steps: 0), probability: 0)
    }
    return Judgement(look: look, candidates: candidates, curve: (scan.thicknesses, scan.matches))
  }
}
