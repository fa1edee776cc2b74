import Diffraction
import LiveSession
import TerminalUI

/// The form of `r`: engine, settings, scope. What a field accepts is the engine's own declaration.
package struct ReanalysisForm {
  package enum Scope: String, CaseIterable, Sendable {
    case this = "this frame"
    case marked = "marked frames"
    case future = "all frames to come"
  }

  package struct Field {
    package let parameter: Parameter
    package let old: String
    package var input: TextField
    package var error: String?

    package var isChanged: Bool { input.text != old }
    /// What can be chosen instead of typed.
    package var choices: [String] {
      if case .choice(let words) = parameter.domain { return words }
      return []
    }
  }

  package private(set) var engines: [any AnalysisEngine]
  package private(set) var engineIndex: Int
  package var fields: [Field] = []
  package var scope: Scope
  /// 0 is the engine, then the fields, then the scope.
  package var selection = 1
  /// The preset whose values stand in the fields.
  package private(set) var preset: String?
  private let presets: [OperatorSettings.Preset]
  private let current: (String) -> [String: String]

  /// `current` gives the settings in force for an engine.
  package init(
    engines: [any AnalysisEngine], engine: String?, scope: Scope, presets: [OperatorSettings.Preset] = [],
    current: @escaping (String) -> [String: String]
  ) {
    self.engines = engines
    engineIndex = engines.firstIndex { $0.name == engine } ?? 0
    self.scope = scope
    self.presets = presets
    self.current = current
    fill()
  }

  package var engine: any AnalysisEngine { engines[engineIndex] }
  package var rowCount: Int { fields.count + 2 }
  package var fieldIndex: Int? { fields.indices.contains(selection - 1) ? selection - 1 : nil }
  /// Whether left and right choose instead of moving in a text.
  package var isChoice: Bool { fieldIndex.map { !fields[$0].choices.isEmpty } ?? true }
  /// How many fields are changed, and whether one of them is refused.
  package var changes: Int { fields.count(where: \.isChanged) }

  private mutating func fill() {
    preset = nil
    let values = current(engine.name)
    fields = engine.parameters.map { parameter in
      let old = values[parameter.name] ?? parameter.standard.description
      return Field(parameter: parameter, old: old, input: TextField(old))
    }
    selection = min(selection, rowCount - 1)
  }

  /// Left and right on what is chosen from a few words.
  package mutating func turn(_ step: Int) {
    if selection == 0 {
      engineIndex = (engineIndex + step + engines.count) % engines.count
      fill()
    } else if let index = fieldIndex {
      let choices = fields[index].choices
      guard !choices.isEmpty else { return }
      let now = choices.firstIndex(of: fields[index].input.text) ?? (step > 0 ? -1 : choices.count)
      fields[index].input.text = choices[(now + step + choices.count) % choices.count]
      fields[index].error = nil
    } else {
      let all = Scope.allCases
      let index = all.firstIndex(of: scope) ?? 0
      scope = all[(index + step + all.count) % all.count]
    }
  }

  private var ownPresets: [OperatorSettings.Preset] { presets.filter { $0.engine == engine.name } }
  package var hasPresets: Bool { !ownPresets.isEmpty }

  /// The values of the engine's next preset over those in force, then those in force again.
  package mutating func nextPreset() {
    let own = ownPresets
    let next = own.firstIndex { $0.name == preset }.map { $0 + 1 } ?? 0
    let chosen = own.indices.contains(next) ? own[next] : nil
    fill()
    for index in fields.indices {
      if let value = chosen?.values[fields[index].parameter.name] { fields[index].input.text = value }
    }
    preset = chosen?.name
  }

  /// The field as it is now in force.
  package mutating func reset() {
    guard let index = fieldIndex else { return }
    fields[index].input.text = fields[index].old
    fields[index].error = nil
  }

  /// The settings as text, or nil with the errors written beside the fields.
  package mutating func settings() -> [String: String]? {
    var settings: [String: String] = [:]
    var isValid = true
    for index in fields.indices {
      do throws(InvalidParameter) {
        let value = try fields[index].parameter.parse(fields[index].input.text)
        fields[index].error = nil
        settings[fields[index].parameter.name] = value.description
      } catch {
        fields[index].error = error.description
        if isValid { selection = index + 1 }
        isValid = false
      }
    }
    return isValid ? settings : nil
  }
}
