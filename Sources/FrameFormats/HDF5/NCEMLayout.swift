import Diffraction

/// NCEM/Berkeley EMD, py4DSTEM and its relatives: groups marked `emd_group_type` hold an array and the
/// positions along its axes.
enum NCEMLayout {
  private struct Candidate {
    var group: HDF5Group
    var path: String
    var data: HDF5Dataset
    var shape: [Int]
  }

  static func open(_ root: HDF5Group, _ file: DiskFile, _ limits: ReadLimits) throws(FileRefusal)
    -> HDF5Frames
  {
    var found: [Candidate] = []
    var visited: Set<UInt64> = []
    var budget = min(limits.entries, 10_000)
    var hasExternal = false
    try collect(root, "", 0, &found, &visited, &budget, &hasExternal)
    guard let best = found.map(\.shape.count).max(),
      let first = found.first(where: { $0.shape.count == best })
    else {
      throw hasExternal
        ? FileRefusal(.unsupported, "HDF5: the data is a link into another file, which is not followed")
        : FileRefusal(.unsupported, "HDF5: no array of a known layout (HyperSpy, Velox, NCEM, py4DSTEM)")
    }
    let sample = try first.data.sample()
    // A series of equal cubes (one for each depth of a simulation) is one list of patterns.
    var equal: [HDF5Dataset] = []
    for candidate in found where candidate.shape == first.shape {
      if try candidate.data.sample() == sample { equal.append(candidate.data) }
    }
    return try HDF5Frames(file, datasets: equal, axes: .patternLast, format: "EMD", limits: limits) {
      summary throws(FileRefusal) in
      if first.shape.count == 4 {
        if equal.count == 1 {
          summary.scan = Sourced(
            ScanShape(width: first.shape[1], height: first.shape[0]), source: "\(first.path):shape")
        } else {
          summary.warnings.append(
            "\(equal.count) scans of \(first.shape[1]) x \(first.shape[0]) points, one after another")
        }
      }
      try describe(&summary, first, root)
    }
  }

  private static func collect(
    _ group: HDF5Group, _ path: String, _ depth: Int, _ found: inout [Candidate],
    _ visited: inout Set<UInt64>,
    _ budget: inout Int, _ hasExternal: inout Bool
  ) throws(FileRefusal) {
    guard depth < 10, let address = group.address, visited.insert(address).inserted else { return }
    let type =
      group.attributes.text("emd_group_type")
      ?? group.attributes.number("emd_group_type").map {
        String(Int($0.isFinite ? max(-1, min($0, 99)) : -1))
      }
    let isArray = type == "1" || type == "array"
    for name in group.names() {
      budget -= 1
      guard budget > 0 else { return }
      switch group.member(name) {
      case .group(let child)?:
        try collect(child, "\(path)/\(name)", depth + 1, &found, &visited, &budget, &hasExternal)
      case .dataset(let data)? where isArray && !name.hasPrefix("dim"):
        let shape = data.shape
        if shape.count >= 2 { found.append(Candidate(group: group, path: path, data: data, shape: shape)) }
      case .external?: hasExternal = true
      default: break
      }
    }
  }

  private static func describe(_ summary: inout FileSummary, _ candidate: Candidate, _ root: HDF5Group)
    throws(FileRefusal)
  {
    let rank = candidate.shape.count
    // Older files count dimensions from 1, newer ones from 0.
    let first = try candidate.group.dataset("dim0") == nil ? 1 : 0
    func axis(_ index: Int) throws(FileRefusal) -> Sourced<AxisCalibration>? {
      guard let dim = try candidate.group.dataset("dim\(index + first)") else { return nil }
      let values = try dim.numbers(limit: 2)
      let unit = Self.unit(dim.attributes.text("units") ?? "")
      guard values.count == 2, values[0].isFinite, values[1].isFinite, values[1] != values[0], !unit.isEmpty
      else { return nil }
      return Sourced(
        AxisCalibration(scale: values[1] - values[0], origin: values[0], unit: unit),
        source: "\(candidate.path)/dim\(index + first)")
    }
    summary.calibration = Calibration(x: try axis(rank - 1), y: try axis(rank - 2))
    if rank == 4 {
      for (index, label) in [(1, "scan step x"), (0, "scan step y")] {
        guard let step = try axis(index) else { continue }
        summary.metadata.append(
          MetadataItem(
            name: label, value: String(step.value.scale), unit: step.value.unit, source: step.source))
      }
    }
    if let microscope = root.group("microscope"), let volts = microscope.attributes.number("voltage"),
      volts.isFinite, volts > 0
    {
      // Written in kilovolts by some programs and in volts by others; no microscope has 1 MV or 1 kV.
      summary.beam.voltageKilovolts = Sourced(
        volts >= 5000 ? volts / 1000 : volts, source: "microscope:voltage")
    }
  }

  /// `[n_m^-1]` of the NCEM files is `1/nm` in plain words.
  private static func unit(_ text: String) -> String {
    let inner = text.trimmingPrefix("[")
    let plain = String(inner.hasSuffix("]") ? inner.dropLast() : inner).replacing("_", with: "")
    return String(plain.hasSuffix("^-1") ? "1/\(plain.dropLast(3))" : plain).prefix(20).description
  }
}
