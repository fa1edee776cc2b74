import Diffraction

/// `name.emi` beside `name_1.ser`: a binary file with a piece of XML that tells of the microscope.
struct TIAExperiment {
  private var items: [(label: String, value: String, unit: String)] = []
  private let source: String

  init?(besides path: String) {
    guard path.lowercased().hasSuffix(".ser"), let mark = path.lastIndex(of: "_") else { return nil }
    let name = path[..<mark] + ".emi"
    guard let file = try? DiskFile(path: String(name)), let bytes = try? file.bytes(at: 0, upTo: 4 << 20)
    else {
      return nil
    }
    source = "sidecar:\(name.split(separator: "/").last.map(String.init) ?? "emi")"
    let xml = XMLScan(bytes)
    for data in xml.elements("Data").prefix(200) {
      let inner = XMLScan(data)
      guard let label = inner.text("Label"), let value = inner.text("Value") else { continue }
      items.append((label, value, inner.text("Unit") ?? ""))
    }
    guard !items.isEmpty else { return nil }
  }

  func describe(_ summary: inout FileSummary) {
    for item in items where !item.value.isEmpty {
      summary.metadata.append(
        MetadataItem(name: item.label, value: item.value, unit: item.unit, source: source))
    }
    if let kilovolts = number("High tension", unit: "kV") {
      summary.beam.voltageKilovolts = Sourced(kilovolts, source: source)
    }
    if let metres = number("Camera length", unit: "m") {
      summary.beam.cameraLengthMillimetres = Sourced(metres * 1000, source: source)
    }
  }

  private func number(_ label: String, unit: String) -> Double? {
    guard let item = items.first(where: { $0.label == label && $0.unit == unit }),
      let value = Double(item.value),
      value.isFinite, value > 0
    else { return nil }
    return value
  }
}
