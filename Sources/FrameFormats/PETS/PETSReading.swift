import Arrays
import CIF
import Diffraction

/// The words of a `.cif_pets` file as a series of zones. What it cannot do without is refused in a line that says
/// where; what it can, is a warning.
struct PETSReading {
  private(set) var series: ZoneSeries
  private(set) var summary: FileSummary
  private var warnings: [String] = []

  /// A column of a list whose values are numbers.
  private struct Column {
    let table: CIFBlock.Table
    let place: Int

    subscript(row: Int) -> CIFBlock.Value { table[row, place] }

    /// Nil for what is not stated; what is stated and no number is refused.
    func number(_ row: Int) throws(FileRefusal) -> Double? {
      let value = self[row]
      guard value.isKnown else { return nil }
      guard let number = value.number, number.magnitude < 1e15 else {
        throw PETSReading.refusal(
          value.line, "\(table.tags[place]) \"\(CleanText.clean(value.text, limit: 40))\" is no number")
      }
      return number
    }
  }

  init(_ bytes: [UInt8]) throws(FileRefusal) {
    let blocks: [CIFBlock]
    var cut = false
    do throws(CIFError) {
      (blocks, cut) = try CIFDocument.growingBlocks(bytes)
    } catch {
      throw Self.refusal(error.line, CleanText.clean(error.reason))
    }
    guard let block = blocks.first(where: { Self.list("_diffrn_zone_axis_id", in: $0) != nil }) else {
      if blocks.contains(where: { Self.list("_refln_index_h", in: $0) != nil }) {
        throw FileRefusal(
          .unsupported,
          "PETS: no list of zones (_diffrn_zone_axis_id): a file for a kinematical refinement, where frames are merged"
        )
      }
      throw FileRefusal(.truncated, "PETS: no list of zones (_diffrn_zone_axis_id) yet")
    }
    if cut { warnings.append("The last row of the last list is not whole; it was left out.") }
    let zones = try Self.zones(block, &warnings)
    var places: [Int: Int] = [:]
    for (place, zone) in zones.enumerated() { places[zone.id] = place }
    let reflections = try Self.reflections(block, places, &warnings)
    let details = Details(block.value("_diffrn_measurement_details")?.text ?? "")
    if details.geometry == nil {
      warnings.append("The file does not say how frames were taken; continuous rotation is assumed.")
    }
    var lengths = SIMD3<Double>.zero
    var angles = SIMD3<Double>(repeating: 90)
    for (i, axis) in ["a", "b", "c"].enumerated() {
      lengths[i] = try Self.number(block, "_cell_length_\(axis)", 0.5...1000, "a length in Å")
    }
    for (i, axis) in ["alpha", "beta", "gamma"].enumerated() {
      angles[i] = try Self.number(block, "_cell_angle_\(axis)", 5...175, "an angle in degrees")
    }
    var orientation: [Double] = []
    for row in 1...3 {
      for column in 1...3 {
        orientation.append(
          try Self.number(block, "_diffrn_orient_matrix_ub_\(row)\(column)", -100...100, "a number in 1/Å"))
      }
    }
    let wavelength = try Self.number(block, "_diffrn_radiation_wavelength", 1e-3...1, "a wavelength in Å")
    series = ZoneSeries(
      lengths: lengths, angles: angles, wavelength: wavelength, geometry: details.geometry ?? .rotation,
      axisPosition: details.axisPosition ?? 0, resolution: details.resolution ?? .nan,
      orientation: orientation, zones: zones, reflections: reflections)
    summary = FileSummary(
      format: "PETS", width: ZoneSeries.columns, height: series.rows,
      sample: .float64, frames: 1, warnings: warnings)
    summary.metadata = [
      MetadataItem(name: "zones", value: "\(zones.count)", source: "list of zones"),
      MetadataItem(name: "reflections", value: "\(reflections.count)", source: "list of reflections"),
      MetadataItem(
        name: "geometry", value: series.geometry == .rotation ? "continuous rotation" : "precession",
        source: details.geometry == nil ? "default" : "measurement details"),
      MetadataItem(
        name: "wavelength", value: "\(wavelength)", unit: "Å", source: "_diffrn_radiation_wavelength"),
    ]
    if let beam = ElectronBeam(wavelength: wavelength) {
      summary.beam.voltageKilovolts = Sourced(
        (beam.volts / 100).rounded() / 10, source: "_diffrn_radiation_wavelength")
    }
  }

  mutating func add(structure text: [UInt8], from path: String) {
    series.structure = text
    summary.height = series.rows
    let name = path.split(separator: "/").last.map { CleanText.clean(String($0), limit: 80) } ?? ""
    summary.metadata.append(MetadataItem(name: "structure", value: name, source: "beside the file"))
  }

  static func refusal(_ line: Int?, _ reason: String) -> FileRefusal {
    FileRefusal(.damaged, "PETS: \(line.map { "line \($0): " } ?? "")\(reason)")
  }

  private static func number(
    _ block: CIFBlock, _ tag: String, _ range: ClosedRange<Double>, _ what: String
  ) throws(FileRefusal) -> Double {
    guard let value = block.value(tag) else { throw refusal(block.line, "no \(tag)") }
    guard let number = value.number, range.contains(number) else {
      throw refusal(value.line, "\(tag) \"\(CleanText.clean(value.text, limit: 40))\" is not \(what)")
    }
    return number
  }

  /// A list by one of its names; single values stand for a list of one row.
  private static func list(_ tag: String, in block: CIFBlock) -> CIFBlock.Table? {
    if let table = block.table(with: tag) { return table }
    guard let value = block.items[tag] else { return nil }
    let stem = tag.split(separator: "_").prefix(1).joined()
    let items = block.items.filter { $0.key.hasPrefix("_\(stem)") }.sorted { $0.key < $1.key }
    return CIFBlock.Table(tags: items.map(\.key), line: value.line, values: items.map(\.value))
  }

  private static func column(_ table: CIFBlock.Table, _ tag: String) -> Column? {
    table.column(tag).map { Column(table: table, place: $0) }
  }

  private static func required(_ table: CIFBlock.Table, _ tag: String) throws(FileRefusal) -> Column {
    guard let column = column(table, tag) else { throw refusal(table.line, "the list has no \(tag)") }
    return column
  }

  private static func whole(_ column: Column, _ row: Int, _ limit: Double) throws(FileRefusal) -> Int {
    guard let number = try column.number(row), number == number.rounded(), number.magnitude <= limit else {
      throw refusal(
        column[row].line,
        "\(column.table.tags[column.place]) \"\(CleanText.clean(column[row].text, limit: 40))\" is no whole number up to \(Int(bounded: limit))"
      )
    }
    return Int(bounded: number)
  }

  private static func zones(
    _ block: CIFBlock, _ warnings: inout [String]
  ) throws(FileRefusal) -> [ZoneSeries.Zone] {
    guard let table = list("_diffrn_zone_axis_id", in: block) else { return [] }
    guard table.rows > 0 else { throw FileRefusal(.truncated, "PETS: the list of zones is empty yet") }
    guard table.rows <= ZoneSeries.mostZones else {
      throw FileRefusal(.tooLarge, "PETS: \(table.rows) zones are more than are read")
    }
    let id = try required(table, "_diffrn_zone_axis_id")
    let semiAngle = try required(table, "_diffrn_zone_axis_precession_angle")
    let alpha = try required(table, "_diffrn_zone_axis_alpha")
    var zones: [ZoneSeries.Zone] = []
    var seen: Set<Int> = []
    for row in 0..<table.rows {
      let number = try whole(id, row, 1e6)
      guard seen.insert(number).inserted else {
        throw refusal(id[row].line, "zone \(number) stands twice in the list")
      }
      func angle(_ column: Column?, _ limit: Double) throws(FileRefusal) -> Double? {
        guard let column, let value = try column.number(row) else { return nil }
        guard value.magnitude <= limit else {
          throw refusal(
            column[row].line, "\(column.table.tags[column.place]) \(value) of zone \(number) is no such angle"
          )
        }
        return value
      }
      func plain(_ tag: String) throws(FileRefusal) -> Double? { try column(table, tag)?.number(row) }
      guard let tilt = try angle(alpha, 360) else {
        throw refusal(alpha[row].line, "zone \(number) has no _diffrn_zone_axis_alpha")
      }
      guard let rocking = try angle(semiAngle, 20), rocking >= 0 else {
        throw refusal(
          semiAngle[row].line, "zone \(number) has no _diffrn_zone_axis_precession_angle within 0 to 20")
      }
      zones.append(
        ZoneSeries.Zone(
          id: number,
          direction: SIMD3(
            try plain("_diffrn_zone_axis_u") ?? .nan, try plain("_diffrn_zone_axis_v") ?? .nan,
            try plain("_diffrn_zone_axis_w") ?? .nan), semiAngle: rocking, alpha: tilt,
          beta: try angle(column(table, "_diffrn_zone_axis_beta"), 360) ?? 0,
          omega: try angle(column(table, "_diffrn_zone_axis_omega"), 360) ?? 0,
          scale: try plain("_diffrn_zone_axis_scale") ?? .nan))
    }
    if zones.contains(where: { !$0.scale.isFinite }) {
      warnings.append("Zones without a scale; it is not needed.")
    }
    return zones
  }

  private static func reflections(
    _ block: CIFBlock, _ places: [Int: Int], _ warnings: inout [String]
  ) throws(FileRefusal) -> [ZoneSeries.Reflection] {
    guard let table = list("_refln_index_h", in: block) else {
      throw FileRefusal(.truncated, "PETS: no list of reflections (_refln_index_h) yet")
    }
    guard table.rows > 0 else { throw FileRefusal(.truncated, "PETS: the list of reflections is empty yet") }
    guard table.rows <= ZoneSeries.mostReflections else {
      throw FileRefusal(.tooLarge, "PETS: \(table.rows) reflections are more than are read")
    }
    let indices = [
      try required(table, "_refln_index_h"), try required(table, "_refln_index_k"),
      try required(table, "_refln_index_l"),
    ]
    let intensity = try required(table, "_refln_intensity_meas")
    let sigma = column(table, "_refln_intensity_sigma")
    let zone = try required(table, "_refln_zone_axis_id")
    var reflections: [ZoneSeries.Reflection] = []
    var (unmeasured, withoutSigma) = (0, 0)
    for row in 0..<table.rows {
      let limit = Double(ZoneSeries.largestIndex)
      let index = SIMD3(
        try whole(indices[0], row, limit), try whole(indices[1], row, limit),
        try whole(indices[2], row, limit))
      let number = try whole(zone, row, 1e6)
      guard let place = places[number] else {
        throw refusal(zone[row].line, "zone \(number) is not in the list of zones")
      }
      guard let measured = try intensity.number(row) else {
        unmeasured += 1
        continue
      }
      let deviation = try sigma?.number(row) ?? .nan
      if !(deviation > 0) { withoutSigma += 1 }
      reflections.append(
        ZoneSeries.Reflection(
          index: index, intensity: measured, sigma: deviation > 0 ? deviation : .nan, zone: place))
    }
    if unmeasured > 0 { warnings.append("\(unmeasured) reflections without an intensity were left out.") }
    if withoutSigma > 0 {
      warnings.append("\(withoutSigma) reflections without a standard deviation; one is assumed.")
    }
    return reflections
  }
}

extension PETSReading {
  /// What the free text about the measurement says.
  private struct Details {
    var geometry: ZoneSeries.Geometry?
    var axisPosition: Double?
    var resolution: Double?

    init(_ text: String) {
      for line in text.split(whereSeparator: \.isNewline).prefix(1000) {
        guard let colon = line.firstIndex(of: ":") else { continue }
        let name = line[..<colon].lowercased()
        let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " }
        let number = Double(value).flatMap { $0.isFinite ? $0 : nil }
        if name.contains("geometry") {
          let said = line.lowercased()
          if said.contains("precession") { geometry = .precession }
          if said.contains("rotation") { geometry = .rotation }
        } else if name.contains("rotation axis position"), let number, number.magnitude <= 360 {
          axisPosition = number
        } else if name.contains("dstarmax"), let number, number > 0, number < 20 {
          resolution = number
        }
      }
    }
  }
}
