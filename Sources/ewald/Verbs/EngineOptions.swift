import Diffraction
import LiveSession

/// The engine flags that `watch` and `run` share. Every setting of every engine is a flag, a line of a
/// settings file and a row of the reanalysis form: `convergence_mrad` is `--convergence-mrad`.
package enum EngineOptions {
  static var options: [Verb.Option] {
    var options = [
      Verb.Option("--engine", "NAME", "\(names.joined(separator: ", ")) (auto)"),
      Verb.Option("--preset", "NAME", "settings of an engine under a name of the settings file"),
      Verb.Option("--settings", "FILE", "lines such as convergence_mrad = 20; flags come before it"),
    ]
    for (engine, parameter) in parameters where !options.contains(where: { $0.name == flag(parameter) }) {
      options.append(
        Verb.Option(
          flag(parameter), placeholder(parameter),
          "\(engine.name): \(parameter.title) (\(parameter.standard))"))
    }
    return options
  }

  package static func engine(_ arguments: Arguments) throws -> String {
    let engine = arguments["--engine"] ?? Analyst.suitable
    guard names.contains(engine) || Ewald.everyEngine.contains(where: { $0.name == engine }) else {
      throw UsageError("--engine \(engine): is none of \(names.joined(separator: ", "))")
    }
    return engine
  }

  /// What differs from the engines' standards, by engine and name. Several engines may know a name and mean
  /// different things by it (`method`): the chosen engine must accept the value, otherwise one of them.
  package static func settings(_ arguments: Arguments) throws -> [String: [String: String]] {
    let chosen = try engine(arguments)
    var settings: [String: [String: String]] = [:]
    if let name = arguments["--preset"] {
      let presets = try OperatorSettings.current().presets
      guard let preset = presets.first(where: { $0.name == name }) else {
        throw UsageError(
          "--preset \(name): there is none\(Spelling.hint(name, among: presets.map(\.name))); ewald settings shows them"
        )
      }
      settings[preset.engine] = preset.values
    }
    if let path = arguments["--settings"] {
      for line in try SettingsFile.lines(path) {
        try set(line.name, line.value, "\(path): ", chosen, &settings)
      }
    }
    for flag in arguments.given where parameters.contains(where: { Self.flag($0.1) == flag }) {
      try set(name(flag), arguments[flag] ?? "", "", chosen, &settings)
    }
    return settings
  }

  private static func set(
    _ name: String, _ text: String, _ place: String, _ chosen: String,
    _ settings: inout [String: [String: String]]
  ) throws {
    let known = parameters.filter { $0.1.name == name }
    guard !known.isEmpty else {
      let names = Set(parameters.map(\.1.name)).sorted()
      throw UsageError(
        "\(place)\(name): is no setting (\(names.joined(separator: ", ")))\(Spelling.hint(name, among: names))"
      )
    }
    let asked = known.filter { $0.0.name == chosen }
    var refusal: (any Error)?
    var isTaken = false
    for (engine, parameter) in asked.isEmpty ? known : asked {
      do {
        settings[engine.name, default: [:]][name] = try parameter.parse(text).description
        isTaken = true
      } catch {
        refusal = refusal ?? error
      }
    }
    if let refusal, !isTaken { throw UsageError("\(place)\(refusal)") }
  }

  private static var names: [String] { [Analyst.suitable] + Ewald.engines.map(\.name) }

  private static var parameters: [(any AnalysisEngine, Parameter)] {
    Ewald.engines.flatMap { engine in engine.parameters.map { (engine, $0) } }
  }

  private static func flag(_ parameter: Parameter) -> String {
    "--" + parameter.name.split(separator: "_").joined(separator: "-")
  }

  private static func name(_ flag: String) -> String {
    flag.dropFirst(2).split(separator: "-").joined(separator: "_")
  }

  private static func placeholder(_ parameter: Parameter) -> String {
    switch parameter.domain {
    case .number: "N"
    case .choice(let choices): choices.joined(separator: "|")
    case .text: "TEXT"
    }
  }
}
