import Analysis
import Diffraction
import JSON

/// The atoms as files that other programs read.
extension TomographyReport {
  func artifacts() -> [Artifact] {
    [
      Artifact(role: "xyz", file: "atoms.xyz", content: .bytes(Array(xyz.utf8))),
      Artifact(role: "extended_xyz", file: "atoms.extxyz", content: .bytes(Array(extendedXYZ.utf8))),
      Artifact(role: "json", file: "atoms.json", content: .bytes(Array((json + "\n").utf8))),
      Artifact(role: "csv", file: "atoms.csv", content: .bytes(Array(csv.utf8))),
    ]
  }

  private func digits(_ value: Double) -> String { "\(value.rounded(digits: 7))" }

  private var xyz: String {
    var text = "\(found.atoms.count)\natoms from \(request.projections.angles.count) projections\n"
    for point in found.atoms.points { text += "X \(digits(point.x)) \(digits(point.y)) 0.0\n" }
    return text
  }

  private var extendedXYZ: String {
    var text = "\(found.atoms.count)\n"
    text +=
      "Properties=species:S:1:pos:R:3:interval:R:2:energy:R:1:determined:L:1 pbc=\"F F F\" "
      + "misfit=\(digits(found.value.misfit)) expected_misfit=\(digits(found.floor)) alpha=\(digits(found.alpha)) "
      + "bond=\(digits(found.bond)) converged=\(found.isConverged ? "T" : "F")\n"
    for (point, certainty) in zip(found.atoms.points, found.certainty) {
      text +=
        "X \(digits(point.x)) \(digits(point.y)) 0.0 \(digits(certainty.interval.x)) "
        + "\(digits(certainty.interval.y)) \(digits(certainty.energy)) \(certainty.isDetermined ? "T" : "F")\n"
    }
    return text
  }

  private var csv: String {
    var text = "atom,x,y,interval_x,interval_y,energy,spread,determined,doubts\n"
    for (index, certainty) in found.certainty.enumerated() {
      let point = found.atoms[index]
      let numbers = [
        point.x, point.y, certainty.interval.x, certainty.interval.y, certainty.energy, certainty.spread,
      ].map(digits).joined(separator: ",")
      let doubts = certainty.doubts.map(\.rawValue).joined(separator: " ")
      text += "\(index + 1),\(numbers),\(certainty.isDetermined),\(doubts)\n"
    }
    return text
  }

  private var json: String {
    var writer = JSONWriter()
    writer.object { json in
      json.member("angles_deg", request.projections.angles)
      json.member("misfit", found.value.misfit)
      json.member("expected_misfit", found.floor)
      json.member("energy", found.value.energy)
      json.member("alpha", found.alpha)
      json.member("bond", found.bond)
      json.member("atom_mass", found.mass)
      json.member("noise", found.noise.deviation)
      json.member("converged", found.isConverged)
      json.member("lattice", found.kind.rawValue)
      json.member("restarts", found.restarts)
      json.member("agreeing", found.agreeing)
      json.key("atoms")
      json.array { json in
        for (index, certainty) in found.certainty.enumerated() {
          let point = found.atoms[index]
          json.object { json in
            json.member("position", [point.x, point.y])
            json.member("interval", [certainty.interval.x, certainty.interval.y])
            json.member("energy", certainty.energy)
            json.member("spread", certainty.spread)
            json.member("determined", certainty.isDetermined)
            json.key("doubts")
            json.array { json in for doubt in certainty.doubts { json.string(doubt.rawValue) } }
          }
        }
      }
      json.key("exchanges")
      json.array { json in
        for exchange in found.exchanges {
          json.object { json in
            json.member("atoms", [exchange.first + 1, exchange.second + 1])
            json.member("first_to", [exchange.firstTo.x, exchange.firstTo.y])
            json.member("second_to", [exchange.secondTo.x, exchange.secondTo.y])
          }
        }
      }
    }
    return writer.text
  }
}
