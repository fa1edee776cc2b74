import AtomTomography
import FrameFormats
import Glibc
import JSON
import System

/// Atoms from projections: every published method and the program's own over the references with truth and over fresh
/// crystals, what alpha does, how much noise and wrong lengths it bears, what an interval is worth, how an evaluation
/// grows with the atoms.
enum AtomsSuite {
  static func run() async -> [Measurement] {
    let references = AtomsCase.references()
    guard !references.isEmpty else { return [Measurement("the references are not there", .nan, "")] }
    let start = processorSeconds()
    let localisation = (try? LearnedLocalisation.Training().run()).flatMap { try? LearnedLocalisation($0) }
    let training = Measurement(
      "training of the learned localisation", processorSeconds() - start, "s of a core")
    return evaluations() + growth() + [training] + table("references", references, localisation)
      + table("fresh", AtomsCase.fresh(20), localisation)
      + alphaCurve(references) + robustness() + honesty()
  }

  // MARK: One evaluation

  private static func evaluations() -> [Measurement] {
    var figures: [Measurement] = []
    for (half, goal) in [(4.6, "0.1"), (15.3, "0.23"), (49.6, "2.3")] {
      var crystallite = Crystallite()
      (crystallite.kind, crystallite.defect, crystallite.halfWidth) = (.square, .none, half)
      let atoms = crystallite.atoms()
      let objective = AtomObjective(
        crystallite.projections(of: atoms), AtomBlob(sigma: crystallite.sigma), potential: .lennardJones,
        alpha: 0.1)
      var gradient: [Double] = []
      _ = objective.value(atoms.coordinates, gradient: &gradient)
      let times = (0..<9).map { _ in
        let repeats = max(3, 20_000 / atoms.count)
        let before = processorSeconds()
        for _ in 0..<repeats { _ = objective.value(atoms.coordinates, gradient: &gradient) }
        return (processorSeconds() - before) / Double(repeats)
      }
      figures.append(
        Measurement("one evaluation, \(atoms.count) atoms", 1e3 * (times.min() ?? .nan), "ms", goal: goal))
    }
    return figures
  }

  private static func growth() -> [Measurement] {
    [3.05, 4.05, 5.05, 6.05].flatMap { half -> [Measurement] in
      var crystallite = AtomsCase.crystallite(6)
      crystallite.halfWidth = half
      let known = AtomsCase(crystallite)
      let (before, start) = (processorSeconds(), seconds())
      let found = Reconstruction(ReconstructionRequest(known.projections))
      let (spent, wall) = (processorSeconds() - before, seconds() - start)
      let score = AtomsScore(found?.atoms ?? AtomPlane(), known.truth)
      let name = "a crystal of \(known.truth.count) atoms"
      return [
        Measurement("\(name): processor time", spent, "s"), Measurement("\(name): time", wall, "s"),
        Measurement("\(name): atoms matched", 100 * score.share, "%"),
      ]
    }
  }

  // MARK: All methods

  private enum Method: String, CaseIterable {
    case sirt = "SIRT + peaks"
    case learned = "SIRT + learned localisation"
    case annealing = "annealing on a grid"
    case bare = "ADCG, alpha 0"
    case insertion = "ADCG, Lennard-Jones"
    case lattice = "ewald"

    func atoms(_ known: AtomsCase, _ localisation: LearnedLocalisation?) -> AtomPlane {
      let projections = known.projections
      let blob = AtomBlob(sigma: known.sigma)
      let masses = projections.masses
      let count = Int((masses.reduce(0, +) / Double(masses.count)).rounded())
      switch self {
      case .sirt:
        let method = IterativeReconstruction(projections, blob)
        return method.peaks(method.image(), count: count)
      case .learned:
        return (try? localisation?.atoms(projections, blob, count: count)) ?? AtomPlane()
      case .annealing: return GridAnnealing(projections, blob, count: count).run()
      case .bare: return AtomInsertion(projections, blob).run()
      case .insertion:
        var method = AtomInsertion(projections, blob)
        method.alpha = 0.1
        return method.run()
      case .lattice: return Reconstruction(ReconstructionRequest(projections))?.atoms ?? AtomPlane()
      }
    }
  }

  private static func table(
    _ what: String, _ cases: [AtomsCase], _ localisation: LearnedLocalisation?
  ) -> [Measurement] {
    var figures: [Measurement] = []
    for method in Method.allCases {
      var scores: [AtomsScore] = []
      for known in cases {
        let (before, start) = (processorSeconds(), seconds())
        let atoms = method.atoms(known, localisation)
        let score = AtomsScore(
          atoms, known.truth, seconds: seconds() - start, processor: processorSeconds() - before)
        scores.append(score)
        print("  \(what), \(method.rawValue), \(known.name): \(score)")
      }
      let name = "\(what): \(method.rawValue)"
      figures += [
        Measurement(
          "\(name), cases without a miss or an extra", Double(scores.count(where: \.isComplete)), "cases"),
        Measurement(
          "\(name), atoms matched", scores.reduce(0) { $0 + $1.share } * 100 / Double(scores.count), "%"),
        Measurement("\(name), largest mean error", scores.map(\.mean).max() ?? .nan, "r0"),
        Measurement("\(name), largest error", scores.map(\.largest).max() ?? .nan, "r0"),
        Measurement(
          "\(name), a case", median(scores.map(\.processor)), "s of a core",
          goal: method == .lattice ? "4" : ""),
        Measurement(
          "\(name), the slowest", scores.map(\.seconds).max() ?? .nan, "s",
          goal: method == .lattice ? "2" : ""),
      ]
    }
    return figures
  }

  // MARK: What alpha does

  private static func alphaCurve(_ cases: [AtomsCase]) -> [Measurement] {
    var figures: [Measurement] = []
    for name in ["ref07_square_vacancy_2p", "ref01_hex_vacancy_2p"] {
      guard let known = cases.first(where: { $0.name == name }) else { continue }
      for alpha in [0.0, 0.01, 0.03, 0.06, 0.1, 0.2, 0.3, 0.5] {
        var insertion = AtomInsertion(known.projections, AtomBlob(sigma: known.sigma))
        insertion.alpha = alpha
        let published = AtomsScore(insertion.run(), known.truth)
        var request = ReconstructionRequest(known.projections)
        request.terms.alpha = alpha
        let own = AtomsScore(Reconstruction(request)?.atoms ?? AtomPlane(), known.truth)
        print("  alpha \(alpha), \(name): ADCG \(published); ewald \(own)")
        figures += [
          Measurement("alpha \(alpha), \(name), ADCG: atoms matched", 100 * published.share, "%"),
          Measurement("alpha \(alpha), \(name), ewald: largest error", own.largest, "r0"),
        ]
      }
    }
    return figures
  }

  // MARK: Noise, wrong lengths, other tilts

  private static func robustness() -> [Measurement] {
    func crystals(_ change: (inout Crystallite) -> Void) -> [AtomsCase] {
      (1...6).map { number in
        var crystallite = AtomsCase.crystallite(number)
        change(&crystallite)
        return AtomsCase(crystallite)
      }
    }
    func figure(
      _ name: String, _ cases: [AtomsCase], _ change: (inout ReconstructionRequest) -> Void = { _ in }
    ) -> [Measurement] {
      var (complete, told) = (0, 0)
      for known in cases {
        var request = ReconstructionRequest(known.projections)
        change(&request)
        let found = Reconstruction(request)
        let score = AtomsScore(found?.atoms ?? AtomPlane(), known.truth)
        complete += score.isComplete ? 1 : 0
        // Either right or said not to be.
        let doubts = found?.certainty.contains { !$0.isDetermined } ?? true
        told += score.isComplete || doubts ? 1 : 0
      }
      return [
        Measurement("\(name): complete, of \(cases.count)", Double(complete), "cases"),
        Measurement("\(name): complete or doubted", Double(told), "cases"),
      ]
    }
    return figure("noise 5 %", crystals { $0.noise = 0.05 })
      + figure("noise 10 %", crystals { $0.noise = 0.1 }) + figure("noise 20 %", crystals { $0.noise = 0.2 })
      + figure("r0 3 % too long", crystals { _ in }) { $0.terms.bond = 1.03 }
      + figure("r0 3 % too short", crystals { _ in }) { $0.terms.bond = 0.97 }
      + figure("mass 3 % too large", crystals { _ in }) { $0.terms.mass = 1.03 }
      + figure("mass 3 % too small", crystals { _ in }) { $0.terms.mass = 0.97 }
      + figure("tilts 7 degrees off the rows", crystals { $0.orientation = 7 })
      + figure("atoms moved by 3 % of r0", crystals { $0.thermal = 0.03 })
  }

  // MARK: What is promised

  private static func honesty() -> [Measurement] {
    var (inside, coordinates, wrong, trusted, atoms) = (0, 0, 0, 0, 0)
    for number in 101...136 {
      let known = AtomsCase(AtomsCase.crystallite(number))
      guard let found = Reconstruction(ReconstructionRequest(known.projections)) else { continue }
      let matching = AtomMatching(found.atoms.points, known.truth, limit: 0.5)
      atoms += found.atoms.count
      for pair in matching.pairs {
        let error = found.atoms[pair.found] - known.truth[pair.truth]
        for axis in 0..<2 {
          coordinates += 1
          inside += error[axis].magnitude <= found.certainty[pair.found].interval[axis] ? 1 : 0
        }
      }
      let misplaced = matching.extra + matching.pairs.filter { $0.distance > 0.1 }.map(\.found)
      wrong += misplaced.count
      trusted += misplaced.count { found.certainty[$0].isDetermined }
    }
    return [
      Measurement(
        "36 crystals: coordinates inside the 95 % interval",
        100 * Double(inside) / Double(max(1, coordinates)), "%",
        goal: "93-97"),
      Measurement(
        "36 crystals: atoms off by more than 0.1", 100 * Double(wrong) / Double(max(1, atoms)), "%"),
      Measurement(
        "36 crystals: of all atoms, off and called determined", 100 * Double(trusted) / Double(max(1, atoms)),
        "%",
        goal: "1"),
    ]
  }
}

/// Projections whose atoms are known.
struct AtomsCase: Sendable {
  var name: String
  var projections: Projections
  var sigma: Double
  var truth: [SIMD2<Double>]

  init(_ crystallite: Crystallite) {
    let atoms = crystallite.atoms()
    name =
      "\(crystallite.kind.rawValue) \(crystallite.defect.rawValue) \(crystallite.angles.count)p \(crystallite.seed)"
    projections = crystallite.projections(of: atoms)
    sigma = crystallite.sigma
    truth = atoms.points
  }

  private init(name: String, projections: Projections, sigma: Double, truth: [SIMD2<Double>]) {
    self.name = name
    self.projections = projections
    self.sigma = sigma
    self.truth = truth
  }

  /// Lattices, defects and numbers of projections in turns.
  static func crystallite(_ number: Int) -> Crystallite {
    var crystallite = Crystallite()
    crystallite.kind = LatticeKind.allCases[number % 2]
    crystallite.defect = [.vacancy, .interstitial, .dislocation][number / 2 % 3]
    crystallite.angles = Crystallite.standardAngles(crystallite.kind, count: 2 + number / 6 % 2)
    crystallite.seed = UInt64(number)
    return crystallite
  }

  static func fresh(_ count: Int) -> [AtomsCase] { (1...count).map { AtomsCase(crystallite($0)) } }

  /// Those of the tests, or of the folder that EWALD_ATOM_REFERENCES names.
  static func references() -> [AtomsCase] {
    let folder =
      Environment["EWALD_ATOM_REFERENCES"]
      ?? #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
      + "/Tests/AtomTomographyTests/Reference"
    guard let bytes = try? WholeFile.bytes("\(folder)/cases.json"), let json = try? JSONValue(bytes) else {
      return []
    }
    return (json.items ?? []).compactMap { entry in
      guard let name = entry["name"]?.string, let sigma = entry["atom_sigma"]?.double,
        let start = entry["u0"]?.double, let pitch = entry["du"]?.double,
        let angles = entry["angles_deg"]?.items?.compactMap(\.double),
        let source = try? FormatList.open(path: "\(folder)/\(name)_sino.tif"),
        let frame = try? source.frame(at: 0), frame.pixels.height == angles.count,
        let truth = (try? WholeFile.bytes("\(folder)/\(name)_truth.json")).flatMap({ try? JSONValue($0) })
      else { return nil }
      let atoms = (truth["atoms"]?.items ?? []).compactMap { item -> SIMD2<Double>? in
        guard let x = item[0]?.double, let y = item[1]?.double else { return nil }
        return SIMD2(x, y)
      }
      return AtomsCase(
        name: name,
        projections: Projections(degrees: angles, start: start, pitch: pitch, values: frame.pixels.doubles()),
        sigma: sigma, truth: atoms)
    }
  }
}

/// Found atoms against true ones, as the references score.
struct AtomsScore: CustomStringConvertible {
  var matched: Int
  var extra: Int
  var missing: Int
  var mean: Double
  var largest: Double
  var seconds: Double
  var processor: Double

  init(_ atoms: AtomPlane, _ truth: [SIMD2<Double>], seconds: Double = 0, processor: Double = 0) {
    let matching = AtomMatching(atoms.points, truth, limit: 0.5)
    matched = matching.pairs.count
    extra = matching.extra.count
    missing = matching.missing.count
    mean = matching.meanError
    largest = matching.largestError
    self.seconds = seconds
    self.processor = processor
  }

  var isComplete: Bool { extra == 0 && missing == 0 }
  var share: Double { Double(matched) / Double(max(1, matched + missing)) }

  var description: String {
    func digits(_ value: Double) -> String { "\((value * 1e4).rounded() / 1e4)" }
    return
      "\(matched) matched, \(extra) extra, \(missing) missing, mean \(digits(mean)), largest \(digits(largest)), "
      + "\(digits(seconds)) s"
  }
}
