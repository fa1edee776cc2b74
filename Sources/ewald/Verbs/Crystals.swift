import Scattering

/// What a crystal's file was read as, for those who are about to train on it.
let crystalVerb = Verb(
  name: "crystal", operands: "FILE.cif|NAME…",
  summary: "what a crystal's file says: cell, atoms, how far they move",
  options: [],
  run: { arguments in
    guard !arguments.operands.isEmpty else {
      for name in Crystal.knownNames { Console.line(name) }
      return .ok
    }
    var code = ExitCode.ok
    for name in arguments.operands {
      do {
        for line in try CrystalFile.read(name).0.lines { Console.line(line) }
      } catch {
        Console.message("\(name): \(error)")
        code = .failed
      }
    }
    return code
  })

extension Crystal {
  /// A head, and a line for each sort of atom in each state.
  fileprivate var lines: [String] {
    func short(_ x: Double, _ places: Double = 1e4) -> String { "\((x * places).rounded() / places)" }
    let (lengths, angles) = (cell.lengths, cell.anglesDegrees)
    var lines = [
      "\(name): \(formula)",
      "cell: a \(short(lengths.x)), b \(short(lengths.y)), c \(short(lengths.z)) Å; "
        + "alpha \(short(angles.x)), beta \(short(angles.y)), gamma \(short(angles.z))°; "
        + "volume \(short(cell.volume, 100)) Å³, \(short(electrons, 100)) electrons",
    ]
    for site in sites {
      let (x, y, z) = (site.position.x, site.position.y, site.position.z)
      let b = site.displacement.map { displacement in
        let (u, v, w) = displacement.tensor.columns
        return 8 * .pi * .pi * (u.x + v.y + w.z) / 3
      }
      lines.append(
        "\(site.element)  \(short(x)) \(short(y)) \(short(z))  occupancy \(short(site.occupancy))  "
          + (b.map { "B \(short($0, 1000)) Å²" } ?? "no displacement stated"))
    }
    return lines
  }

  /// `Ti2 O4`, by atomic number.
  private var formula: String {
    var counts: [Element: Double] = [:]
    for site in sites { counts[site.element, default: 0] += site.occupancy }
    return counts.sorted { $0.key.atomicNumber > $1.key.atomicNumber }.map { element, count in
      let number = "\((count * 100).rounded() / 100)"
      let whole = number.hasSuffix(".0") ? String(number.dropLast(2)) : number
      return "\(element)" + (whole == "1" ? "" : whole)
    }.joined(separator: " ")
  }
}
