import Diffraction
import LiveSession

/// What the segments view shows, and the changes by hand: each is a new run with other settings, so that the
/// session file has it, undo takes it back and a replay repeats it.
extension Model {
  static let segmentMap = "segments"

  /// Numbers over the scan: 0 nothing, 1 the first crystal.
  var segments: Picture? { maps.first { $0.name == Self.segmentMap } }

  /// The crystals of the finding, in the map's order: `area_A` is one.
  var crystals: [(letter: String, area: Quantity, spots: Double?)] {
    guard let values = shown?.result?.values else { return [] }
    return values.compactMap { value in
      guard value.name.hasPrefix("area_") else { return nil }
      let letter = String(value.name.dropFirst(5))
      return (letter, value, values.first { $0.name == "spots_\(letter)" }?.value)
    }
  }

  /// The letter of the crystal that is chosen.
  var chosenCrystal: String? {
    let list = crystals
    return list.indices.contains(candidate) ? list[candidate].letter : list.first?.letter
  }

  mutating func turnCrystal(_ step: Int) {
    let count = crystals.count
    if count > 0 { candidate = (min(candidate, count - 1) + step + count) % count }
  }

  /// The first time the crystal is remembered, the second time the other one is joined to it.
  mutating func joinCrystal() -> [Effect] {
    guard let letter = chosenCrystal else { return [] }
    guard let first = joining, first != letter else {
      joining = joining == nil ? letter : nil
      notice = joining.map { Notice(text: "\($0) and which? n N choose, w joins", isError: false) }
      return []
    }
    joining = nil
    return edit("\(first)+\(letter)")
  }

  /// The spot whose dark field the accepted run has: `A3` is the third strongest of A.
  var chosenSpot: (letter: String, rank: Int)? {
    guard let text = shown?.result?.parameters["vector"] else { return nil }
    let letter = text.prefix { ("A"..."Z").contains($0) }
    guard !letter.isEmpty, let rank = Int(text.dropFirst(letter.count)), rank > 0 else { return nil }
    return (String(letter), rank)
  }

  /// The dark field of the chosen crystal's next spot, strongest first; after the last one none.
  mutating func turnSpot(_ step: Int) -> [Effect] {
    guard let letter = chosenCrystal, let spots = crystals.first(where: { $0.letter == letter })?.spots,
      1...1e6 ~= spots
    else { return [] }
    let now = chosenSpot.flatMap { $0.letter == letter ? $0.rank : nil } ?? 0
    let choices = Int(spots) + 1
    let next = (min(now, choices - 1) + step + choices) % choices
    return rerun { $0["vector"] = next > 0 ? "\(letter)\(next)" : "" }
  }

  mutating func splitCrystal() -> [Effect] { chosenCrystal.map { edit("\($0)/2") } ?? [] }
  mutating func dropCrystal() -> [Effect] { chosenCrystal.map { edit("-\($0)") } ?? [] }

  private mutating func edit(_ text: String) -> [Effect] {
    rerun { settings in
      let before = settings["edits"] ?? ""
      settings["edits"] = before.isEmpty ? text : "\(before); \(text)"
    }
  }

  /// The threshold of a lit point, a little up or down.
  mutating func moveThreshold(_ step: Double) -> [Effect] {
    rerun { settings in
      // A result has all settings with it.
      guard let now = settings["significance"].flatMap({ Double($0) }) else { return }
      settings["significance"] = ParameterValue.number(min(20, max(1, now + step))).description
    }
  }

  private mutating func rerun(_ edit: (inout [String: String]) -> Void) -> [Effect] {
    change { $0.repeatShown(edit) }
  }

  private mutating func repeatShown(_ edit: (inout [String: String]) -> Void) -> [Effect] {
    guard let shown, let result = shown.result, segments != nil else { return [] }
    hold()
    var settings = result.parameters
    edit(&settings)
    return [.perform(.reanalyse(.these([shown.fileID]), engine: result.engine, settings: settings))]
  }
}
