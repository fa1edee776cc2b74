import Glibc  // atan2
import Scattering

/// The JSON that accompanies simulated patterns, in the words of the reference patterns' list.
struct CaseList {
  let simulation: PACBEDSimulation
  let crystal: OrientedCrystal
  let patterns: [PACBEDSimulation.Pattern]

  var text: String {
    let key = Self.string(simulation.crystal.name)
    let cases = patterns.map(entry).joined(separator: ",\n")
    return """
      {"format": "pacbed-reference-1", "generator": "ewald",
       "units": {"thickness": "A", "angles": "mrad", "cell": "A"},
       "crystals": {\(key): {"material": \(material), "cell_A": \(cell), "atoms": [
      \(atoms)]}},
       "cases": [
      \(cases)]}

      """
  }

  private var material: String {
    let zone = simulation.zone
    return Self.string("\(simulation.crystal.name) [\(zone.x)\(zone.y < 0 ? "" : " ")\(zone.y) \(zone.z)]")
  }

  private var cell: String {
    "[[\(crystal.first.x), 0.0, 0.0], [\(crystal.second.x), \(crystal.second.y), 0.0], [0.0, 0.0, \(crystal.period)]]"
  }

  private var atoms: String {
    crystal.atoms.map { atom in
      var entry = "  {\"element\": \"\(atom.element)\", \"fractional\": "
      entry += "[\(atom.across.x), \(atom.across.y), \(atom.depth)]"
      if atom.occupancy != 1 { entry += ", \"occupancy\": \(atom.occupancy)" }
      return entry + "}"
    }.joined(separator: ",\n")
  }

  private func entry(_ pattern: PACBEDSimulation.Pattern) -> String {
    let s = simulation
    let sum = pattern.image.values.reduce(0.0) { $0 + Double($1) }
    let azimuth = atan2(s.mistilt.y, s.mistilt.x) * 180 / .pi
    let fields: [(String, String)] = [
      ("file", Self.string(pattern.name + ".tif")), ("case", Self.string(pattern.name)),
      ("material", material),
      ("crystal", Self.string(s.crystal.name)), ("voltage_kV", "\(s.kilovolts)"),
      ("alpha_mrad", "\(s.convergence)"),
      ("mistilt_mrad", "[\(s.mistilt.x), \(s.mistilt.y)]"), ("mistilt_magnitude_mrad", "\(s.mistilt.length)"),
      ("mistilt_azimuth_deg", "\(azimuth)"), ("thickness_A", "\(pattern.thickness * 10)"),
      ("pixel_mrad", "[\(s.pitch.x), \(s.pitch.y)]"), ("shape", "[\(s.height), \(s.width)]"),
      ("centre_px", "[\(s.height / 2), \(s.width / 2)]"),
      ("axis_order", Self.string("array axis 0 = x (first cell vector), axis 1 = y")),
      ("zone", "[\(s.zone.x), \(s.zone.y), \(s.zone.z)]"),
      ("form_factors", Self.string(s.formFactors.rawValue)),
      ("debye_waller", s.debyeWaller ? "true" : "null"), ("absorption", "\(s.absorption)"),
      ("soft_aperture", "true"), ("total_intensity", "\(sum)"),
    ]
    return "  {" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
  }

  /// A JSON string.
  static func string(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\" + String(scalar)
      case _ where scalar.value < 32:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
