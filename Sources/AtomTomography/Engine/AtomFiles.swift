import Analysis
import Diffraction
import JSON

/// Found atoms, in a plane or in space, as files that other programs read.
struct AtomFiles {
  struct Atom {
    /// Two coordinates, or three.
    var position: [Double]
    var interval: [Double]
    var energy: Double
    var spread: Double
    var doubts: [AtomDoubt]
    /// Of its type, where there are several.
    var weight: Double?
  }

  var atoms: [Atom]
  var angles: [Double]
  var account: SearchAccount
  /// Where one was found, not only started from.
  var lattice: String?
  var exchanges: [CoordinateExchange] = []

  private var dimension: Int { atoms.first?.position.count ?? 2 }

  func artifacts() -> [Artifact] {
    [
      Artifact(role: "xyz", file: "atoms.xyz", content: .bytes(Array(xyz.utf8))),
      Artifact(role: "extended_xyz", file: "atoms.extxyz", content: .bytes(Array(extendedXYZ.utf8))),
      Artifact(role: "json", file: "atoms.json", content: .bytes(Array((json + "\n").utf8))),
      Artifact(role: "csv", file: "atoms.csv", content: .bytes(Array(csv.utf8))),
    ]
  }

  private func digits(_ value: Double) -> String { "\(value.rounded(digits: 7))" }

  /// A place in space; atoms of a plane lie in that of z = 0.
  private func place(_ atom: Atom) -> String {
    (atom.position.map(digits) + (dimension == 2 ? ["0.0"] : [])).joined(separator: " ")
  }

  /// Which element it is nobody says: types are told apart by a dummy's name.
  private func species(_ atom: Atom) -> String {
    guard let weight = atom.weight else { return "X" }
    let types = Set(atoms.compactMap(\.weight)).sorted(by: >)
    let names = ["X", "Y", "Z"]
    let index = types.firstIndex(of: weight) ?? 0
    return index < names.count ? names[index] : "X"
  }

  private var xyz: String {
    var text = "\(atoms.count)\natoms from \(angles.count) projections\n"
    for atom in atoms { text += "\(species(atom)) \(place(atom))\n" }
    return text
  }

  private var extendedXYZ: String {
    var text = "\(atoms.count)\n"
    text +=
      "Properties=species:S:1:pos:R:3:interval:R:\(dimension):energy:R:1:determined:L:1 pbc=\"F F F\" "
      + "misfit=\(digits(account.value.misfit)) expected_misfit=\(digits(account.floor)) alpha=\(digits(account.alpha)) "
      + "bond=\(digits(account.bond)) converged=\(account.isConverged ? "T" : "F")\n"
    for atom in atoms {
      let interval = atom.interval.map(digits).joined(separator: " ")
      text +=
        "\(species(atom)) \(place(atom)) \(interval) \(digits(atom.energy)) \(atom.doubts.isEmpty ? "T" : "F")\n"
    }
    return text
  }

  private var csv: String {
    let axes = ["x", "y", "z"].prefix(dimension)
    let weighs = atoms.contains { $0.weight != nil }
    var text =
      (["atom"] + axes + axes.map { "interval_\($0)" } + ["energy", "spread"] + (weighs ? ["weight"] : [])
      + ["determined", "doubts"]).joined(separator: ",") + "\n"
    for (index, atom) in atoms.enumerated() {
      let numbers =
        atom.position + atom.interval + [atom.energy, atom.spread] + (weighs ? [atom.weight ?? 1] : [])
      let doubts = atom.doubts.map(\.rawValue).joined(separator: " ")
      text += "\(index + 1),\(numbers.map(digits).joined(separator: ",")),\(atom.doubts.isEmpty),\(doubts)\n"
    }
    return text
  }

  private var json: String {
    var writer = JSONWriter()
    writer.object { json in
      json.member("angles_deg", angles)
      json.member("misfit", account.value.misfit)
      json.member("expected_misfit", account.floor)
      json.member("energy", account.value.energy)
      json.member("alpha", account.alpha)
      json.member("bond", account.bond)
      json.member("atom_mass", account.mass)
      json.member("noise", account.noise.deviation)
      json.member("converged", account.isConverged)
      if let lattice { json.member("lattice", lattice) }
      json.member("restarts", account.restarts)
      json.member("agreeing", account.agreeing)
      json.key("atoms")
      json.array { json in
        for atom in atoms {
          json.object { json in
            json.member("position", atom.position)
            json.member("interval", atom.interval)
            json.member("energy", atom.energy)
            json.member("spread", atom.spread)
            if let weight = atom.weight { json.member("weight", weight) }
            json.member("determined", atom.doubts.isEmpty)
            json.key("doubts")
            json.array { json in for doubt in atom.doubts { json.string(doubt.rawValue) } }
          }
        }
      }
      json.key("exchanges")
      json.array { json in
        for exchange in exchanges {
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

extension TomographyReport {
  var files: AtomFiles {
    AtomFiles(
      atoms: zip(found.atoms.points, found.certainty).map { point, certainty in
        AtomFiles.Atom(
          position: [point.x, point.y], interval: [certainty.interval.x, certainty.interval.y],
          energy: certainty.energy, spread: certainty.spread, doubts: certainty.doubts)
      },
      angles: request.projections.angles, account: found.account, lattice: found.kind.rawValue,
      exchanges: found.exchanges)
  }
}
