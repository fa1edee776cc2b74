import Diffraction

/// What the image's tags say about the microscope.
struct DMMicroscope {
  private let tree: DMTree
  private let tags: [(place: DMTree.Place, path: String)]
  private let image: DMImage

  init(_ tree: DMTree, _ image: DMImage) {
    self.tree = tree
    self.image = image
    var tags: [(DMTree.Place, String)] = []
    if let own = tree[image.place, "ImageTags"] {
      tags.append((own, ""))
      // A stack that a plug-in built keeps the tags of its first image here.
      if let source = tree[own, "source", "Tags at creation"] {
        tags.append((source, "source:Tags at creation:"))
      }
    }
    self.tags = tags
  }

  private func number(_ path: String) throws(FileRefusal) -> Sourced<Double>? {
    for (place, prefix) in tags {
      var found: DMTree.Place? = place
      for name in path.split(separator: ":") { found = tree[found, String(name)] }
      if let value = try tree.number(found), value.isFinite {
        return Sourced(value, source: "tag:\(prefix)\(path)")
      }
    }
    return nil
  }

  private func positive(_ path: String, _ factor: Double = 1) throws(FileRefusal) -> Sourced<Double>? {
    guard let found = try number(path), found.value > 0 else { return nil }
    return Sourced(found.value * factor, source: found.source)
  }

  private func text(_ path: String) throws(FileRefusal) -> String? {
    for (place, _) in tags {
      var found: DMTree.Place? = place
      for name in path.split(separator: ":") { found = tree[found, String(name)] }
      if let value = try tree.text(found), !value.isEmpty { return value }
    }
    return nil
  }

  func describe(_ summary: inout FileSummary) throws(FileRefusal) {
    // A microscope that is not linked reports 0 V.
    summary.beam.voltageKilovolts = try positive("Microscope Info:Voltage", 1e-3)
    let illumination = try text("Microscope Info:Illumination Mode") ?? ""
    let imaging = try text("Microscope Info:Imaging Mode") ?? ""
    if illumination.contains("STEM") {
      summary.beam.cameraLengthMillimetres = try positive("Microscope Info:STEM Camera Length")
    } else if imaging == "DIFFRACTION" {
      summary.beam.cameraLengthMillimetres = try positive("Microscope Info:Indicated Magnification")
    }
    summary.beam.convergenceMilliradians = try positive(
      "EELS:Experimental Conditions:Convergence semi-angle (mrad)")
    for path in [
      "Acquisition:Parameters:Detector:exposure (s)", "DataBar:Exposure Time (s)",
      "Acquisition:Parameters:High Level:Exposure (s)",
    ] {
      guard let exposure = try positive(path) else { continue }
      summary.beam.exposureSeconds = exposure
      break
    }
    if let title = try tree.text(tree[image.place, "Name"]), !title.isEmpty {
      summary.metadata.append(MetadataItem(name: "title", value: title, source: "tag:Name"))
    }
    let names = [
      ("microscope", "Microscope Info:Name"), ("illumination", "Microscope Info:Illumination Mode"),
      ("imaging", "Microscope Info:Imaging Mode"), ("date", "DataBar:Acquisition Date"),
      ("time", "DataBar:Acquisition Time"),
    ]
    for (name, path) in names {
      guard let value = try text(path) else { continue }
      summary.metadata.append(MetadataItem(name: name, value: value, source: "tag:\(path)"))
    }
    if let dwell = try positive("DigiScan:Sample Time") {
      summary.metadata.append(
        MetadataItem(name: "dwell time", value: String(dwell.value), unit: "µs", source: dwell.source))
    }
  }
}
