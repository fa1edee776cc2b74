import Glibc  // log, atan2
import PACBED
import Scattering
import Sweep

extension SweepTask {
  /// What a plan can ask for.
  static let all: [SweepTask] = [
    SweepTask(
      trainPACBED, of: trainVerb, files: ["crystal"], required: ["crystal"], always: ["--timeless"],
      learns: true),
    SweepTask(simulatePACBED, of: simulateVerb, files: ["crystal"], required: ["crystal", "thickness_nm"]),
    SweepTask(simulateCBLEED, of: simulateVerb, files: ["surface"]),
    SweepTask(simulateSeries, of: simulateVerb, files: ["crystal"]),
  ]

  /// Flags that say where things go, what is started from and who waits belong to the sweep.
  private static let own: Set<String> = ["output", "from", "progress", "timeless"]

  private init(
    _ kind: Verb, of verb: Verb, files: Set<String>, required: [String] = [], always: [String] = [],
    learns: Bool = false
  ) {
    var settings: [String: Bool] = [:]
    for option in kind.options {
      settings[Self.setting(option.name)] = option.value != nil
    }
    self.init(
      name: "\(verb.name) \(kind.name)", settings: settings, files: files, required: required,
      reserved: Self.own, always: always, learns: learns,
      check: { words in
        let arguments = try Arguments(words.dropFirst(2), for: verb)
        try kind.check?(arguments)
      })
  }

  /// `--voltage-kv` as a plan writes it.
  static func setting(_ flag: String) -> String {
    String(flag.dropFirst(2).map { $0 == "-" ? "_" : $0 })
  }

  func finished(_ list: inout PartList, _ plan: SweepPlan, _ files: PlanFiles) throws {
    for part in list.parts {
      do {
        try check(files.located(part.words, flags: fileFlags))
      } catch {
        throw UsageError("part \(part.number), \(part.name): \(error)")
      }
    }
    guard plan.transfer == .nearest else { return }
    try list.linkNeighbours(files: self.files) { part in
      let words = files.located(part.words, flags: fileFlags)
      return try CrystalLikeness.features(
        crystal: Self.value("--crystal", in: words) ?? "", zone: Self.value("--zone", in: words) ?? "0,0,1")
    }
  }

  private static func value(_ flag: String, in words: [String]) -> String? {
    words.firstIndex(of: flag).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
  }
}

/// What makes the patterns of two crystals alike, seen along their zones: the net of discs, the period that makes
/// the rings, and how strongly the crystal scatters. Logarithms: a tenth more is a tenth more of anything.
enum CrystalLikeness {
  static func features(crystal name: String, zone text: String) throws -> [Double]? {
    let (crystal, _) = try CrystalFile.read(name)
    let zone = text.split(separator: ",").compactMap { Int($0) }
    guard zone.count == 3,
      let oriented = try? OrientedCrystal(crystal, zone: SIMD3(zone[0], zone[1], zone[2]))
    else { return nil }
    return features(oriented, electronsPerVolume: crystal.electrons / crystal.cell.volume)
  }

  static func features(_ crystal: OrientedCrystal, electronsPerVolume: Double) -> [Double] {
    var (a, b) = (crystal.first, crystal.second)
    // Of all vectors that span the net the two shortest (Gauss).
    for _ in 0..<64 {
      if b.length < a.length { swap(&a, &b) }
      let turns = (a.dot(b) / a.dot(a)).rounded()
      guard turns != 0, turns.isFinite else { break }
      b -= a * turns
    }
    let number =
      crystal.atoms.reduce(0) { $0 + Double($1.element.atomicNumber) } / Double(max(1, crystal.atoms.count))
    let angle = atan2(a.cross(b).magnitude, a.dot(b).magnitude)
    return [
      log(a.length), log(b.length), angle, log(crystal.period), log(electronsPerVolume),
      log(max(1, number)) / 2,
    ]
  }
}
