import Analysis
import Diffraction
import Glibc

/// Found atoms as values, a verdict and things to look at.
struct TomographyReport {
  let request: ReconstructionRequest
  let found: Reconstruction

  var undetermined: [Int] { found.certainty.indices.filter { !found.certainty[$0].isDetermined } }

  func finding() -> Finding {
    let judgement = judge()
    return Finding(
      values: values(), profiles: profiles(), verdict: judgement.verdict, reasons: judgement.reasons,
      exhibits: exhibits())
  }

  private func values() -> [Quantity] {
    let count = found.atoms.count
    let widths = found.certainty.map { max($0.interval.x, $0.interval.y) }.sorted()
    let kind = found.kind == .hexagonal ? "hexagonal" : "square"
    return [
      Quantity("atoms", Double(count)),
      Quantity("determined", Double(count - undetermined.count)),
      Quantity(
        "misfit", (found.value.misfit / max(1e-300, found.floor)).told, said: "over the noise"),
      Quantity("energy", found.value.energy.told, said: "bonds"),
      Quantity(
        "interval", (widths.isEmpty ? 0 : widths[widths.count / 2]).told, said: "95 %, median"),
      Quantity("neighbours", found.kind == .hexagonal ? 6 : 4, said: kind),
      Quantity("bond", found.bond.told),
      Quantity("atom_mass", found.mass.told),
      Quantity("alpha", found.alpha.told),
      Quantity("noise", found.noise.deviation.told, unit: "counts"),
      Quantity("agreeing", (100 * Double(found.agreeing) / Double(max(1, found.restarts))).told, unit: "%"),
    ]
  }

  private func judge() -> Judgement {
    var judgement = Judgement()
    let masses = request.projections.masses.map { $0 / found.mass }
    let mean = masses.reduce(0, +) / Double(max(1, masses.count))
    let ratio = found.value.misfit / max(1e-300, found.floor)
    if !found.isConverged {
      judgement.note(
        .notConverged,
        "not converged: the misfit is \(ratio.short) times what noise leaves, so atoms are wrong")
    }
    // What noise does to the sum of a row.
    let error =
      found.noise.deviation * request.projections.pitch * Double(request.projections.pixels).squareRoot()
      / found.mass
    let (least, most) = (masses.min() ?? 0, masses.max() ?? 0)
    let told = masses.map(\.short).joined(separator: ", ")
    if most - least > max(0.5, 6 * error) {
      judgement.note(.masses, "the projections weigh \(told) atoms: they do not show the same ones")
    } else if (mean - Double(found.atoms.count)).magnitude > max(0.4, 3 * error) {
      judgement.note(.masses, "the projections weigh \(told) atoms, \(found.atoms.count) were searched")
    }
    let rivals = found.certainty.count { $0.doubts.contains(.restarts) }
    if rivals > 0 {
      judgement.note(
        .restarts,
        "restarts that explain the projections as well have \(rivals == 1 ? "an atom" : "\(rivals) atoms") elsewhere"
      )
    }
    let open = undetermined
    if found.isConverged, !open.isEmpty {
      let names = open.prefix(6).map { "\($0 + 1)" }.joined(separator: ", ")
      let what = open.count == 1 ? "one atom is" : "\(open.count) atoms are"
      judgement.note(
        .undetermined,
        "\(what) not determined by the projections: \(names)\(open.count > 6 ? " …" : "")")
    }
    if let turn = offRows { judgement.note(.offRows, "tilts \(turn.short)° off the lattice's rows") }
    return judgement
  }

  /// How far the tilts are from those that see rows edge-on, where it is more than two degrees.
  private var offRows: Double? {
    let fold = found.kind == .hexagonal ? 12.0 : 8.0
    var (real, imaginary) = (0.0, 0.0)
    for i in 0..<found.atoms.count {
      for j in 0..<i {
        let from = found.atoms[i] - found.atoms[j]
        guard from.length < 1.25 * found.bond else { continue }
        let angle = atan2(from.y, from.x)
        real += cos(fold * angle)
        imaginary += sin(fold * angle)
      }
    }
    guard real != 0 || imaginary != 0 else { return nil }
    let orientation = atan2(imaginary, real) / fold * 180 / .pi
    let period = 360 / fold
    let turns = request.projections.angles.map { angle in
      let from = (angle - orientation) / period
      return (from - from.rounded()).magnitude * period
    }
    let most = turns.max() ?? 0
    return most > 2 ? most : nil
  }

  // MARK: What there is to look at

  private func profiles() -> [Profile] {
    let projections = request.projections
    var profiles: [Profile] = []
    for (index, angle) in projections.angles.enumerated() {
      for (word, row) in [("measured", projections.row(index)), ("predicted", found.expected.row(index))] {
        profiles.append(
          Profile(
            name: "projection at \(angle.short)°, \(word)", unit: "r0",
            start: (projections.start / found.bond).told,
            step: (projections.pitch / found.bond).told,
            values: row.map { $0.rounded(digits: 4, keepsWhole: false) }))
      }
    }
    func digits(_ value: Double) -> Double { value.rounded(digits: 4, keepsWhole: false) }
    let steps = found.history
    if steps.count > 1 {
      // Misfits fall by orders of magnitude.
      let stride = max(1, steps.count / 100)
      let kept = steps.enumerated().filter { $0.offset % stride == 0 || $0.offset == steps.count - 1 }
      func curve(_ word: String, _ values: [Double]) -> Profile {
        Profile(
          name: "log misfit by step, \(word)", unit: "step", start: 0, step: Double(stride), values: values)
      }
      profiles.append(curve("measured", kept.map { digits(log10(max(1e-12, $0.element.misfit))) }))
      profiles.append(curve("predicted", kept.map { _ in digits(log10(max(1e-12, found.floor))) }))
    }
    if found.alphaCurve.count > 1, let first = found.alphaCurve.first {
      // From the lightest to the heaviest.
      let points = Array(found.alphaCurve.reversed())
      let start = log10(first.alpha) - Settlement.logarithmicStep * Double(points.count - 1)
      func curve(_ word: String, _ values: [Double]) -> Profile {
        Profile(
          name: "misfit by log alpha, \(word)", unit: "log alpha", start: start.told,
          step: Settlement.logarithmicStep,
          values: values)
      }
      profiles.append(curve("measured", points.map { digits($0.misfit) }))
      profiles.append(curve("predicted", points.map { _ in digits(found.floor) }))
    }
    return profiles
  }

  private func exhibits() -> [Exhibit] {
    let projections = request.projections
    let (width, height) = (projections.pixels, projections.angles.count)
    let axis = AxisCalibration(scale: projections.pitch / found.bond, origin: projections.start, unit: "r0")
    let difference = zip(projections.values, found.expected.values).map { Float($0 - $1) }
    var exhibits: [Exhibit] = [
      .image(
        Exhibit.Image(
          "Projected atoms",
          Pixels(width: width, height: height, values: found.expected.values.map { Float($0) }),
          role: .expected, pixel: axis)),
      .image(
        Exhibit.Image(
          "Measured less projected", Pixels(width: width, height: height, values: difference),
          role: .difference,
          pixel: axis)),
    ]
    if let scatter { exhibits.append(.scatter(scatter)) }
    exhibits.append(.image(AtomMap(found).image))
    return exhibits
  }

  /// The atoms as points; those that are not determined are the numbered ones.
  private var scatter: Scatter? {
    guard found.atoms.count > 0 else { return nil }
    func point(_ place: SIMD2<Double>) -> Scatter.Point {
      Scatter.Point(x: Float(place.x / found.bond), y: Float(place.y / found.bond))
    }
    let open = undetermined
    let centre = found.atoms.points.reduce(SIMD2<Double>.zero, +) / Double(found.atoms.count)
    return Scatter(
      name: "atoms",
      axes: [
        Scatter.Axes(
          name: "x / y", cloud: found.atoms.points.map(point), own: point(centre),
          neighbours: open.map { point(found.atoms[$0]) })
      ],
      shades: [
        Scatter.Shade(
          name: "interval", unit: "r0",
          values: found.certainty.map { Float(max($0.interval.x, $0.interval.y) / found.bond) }),
        Scatter.Shade(
          name: "disagreement", unit: "r0", values: found.certainty.map { Float($0.spread / found.bond) }),
        Scatter.Shade(name: "energy", unit: "1", values: found.certainty.map { Float($0.energy) }),
      ],
      neighbours: open.map { index in
        let certainty = found.certainty[index]
        func told(_ value: Double) -> String { (value / found.bond).short }
        return Scatter.Neighbour(
          text: "±\(told(max(certainty.interval.x, certainty.interval.y))) \(told(certainty.spread)) "
            + certainty.energy.short,
          distance: (found.atoms[index] - centre).length / found.bond, source: "undetermined")
      })
  }
}

/// The atoms as a picture: a disc each, brighter the more it is bound; a ring for one that is not determined.
private struct AtomMap {
  private let found: Reconstruction

  init(_ found: Reconstruction) { self.found = found }

  private static let side = 160

  var image: Exhibit.Image {
    let side = Self.side
    var low = SIMD2(repeating: Double.infinity)
    var high = SIMD2(repeating: -Double.infinity)
    for point in found.atoms.points {
      low = pointwiseMin(low, point)
      high = pointwiseMax(high, point)
    }
    let span = max(high.x - low.x, high.y - low.y, found.bond) + 1.5 * found.bond
    let scale = span / Double(side)
    let origin = 0.5 * (low + high) - SIMD2(repeating: 0.5 * span)
    var values = [Float](repeating: 0, count: side * side)
    let radius = 0.32 * found.bond
    for (index, point) in found.atoms.points.enumerated() {
      let certainty = found.certainty[index]
      let level = Float(max(0.3, min(1, -certainty.energy / 3)))
      for row in 0..<side {
        let y = origin.y + scale * (Double(side - row) - 0.5) - point.y
        guard y.magnitude < radius else { continue }
        for column in 0..<side {
          let x = origin.x + scale * (Double(column) + 0.5) - point.x
          let distance = (x * x + y * y).squareRoot()
          guard distance < radius, certainty.isDetermined || distance > 0.6 * radius else { continue }
          values[row * side + column] = level
        }
      }
    }
    return Exhibit.Image(
      "Atoms", Pixels(width: side, height: side, values: values), unit: "bonds", role: .other,
      pixel: AxisCalibration(scale: scale / found.bond, origin: origin.x / found.bond, unit: "r0"))
  }
}
