import JSON
import Glibc  // atan2
import Scattering

/// The JSON that accompanies simulated patterns, in the words of the reference patterns' list.
struct CaseList {
  let simulation: PACBEDSimulation
  let crystal: OrientedCrystal
  let patterns: [PACBEDSimulation.Pattern]

  var text: String {
    let s = simulation
    var json = JSONWriter()
    json.object { json in
      json.member("format", "pacbed-reference-1")
      json.member("generator", "ewald")
      json.line(indent: 1)
      json.key("units")
      json.object { json in
        for (name, unit) in [("thickness", "A"), ("angles", "mrad"), ("cell", "A")] {
          json.member(name, unit)
        }
      }
      json.line(indent: 1)
      json.key("crystals")
      json.object { json in
        json.key(s.crystal.name)
        json.object(cell)
      }
      json.line(indent: 1)
      json.key("cases")
      json.array { json in
        for pattern in patterns {
          json.line(indent: 2)
          json.object { entry(pattern, &$0) }
        }
      }
    }
    return json.text + "\n"
  }

  private var material: String {
    let zone = simulation.zone
    return "\(simulation.crystal.name) [\(zone.x)\(zone.y < 0 ? "" : " ")\(zone.y) \(zone.z)]"
  }

  private func cell(_ json: inout JSONWriter) {
    json.member("material", material)
    json.key("cell_A")
    json.array { json in
      for vector in [
        [crystal.first.x, 0, 0], [crystal.second.x, crystal.second.y, 0], [0, 0, crystal.period],
      ] {
        json.array { for component in vector { $0.number(component) } }
      }
    }
    json.key("atoms")
    json.array { json in
      for atom in crystal.atoms {
        json.line(indent: 2)
        json.object { json in
          json.member("element", "\(atom.element)")
          json.member("fractional", [atom.across.x, atom.across.y, atom.depth])
          if atom.occupancy != 1 { json.member("occupancy", atom.occupancy) }
        }
      }
    }
  }

  private func entry(_ pattern: PACBEDSimulation.Pattern, _ json: inout JSONWriter) {
    let s = simulation
    json.member("file", pattern.name + ".tif")
    json.member("case", pattern.name)
    json.member("material", material)
    json.member("crystal", s.crystal.name)
    json.member("voltage_kV", s.kilovolts)
    json.member("alpha_mrad", s.convergence)
    json.member("mistilt_mrad", [s.mistilt.x, s.mistilt.y])
    json.member("mistilt_magnitude_mrad", s.mistilt.length)
    json.member("mistilt_azimuth_deg", atan2(s.mistilt.y, s.mistilt.x) * 180 / .pi)
    json.member("thickness_A", pattern.thickness * 10)
    json.member("pixel_mrad", [s.pitch.x, s.pitch.y])
    json.member("shape", [s.height, s.width])
    json.member("centre_px", [s.height / 2, s.width / 2])
    let x = s.xAxis.map { "[\($0.x) \($0.y) \($0.z)]" } ?? "the cell's a"
    json.member("axis_order", "array axis 0 = x (\(x) across the beam), axis 1 = y")
    json.member("zone", [s.zone.x, s.zone.y, s.zone.z])
    json.member("form_factors", s.formFactors.rawValue)
    json.key("debye_waller")
    if s.debyeWaller { json.boolean(true) } else { json.null() }
    json.member("absorption", s.absorption)
    json.member("soft_aperture", true)
    json.member("total_intensity", pattern.image.values.reduce(0.0) { $0 + Double($1) })
  }
}
