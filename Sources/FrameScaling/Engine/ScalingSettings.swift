import Analysis
import Diffraction

/// The engine's settings.
enum ScalingSettings {
  enum Abscissa: String, CaseIterable { case number, tilt }
  enum Angles: String, CaseIterable { case smooth, file }
  enum Depth: String, CaseIterable { case full, quick }
  enum Cell: String, CaseIterable { case stated, matrix }

  static let depth = Setting<Depth>("depth", "refine in full, or one step to look at scales", standard: .full)
  static let structure = Setting<String?>("structure", "known crystal, where no CIF lies beside the file")
  static let spacings = Setting<[Double]?>(
    "spacings", "node spacings to compare: 1,6,18", isOpen: true, standard: nil
  ) { text throws(InvalidParameter) in
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
    let values = words.compactMap { Double($0) }.filter { $0 >= 1e-3 && $0 <= 1e6 }
    guard values.count == words.count, 1...12 ~= values.count else {
      throw InvalidParameter("spacings: \"\(text)\" are no node spacings such as 1,6,18")
    }
    return values
  }
  static let rule = Setting<NodeRule>(
    "node_rule", "first node and steps from it, or multiples of a step", standard: .offset)
  static let merges = Setting<Bool>("merge_short_end", "merge a short last interval", standard: false)
  static let abscissa = Setting<Abscissa>("abscissa", "what the spline runs over", standard: .number)
  static let model = Setting<ThicknessModel?>("thickness_model", "thickness: one value or a spread")
  static let absorption = Setting<Double>(
    "absorption", "absorbed share of the potential", 0...0.3, standard: 0)
  static let refinesAbsorption = Setting<Bool>(
    "refine_absorption", "absorption as one more number that is refined", standard: false)
  static let angles = Setting<Angles>("angles", "smooth goniometer, or each zone's angles", standard: .smooth)
  static let cell = Setting<Cell>("cell", "cell as stated, or as the matrix means it", standard: .stated)
  static let spacing = Setting<Double?>(
    "spacing", "the spacing that is the answer (auto: lowest left-out R)", 1e-3...1e6)
  static let without = Setting<[Int]?>(
    "without", "zones to leave out: 25,31", isOpen: true, standard: nil
  ) { text throws(InvalidParameter) in
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
    let zones = words.compactMap { Int($0) }
    guard zones.count == words.count, 1...2000 ~= zones.count else {
      throw InvalidParameter("without: \"\(text)\" are no numbers of zones such as 25,31")
    }
    return zones
  }
  static let steps = Setting<Int?>(
    "steps", "rocking steps of a frame (auto: as its thickness needs)", 4...400)
  static let beamLimit = Setting<Double?>("beam_limit", "beams: |g| below", unit: "1/Å", 0.2...4)
  static let beamError = Setting<Double>(
    "beam_error", "beams: excitation error below", unit: "1/Å", 1e-4...0.1, standard: 0.008)
  static let limit = Setting<Double?>("limit", "reflections: |g| below", unit: "1/Å", 0.2...4)
  static let share = Setting<Double>(
    "share", "reflections: excitation error over the rocking's reach", 0.1...1, standard: 0.9)
  static let margin = Setting<Double>(
    "margin", "reflections: this far within the reach", unit: "1/Å", 0...0.1, standard: 0.0015)
  static let otherHand = Setting<Bool>("other_hand", "refine the other hand, too", standard: true)
  static let folds = Setting<Int>("folds", "parts that are left out in turn", 2...20, standard: 5)
  static let seed = Setting<Int>("seed", "seed of the parting into folds", 0...1_000_000, standard: 1)
  static let line = Setting<String?>("constraint_line", "a constraint: {frame} and {terms} are filled in")
  static let term = Setting<String?>("constraint_term", "a term of it: {weight} and {node} are filled in")

  static let all = [
    structure.parameter, depth.parameter, spacings.parameter, spacing.parameter, without.parameter,
    rule.parameter, merges.parameter, abscissa.parameter, model.parameter, absorption.parameter,
    refinesAbsorption.parameter, angles.parameter, cell.parameter, steps.parameter, beamLimit.parameter,
    beamError.parameter, limit.parameter, share.parameter, margin.parameter, otherHand.parameter,
    folds.parameter, seed.parameter, line.parameter, term.parameter,
  ]

  /// Spacings that leave at least four nodes, from every frame a node to a curve that can only bend.
  static func standardSpacings(frames: Int, step: Double) -> [Double] {
    guard frames >= 8 else { return [step] }
    // Nearly even intervals: a short last one makes weights swing.
    func even(_ intervals: Int) -> Int { (frames - 2 + intervals) / intervals }
    let most = Double(even(3))
    // The middle first: it is refined first, and the others start from it.
    let wanted = [even(9), 1, 3, even(6), even(3)].map { Double(max(1, $0)) }
    var spacings: [Double] = []
    for spacing in wanted where spacing <= most && !spacings.contains(spacing) && frames <= 400 * Int(spacing)
    {
      spacings.append(spacing)
    }
    return spacings.map { $0 * step }
  }
}
