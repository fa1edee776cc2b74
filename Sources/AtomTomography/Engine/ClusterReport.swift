import Analysis
import Diffraction

/// Atoms found in space as values, a verdict and things to look at.
struct ClusterReport {
  let request: ClusterRequest
  let found: ClusterReconstruction

  func finding() -> Finding {
    var judgement = Judgement()
    let images = request.images
    TomographyDoubts(
      account: found.account, masses: images.masses, area: images.area, pixels: images.pixels,
      weight: found.weights.reduce(0, +), doubts: found.certainty.map(\.doubts)
    ).note(in: &judgement)
    return Finding(
      values: found.account.values(
        of: found.certainty, neighbours: Quantity("neighbours", neighbours, said: "of an atom, median"),
        said: "in space"),
      profiles: curves.profiles, verdict: judgement.verdict, reasons: judgement.reasons,
      exhibits: exhibits())
  }

  /// Between the first and the second shell of close-packed atoms.
  private var neighbours: Double {
    let points = found.cluster.points
    let counts = points.indices.map { i in
      points.indices.count { $0 != i && (points[$0] - points[i]).length < 1.2 * found.account.bond }
    }.sorted()
    return counts.isEmpty ? 0 : Double(counts[counts.count / 2])
  }

  private var curves: TomographyCurves {
    TomographyCurves(
      measured: request.images.flattened, expected: found.expected.flattened, account: found.account)
  }

  private func exhibits() -> [Exhibit] {
    let images = request.images
    let axis = AxisCalibration(scale: images.pitch / found.account.bond, unit: "r0")
    let tilts = images.angles.map { "\($0.short)°" }.joined(separator: ", ")
    let difference = zip(images.values, found.expected.values).map { $0 - $1 }
    var exhibits: [Exhibit] = [
      ("Measured at \(tilts)", images.values, Exhibit.Role.measured),
      ("Projected atoms at \(tilts)", found.expected.values, .expected),
      ("Measured less projected", difference, .difference),
    ].map { title, values, role in
      .image(Exhibit.Image(title, sideBySide(values), role: role, pixel: axis))
    }
    if found.cluster.count > 0 { exhibits.append(.points(points)) }
    return exhibits
  }

  /// The images of all tilts in one, from the left to the right.
  private func sideBySide(_ values: [Double]) -> Pixels {
    let images = request.images
    let (width, count) = (images.width, images.angles.count)
    var row: [Float] = []
    row.reserveCapacity(values.count)
    for line in 0..<images.height {
      for image in 0..<count {
        let first = (image * images.height + line) * width
        row += values[first..<first + width].map { Float($0) }
      }
    }
    return Pixels(width: width * count, height: images.height, values: row)
  }

  /// As seen along z, the least certain first.
  private var points: Exhibit.Points {
    let bond = found.account.bond
    let order = found.cluster.points.indices.sorted { one, other in
      let (first, second) = (found.certainty[one], found.certainty[other])
      if first.isDetermined != second.isDetermined { return !first.isDetermined }
      return (first.interval.max(), other) > (second.interval.max(), one)
    }
    return Exhibit.Points(
      "Atoms, seen along z", unit: "r0",
      places: order.map { SIMD2(found.cluster[$0].x, found.cluster[$0].y) / bond },
      heights: order.map { found.cluster[$0].z / bond }, radius: 0.25,
      columns: [
        Exhibit.Column("z", unit: "r0", decimals: 2), Exhibit.Column("±", unit: "r0", decimals: 3),
        Exhibit.Column("disagreement", unit: "r0", decimals: 3), Exhibit.Column("energy", decimals: 2),
      ] + (request.types.count > 1 ? [Exhibit.Column("weight", decimals: 2)] : []),
      rows: order.map { index in
        let certainty = found.certainty[index]
        return Exhibit.Row(
          "\(index + 1)",
          [
            found.cluster[index].z / bond, certainty.interval.max() / bond, certainty.spread / bond,
            certainty.energy,
          ] + (request.types.count > 1 ? [found.weights[index]] : []),
          flags: certainty.isDetermined ? [] : ["free"])
      })
  }

  var files: AtomFiles {
    AtomFiles(
      atoms: found.cluster.points.indices.map { index in
        let (point, certainty) = (found.cluster[index], found.certainty[index])
        return AtomFiles.Atom(
          position: [point.x, point.y, point.z],
          interval: [certainty.interval.x, certainty.interval.y, certainty.interval.z],
          energy: certainty.energy, spread: certainty.spread, doubts: certainty.doubts,
          weight: request.types.count > 1 ? found.weights[index] : nil)
      },
      angles: request.images.angles, account: found.account)
  }
}
