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
      values: values(), profiles: curves.profiles, verdict: judgement.verdict, reasons: judgement.reasons,
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
    let error =
      found.noise.deviation * request.projections.pitch * Double(request.projections.pixels).squareRoot()
      / found.mass
    TomographyDoubts(
      ratio: found.value.misfit / max(1e-300, found.floor), isConverged: found.isConverged,
      masses: request.projections.masses.map { $0 / found.mass }, error: error,
      weight: Double(found.atoms.count), doubts: found.certainty.map(\.doubts)
    ).note(in: &judgement)
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

  private var curves: TomographyCurves {
    TomographyCurves(
      measured: request.projections, expected: found.expected, bond: found.bond, history: found.history,
      floor: found.floor, alphaCurve: found.alphaCurve)
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
    if found.atoms.count > 0 { exhibits.append(.points(points)) }
    return exhibits
  }

  /// The atoms, the least certain first.
  private var points: Exhibit.Points {
    let bond = found.bond
    func width(_ index: Int) -> Double {
      max(found.certainty[index].interval.x, found.certainty[index].interval.y)
    }
    let order = found.atoms.points.indices.sorted { one, other in
      let (first, second) = (found.certainty[one], found.certainty[other])
      if first.isDetermined != second.isDetermined { return !first.isDetermined }
      return (width(one), other) > (width(other), one)
    }
    return Exhibit.Points(
      "Atoms", unit: "r0", places: order.map { found.atoms[$0] / bond }, radius: 0.32,
      columns: [
        Exhibit.Column("±", unit: "r0", decimals: 3),
        Exhibit.Column("disagreement", unit: "r0", decimals: 3), Exhibit.Column("energy", decimals: 2),
      ],
      rows: order.map { index in
        let certainty = found.certainty[index]
        return Exhibit.Row(
          "\(index + 1)", [width(index) / bond, certainty.spread / bond, certainty.energy],
          flags: certainty.isDetermined ? [] : ["free"])
      })
  }
}
