import Analysis
import Diffraction
import Glibc

/// Found atoms as values, a verdict and things to look at.
struct TomographyReport {
  let request: ReconstructionRequest
  let found: Reconstruction

  func finding() -> Finding {
    let judgement = judge()
    return Finding(
      values: values(), profiles: curves.profiles, verdict: judgement.verdict, reasons: judgement.reasons,
      exhibits: exhibits())
  }

  private func values() -> [Quantity] {
    let isHexagonal = found.kind == .hexagonal
    return found.account.values(
      of: found.certainty,
      neighbours: Quantity(
        "neighbours", isHexagonal ? 6 : 4, said: isHexagonal ? "hexagonal" : "square"))
  }

  private func judge() -> Judgement {
    var judgement = Judgement()
    TomographyDoubts(
      account: found.account, masses: request.projections.masses, area: request.projections.pitch,
      pixels: request.projections.pixels, weight: Double(found.atoms.count),
      doubts: found.certainty.map(\.doubts)
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
        guard from.length < 1.25 * found.account.bond else { continue }
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
    TomographyCurves(measured: request.projections, expected: found.expected, account: found.account)
  }

  private func exhibits() -> [Exhibit] {
    let projections = request.projections
    let (width, height) = (projections.pixels, projections.angles.count)
    let axis = AxisCalibration(
      scale: projections.pitch / found.account.bond, origin: projections.start, unit: "r0")
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
    let bond = found.account.bond
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
