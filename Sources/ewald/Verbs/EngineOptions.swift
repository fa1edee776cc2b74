import Diffraction

/// The engine flags that `watch` and `run` share.
enum EngineOptions {
  static let options: [Verb.Option] = [
    Verb.Option("--engine", "NAME", "\(names.joined(separator: ", ")) (auto)"),
    Verb.Option("--set", "NAME=VALUE,…", "settings of the engine, by name"),
  ]

  private static var names: [String] { ["auto"] + Ewald.engines.map(\.name) }

  static func engine(_ arguments: Arguments) throws -> String {
    let engine = arguments["--engine"] ?? "auto"
    guard names.contains(engine) else {
      throw UsageError("--engine \(engine): is none of \(names.joined(separator: ", "))")
    }
    return engine
  }

  /// `--set drift_limit_px=2,saturation_level=4000`, checked against the engines that know the name.
  static func settings(_ arguments: Arguments) throws -> [String: [String: String]] {
    guard let text = arguments["--set"] else { return [:] }
    var settings: [String: [String: String]] = [:]
    for pair in text.split(separator: ",") {
      let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw UsageError("--set \(pair): NAME=VALUE is needed") }
      var isKnown = false
      for engine in Ewald.engines {
        guard let parameter = engine.parameters.first(where: { $0.name == parts[0] }) else { continue }
        do {
          settings[engine.name, default: [:]][parts[0]] = try parameter.parse(parts[1]).description
        } catch {
          throw UsageError("--set: \(error)")
        }
        isKnown = true
      }
      if !isKnown {
        let valid = Set(Ewald.engines.flatMap { $0.parameters.map(\.name) }).sorted()
        throw UsageError("--set: \(parts[0]) is no setting (\(valid.joined(separator: ", ")))")
      }
    }
    return settings
  }
}
