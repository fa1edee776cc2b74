import Analysis
import Arrays
import Diffraction
import Glibc

/// A segmentation as values, exhibits and files.
struct SPEDReport {
  let result: Segmentation
  let entry: ScanCache.Entry
  let summary: FileSummary
  let shape: ScanShape
  /// A spot whose dark field is asked for.
  let spot: SpotChoice?

  var table: VDFTable { entry.table }

  func finding() -> Finding {
    let crystals = result.crystals
    let read = entry.reading.patterns
    var times = [Int](repeating: 0, count: table.points)
    for crystal in crystals { for p in crystal.points.points { times[p] += 1 } }
    let covered = times.count { $0 > 0 }
    let twice = times.count { $0 > 1 }
    var values = [
      Quantity("crystals", Double(crystals.count)),
      Quantity("covered", percent(covered, read), unit: "%"),
      Quantity("overlap", percent(twice, covered), unit: "%"),
      Quantity("vectors", Double(table.vectors.count)),
      Quantity("confidence", rounded(crystals.map(\.confidence).min() ?? 0)),
      Quantity("explained", rounded(100 * result.explained), unit: "%"),
      Quantity("patterns", Double(read)),
    ]
    // The legend of the map: one quantity a crystal.
    for crystal in crystals {
      values.append(
        Quantity(
          "area_\(crystal.letter)", Double(crystal.area), unit: "px",
          probability: rounded(crystal.confidence)))
      values.append(Quantity("spots_\(crystal.letter)", Double(crystal.vectors.count)))
    }
    if let spot, let vector = spot.vector(in: crystals) {
      let binning = Float(entry.reading.geometry.binning)
      values.append(Quantity("vector_x", rounded(Double(table.vectors[vector].x * binning)), unit: "px"))
      values.append(Quantity("vector_y", rounded(Double(table.vectors[vector].y * binning)), unit: "px"))
    }
    let judgement = judge(read)
    return Finding(
      values: values,
      profiles: result.scree.isEmpty
        ? []
        : [
          Profile(name: "scree", unit: "component", start: 1, values: result.scree.map { rounded(100 * $0) })
        ],
      verdict: judgement.verdict, reasons: judgement.reasons, exhibits: exhibits())
  }

  private func judge(_ read: Int) -> Judgement {
    var judgement = Judgement()
    if result.crystals.isEmpty {
      let what = table.vectors.isEmpty ? "no spot returns at one place" : "no spots light a region together"
      judgement.note(.nothingFound, "no crystals: \(what)")
      return judgement
    }
    func letters(_ crystals: [FoundCrystal]) -> String { crystals.map(\.letter).joined(separator: ", ") }
    if read < shape.count { judgement.note(.incomplete, "\(read) of \(shape.count) patterns are there") }
    let weak = result.crystals.filter { $0.confidence < 0.7 }
    if !weak.isEmpty { judgement.note(.fewSpots, "few spots: \(letters(weak))") }
    let bent = result.crystals.filter(\.isBent)
    if !bent.isEmpty { judgement.note(.bent, "bent: \(letters(bent))") }
    let pseudo = result.crystals.filter { crystal in
      4 * result.pseudoSubtractive.count(where: { crystal.points.contains($0) }) > crystal.area
    }
    let area = result.crystals.reduce(0) { $0 + $1.area }
    if 2 * pseudo.reduce(0, { $0 + $1.area }) > area {
      // A crystal has all of its spots everywhere; what hangs together by some of them is a halo, a ring, an edge.
      judgement.note(
        .missingSpots, .outOfDomain,
        "spots missing in parts of \(letters(pseudo)), most of what was found: rings, a beam stop, an edge?")
    } else if !pseudo.isEmpty {
      judgement.note(.missingSpots, "spots missing in parts of \(letters(pseudo)): not one pattern")
    }
    if let spot, spot.vector(in: result.crystals) == nil {
      judgement.note(.noSuchSpot, "there is no spot \(spot)")
    }
    return judgement
  }

  private func percent(_ part: Int, _ whole: Int) -> Double {
    whole > 0 ? rounded(100 * Double(part) / Double(whole)) : 0
  }

  private func rounded(_ value: Double) -> Double { (value * 1e4).rounded() / 1e4 }
}

extension SPEDReport {
  /// The files: segments, patterns, vectors, crystals, and the patterns once more as HyperSpy reads them.
  func artifacts(_ patterns: [Pixels]) -> [Artifact] {
    guard !patterns.isEmpty else { return [] }
    let letters = result.crystals.map(\.letter).joined(separator: " ")
    let segments = result.crystals.map { crystal in
      var fraction = [Float](repeating: 0, count: table.points)
      // A point of a crystal is at least half in it, so that any threshold up to a half draws its outline.
      for (p, loading) in zip(crystal.points.points, crystal.loading) { fraction[p] = 0.5 + 0.5 * loading }
      return Pixels(width: table.scanWidth, height: table.scanHeight, values: fraction)
    }
    return [
      Artifact(
        role: "segments", file: "segments.tif",
        content: .images(segments, description: "crystals=\(letters)\n")),
      Artifact(
        role: "patterns", file: "patterns.tif",
        content: .images(patterns, description: "crystals=\(letters)\nunit=electrons\n")),
      Artifact(role: "vectors", file: "vectors.csv", content: .bytes(Array(vectorTable().utf8))),
      Artifact(role: "crystals", file: "crystals.csv", content: .bytes(Array(crystalTable().utf8))),
      Artifact(role: "hyperspy", file: "patterns.rpl", content: .bytes(Array(rippleHeader(patterns).utf8))),
      Artifact(role: "hyperspy_data", file: "patterns.raw", content: .bytes(rippleData(patterns))),
    ]
  }

  /// Electrons a pattern of every vector in every crystal; positions in detector pixels from the beam.
  func vectorTable() -> String {
    let binning = Float(entry.reading.geometry.binning)
    var columns = [[Float]](
      repeating: [Float](repeating: 0, count: table.vectors.count), count: result.crystals.count)
    for (k, crystal) in result.crystals.enumerated() {
      for (v, electrons) in zip(crystal.vectors, crystal.intensities) { columns[k][v] = electrons }
    }
    var text =
      (["vector", "x_px", "y_px", "length_px", "peaks"] + result.crystals.map { "electrons_\($0.letter)" })
      .joined(separator: ",") + "\n"
    for (v, vector) in table.vectors.enumerated() {
      let numbers = [vector.x * binning, vector.y * binning, vector.length * binning].map { digits($0, 3) }
      let cells = ["\(v)"] + numbers + ["\(vector.count)"] + columns.map { digits($0[v], 2) }
      text += cells.joined(separator: ",") + "\n"
    }
    return text
  }

  func crystalTable() -> String {
    var text = "crystal,area_px,confidence,spots,bent,centre_x_px,centre_y_px\n"
    for crystal in result.crystals {
      let points = crystal.points.points
      let n = Float(max(1, points.count))
      let x = Float(points.reduce(0) { $0 + $1 % table.scanWidth }) / n
      let y = Float(points.reduce(0) { $0 + $1 / table.scanWidth }) / n
      text +=
        "\(crystal.letter),\(crystal.area),\(digits(Float(crystal.confidence), 3)),\(crystal.vectors.count),"
        + "\(crystal.isBent ? 1 : 0),\(digits(x, 2)),\(digits(y, 2))\n"
    }
    return text
  }

  private func digits(_ value: Float, _ places: Int) -> String {
    let scale = pow(10, Double(places))
    return String((Double(value) * scale).rounded() / scale)
  }

  /// The Ripple format (Lispix), which HyperSpy reads as a stack of images.
  private func rippleHeader(_ patterns: [Pixels]) -> String {
    let (width, height) = (patterns[0].width, patterns[0].height)
    let scale = summary.calibration.x?.value
    var lines = [
      "key\tvalue", "width\t\(width)", "height\t\(height)", "depth\t\(patterns.count)", "offset\t0",
      "data-length\t4", "data-type\tfloat", "byte-order\tlittle-endian", "record-by\timage",
      "title\tvirtual diffraction of the crystals", "depth-name\tcrystal",
    ]
    if let scale {
      let step = scale.scale * Double(entry.reading.geometry.binning)
      for (axis, size) in [("width", width), ("height", height)] {
        lines += [
          "\(axis)-scale\t\(step)", "\(axis)-origin\t\(-step * Double(size / 2))",
          "\(axis)-units\t\(plain(scale.unit))",
        ]
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Ripple headers are read as Latin-1: a unit in ASCII is the same to everybody.
  private func plain(_ unit: String) -> String {
    unit.map { $0 == "Å" || $0 == "\u{212B}" ? "angstrom" : $0 == "µ" || $0 == "μ" ? "u" : String($0) }
      .joined()
  }

  private func rippleData(_ patterns: [Pixels]) -> [UInt8] {
    var bytes: [UInt8] = []
    for pattern in patterns { pattern.withBytes { bytes.append(contentsOf: $0) } }
    return bytes
  }
}
