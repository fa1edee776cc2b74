import Arrays
import Diffraction
import Glibc

/// What a segmentation looks like: the map of crystals with its legend; of every crystal its virtual diffraction
/// pattern, its virtual dark-field image and its spots.
extension SPEDReport {
  func exhibits() -> [Exhibit] {
    var exhibits: [Exhibit] = [.regions(regions)]
    for (k, crystal) in result.crystals.enumerated() {
      exhibits.append(
        .image(
          Exhibit.Image(
            "Pattern of \(crystal.letter)", virtualPattern(crystal), unit: "electrons",
            role: .expected,
            signal: .spots, part: k, pixel: pixel)))
      // The one spot that was picked goes before the sum of all.
      if let spot, spot.letter == crystal.letter, let vector = spot.vector(in: result.crystals) {
        exhibits.append(darkField("Dark field of \(spot)", [vector], k))
      }
      exhibits.append(darkField("Dark field of \(crystal.letter)", crystal.vectors, k))
      exhibits.append(.table(spots(crystal, k)))
    }
    return exhibits
  }

  private var regions: Exhibit.Regions {
    Exhibit.Regions(
      "Segments", labels: segmentMap(), overlaps: overlapMap(),
      columns: [
        Exhibit.Column("area", unit: "px"), Exhibit.Column("confidence", decimals: 2, isProbability: true),
        Exhibit.Column("spots"),
      ],
      rows: result.crystals.map { crystal in
        Exhibit.Row(
          crystal.letter, [Double(crystal.area), crystal.confidence, Double(crystal.vectors.count)],
          flags: crystal.isBent ? ["bent"] : [])
      },
      details: result.crystals.map(\.vectors.count), edits: Set(RegionEdit.Kind.allCases))
  }

  /// 0 nothing, 1 A, 2 B …; where crystals overlap the one whose signal is nearer to its typical one.
  func segmentMap() -> Pixels {
    var labels = [UInt16](repeating: 0, count: table.points)
    var best = [Float](repeating: -1, count: table.points)
    for (k, crystal) in result.crystals.enumerated() {
      for (p, loading) in zip(crystal.points.points, crystal.loading) where loading > best[p] {
        best[p] = loading
        labels[p] = UInt16(min(k + 1, 65_535))
      }
    }
    return Pixels(width: table.scanWidth, height: table.scanHeight, values: labels)
  }

  /// Where crystals overlap the one that `segmentMap` does not show; nil where none do.
  private func overlapMap() -> Pixels? {
    let shown = segmentMap().doubles()
    var labels = [UInt16](repeating: 0, count: table.points)
    for (k, crystal) in result.crystals.enumerated() {
      for p in crystal.points.points where shown[p] != Double(k + 1) {
        labels[p] = UInt16(min(k + 1, 65_535))
      }
    }
    guard labels.contains(where: { $0 > 0 }) else { return nil }
    return Pixels(width: table.scanWidth, height: table.scanHeight, values: labels)
  }

  private var pixel: AxisCalibration? {
    summary.calibration.x.map { axis in
      var axis = axis.value
      axis.scale *= Double(entry.reading.geometry.binning)
      return axis
    }
  }

  private func spots(_ crystal: FoundCrystal, _ part: Int) -> Exhibit.Table {
    let binning = Float(entry.reading.geometry.binning)
    return Exhibit.Table(
      "Spots of \(crystal.letter)",
      [
        Exhibit.Column("x", unit: "px", decimals: 1), Exhibit.Column("y", unit: "px", decimals: 1),
        Exhibit.Column("electrons", decimals: 1),
      ],
      zip(crystal.vectors, crystal.intensities).enumerated().map { rank, spot in
        let vector = table.vectors[spot.0]
        return Exhibit.Row(
          "\(crystal.letter)\(rank + 1)",
          [Double(vector.x * binning), Double(vector.y * binning), Double(spot.1)])
      }, part: part)
  }

  /// Gaussians of a spot's width and intensity at a crystal's vectors.
  func virtualPattern(_ crystal: FoundCrystal) -> Pixels {
    let geometry = entry.reading.geometry
    let (width, height) = (geometry.width, geometry.height)
    var values = [Float](repeating: 0, count: width * height)
    let sigma = Float(geometry.spotSigma)
    let reach = Int((4 * geometry.spotSigma).rounded(.up))
    for (v, electrons) in zip(crystal.vectors, crystal.intensities) where electrons > 0 {
      let x = table.vectors[v].x + Float(width / 2)
      let y = table.vectors[v].y + Float(height / 2)
      let (cx, cy) = (Int(bounded: x.rounded()), Int(bounded: y.rounded()))
      let top = electrons / (2 * .pi * sigma * sigma)
      for j in within(0..<height, cy - reach, cy + reach + 1) {
        for i in within(0..<width, cx - reach, cx + reach + 1) {
          let (dx, dy) = (Float(i) - x, Float(j) - y)
          values[j * width + i] += top * expf(-(dx * dx + dy * dy) / (2 * sigma * sigma))
        }
      }
    }
    return Pixels(width: width, height: height, values: values)
  }

  private func darkField(_ title: String, _ vectors: [Int], _ part: Int) -> Exhibit {
    var values = [Float](repeating: 0, count: table.points)
    for p in 0..<table.points where table.isMeasured[p] {
      var sum: Float = 0
      for v in vectors { sum += table.excess(p, v) }
      values[p] = sum * table.electronsPerCount
    }
    return .map(
      Exhibit.ScanMap(
        title, Pixels(width: table.scanWidth, height: table.scanHeight, values: values), unit: "electrons",
        signal: .darkField, part: part))
  }
}
