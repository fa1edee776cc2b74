import Diffraction

/// What changes by hand mean as settings.
extension SPEDEngine {
  package func settings(
    _ settings: [String: String], after edit: RegionEdit, of regions: Exhibit.Regions
  ) -> [String: String]? {
    var settings = settings
    func add(_ edit: CrystalEdit) {
      let before = settings[SPEDSettings.edits.name] ?? ""
      settings[SPEDSettings.edits.name] = before.isEmpty ? "\(edit)" : "\(before); \(edit)"
    }
    switch edit {
    case .join(let one, let other): add(.merge([one, other]))
    case .split(let letter): add(.split(letter, 2))
    case .drop(let letter): add(.remove(letter))
    case .threshold(let step):
      guard let value = Self.threshold(settings[SPEDSettings.significance.name], step) else { return nil }
      settings[SPEDSettings.significance.name] = value
    case .detail(let letter, let step):
      guard let index = regions.rows.firstIndex(where: { $0.name == letter }),
        regions.details.indices ~= index,
        regions.details[index] > 0
      else { return nil }
      let now = (try? SpotChoice(settings[SPEDSettings.vector.name] ?? "")).flatMap { $0 }
      let choices = regions.details[index] + 1
      let rank = now.map { $0.letter == letter ? min($0.rank, choices - 1) : 0 } ?? 0
      let next = (rank + step % choices + choices) % choices
      settings[SPEDSettings.vector.name] = next > 0 ? "\(letter)\(next)" : ""
    }
    return settings
  }

  /// The threshold of a lit point, half a standard deviation a step.
  private static func threshold(_ text: String?, _ step: Int) -> String? {
    let parameter = SPEDSettings.significance.parameter
    guard case .number(let standard) = parameter.standard, case .number(let range) = parameter.domain else {
      return nil
    }
    let now = text.flatMap { Double($0) } ?? standard
    return ParameterValue.number(min(range.upperBound, max(range.lowerBound, now + 0.5 * Double(step))))
      .description
  }
}
