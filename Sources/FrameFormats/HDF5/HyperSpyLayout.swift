import Diffraction

/// `/Experiments/<title>/data` with `axis-N` groups and a tree of metadata.
enum HyperSpyLayout {
  static func open(_ root: HDF5Group, _ file: DiskFile, _ limits: ReadLimits) throws(FileRefusal)
    -> HDF5Frames
  {
    guard let experiments = root.group("Experiments") else {
      throw FileRefusal(.damaged, "HyperSpy: no Experiments group")
    }
    var refusal = FileRefusal(.damaged, "HyperSpy: no signal in the file")
    for name in experiments.names() {
      guard let signal = experiments.group(name) else { continue }
      do throws(FileRefusal) {
        guard let data = try signal.dataset("data") else {
          throw FileRefusal(.damaged, "HyperSpy: a signal without data")
        }
        let axes = axes(signal, count: data.shape.count)
        guard data.shape.count >= 2, !isSpectrum(axes) else {
          throw FileRefusal(.unsupported, "HyperSpy: a spectrum, not an image")
        }
        guard signal.member("ragged_shapes") == nil, signal.member("_ragged_shapes_data") == nil else {
          throw FileRefusal(.unsupported, "HyperSpy: a ragged array")
        }
        return try HDF5Frames(file, datasets: [data], axes: .patternLast, format: "HyperSpy", limits: limits)
        {
          summary throws(FileRefusal) in
          describe(&summary, signal, axes, shape: data.shape)
        }
      } catch {
        refusal = error
      }
    }
    throw refusal
  }

  private struct Axis {
    var calibration: Sourced<AxisCalibration>?
    var isNavigation: Bool?
    var name: String
  }

  /// In array order; a missing group leaves its axis unknown.
  private static func axes(_ signal: HDF5Group, count: Int) -> [Axis?] {
    (0..<min(count, 8)).map { index in
      guard let group = signal.group("axis-\(index)") else { return nil }
      let attributes = group.attributes
      func word(_ key: String) -> String {
        let text = attributes.text(key) ?? ""
        return text == "_None_" || text == "<undefined>" ? "" : text
      }
      var axis = Axis(
        calibration: nil, isNavigation: attributes.number("navigate").map { $0 != 0 }, name: word("name"))
      let unit = word("units")
      if let scale = attributes.number("scale"), scale.isFinite, scale != 0, !unit.isEmpty {
        let offset = attributes.number("offset") ?? 0
        axis.calibration = Sourced(
          AxisCalibration(scale: scale, origin: offset.isFinite ? offset : 0, unit: String(unit.prefix(20))),
          source: "axis-\(index)")
      }
      return axis
    }
  }

  /// One signal axis only: the other axes are all scanned.
  private static func isSpectrum(_ axes: [Axis?]) -> Bool {
    let known = axes.compactMap { $0?.isNavigation }
    return known.count == axes.count && known.count { !$0 } == 1
  }

  private static func describe(
    _ summary: inout FileSummary, _ signal: HDF5Group, _ axes: [Axis?], shape: [Int]
  ) {
    let (y, x) = (shape.count - 2, shape.count - 1)
    summary.calibration = Calibration(x: axes[x]?.calibration, y: axes[y]?.calibration)
    if shape.count == 4, axes[0]?.isNavigation != false, axes[1]?.isNavigation != false {
      summary.scan = Sourced(ScanShape(width: shape[1], height: shape[0]), source: "axis-0")
      for (index, label) in [(1, "scan step x"), (0, "scan step y")] {
        guard let axis = axes[index]?.calibration else { continue }
        summary.metadata.append(
          MetadataItem(
            name: label, value: String(axis.value.scale), unit: axis.value.unit, source: axis.source))
      }
    }
    // Files older than version 1.2 call the tree differently.
    guard let metadata = signal.group("metadata") ?? signal.group("mapped_parameters") else { return }
    let path = "metadata/Acquisition_instrument/TEM"
    if let microscope = metadata.group("Acquisition_instrument", "TEM") {
      func positive(_ key: String, of group: HDF5Group, _ place: String) -> Sourced<Double>? {
        guard let value = group.attributes.number(key), value.isFinite, value > 0 else { return nil }
        return Sourced(value, source: "\(place):\(key)")
      }
      summary.beam.voltageKilovolts = positive("beam_energy", of: microscope, path)
      summary.beam.cameraLengthMillimetres = positive("camera_length", of: microscope, path)
      summary.beam.convergenceMilliradians = positive("convergence_angle", of: microscope, path)
      for (names, key) in [
        (["Detector", "Camera"], "exposure"), (["Camera"], "exposure"),
        (["Detector", "Diffraction"], "exposure_time"),
      ] {
        var group: HDF5Group? = microscope
        for name in names { group = group?.group(name) }
        guard let group, let exposure = positive(key, of: group, "\(path)/\(names.joined(separator: "/"))")
        else { continue }
        summary.beam.exposureSeconds = exposure
        break
      }
      for (key, unit) in [("precession_angle", "°"), ("beam_current", "nA"), ("magnification", "")] {
        guard let value = microscope.attributes.number(key), value.isFinite else { continue }
        summary.metadata.append(
          MetadataItem(
            name: key.replacing("_", with: " "), value: String(value), unit: unit, source: "\(path):\(key)"))
      }
      for key in ["microscope", "acquisition_mode"] {
        guard let value = microscope.attributes.text(key), !value.isEmpty else { continue }
        summary.metadata.append(
          MetadataItem(name: key.replacing("_", with: " "), value: value, source: "\(path):\(key)"))
      }
    }
    for key in ["title", "date", "time", "original_filename", "notes"] {
      guard let value = metadata.group("General")?.attributes.text(key), !value.isEmpty else { continue }
      summary.metadata.append(
        MetadataItem(name: key.replacing("_", with: " "), value: value, source: "metadata/General:\(key)"))
    }
  }
}
