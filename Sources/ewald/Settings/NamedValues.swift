import Diffraction

extension AnalysisEngine {
  /// `convergence_mrad=19.5 pixel_mrad=0.1` as the engine's settings; refused with the nearest name.
  func settings(_ words: some Sequence<String>) throws -> [String: String] {
    var settings: [String: String] = [:]
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let parameter = parameters.first(where: { $0.name == parts[0] }) else {
        let hint = Spelling.hint(parts.first ?? "", among: parameters.map(\.name))
        throw UsageError("\(word) is no NAME=VALUE of \(name)\(hint)")
      }
      do {
        settings[parts[0]] = try parameter.parse(parts[1]).description
      } catch {
        throw UsageError("\(error)")
      }
    }
    return settings
  }
}
