import Diffraction
import LiveSession
import TerminalUI

/// The form of `r`: engine, settings, scope. What a field accepts is the engine's own declaration.
package struct ReanalysisForm {
  package enum Scope: String, CaseIterable, Sendable {
    case this = "this frame"
    case marked = "marked frames"
    case future = "all frames from now on"
  }

  package struct Field {
    package let parameter: Parameter
    package let old: String
    package var input: TextField
    package var error: String?

    package var isChanged: Bool { input.text != old }
  }

  package private(set) var engines: [any AnalysisEngine]
  package private(set) var engineIndex: Int
  package var fields: [Field] = []
  package var scope: Scope
  /// 0 is the engine, then the fields, then the scope.
  package var selection = 1
  private let current: (String) -> [String: String]

  /// `current` gives the settings in force for an engine.
  package init(
    engines: [any AnalysisEngine], engine: String?, scope: Scope,
    current: @escaping (String) -> [String: String]
  ) {
    self.engines = engines
    engineIndex = engines.firstIndex { $0.name == engine } ?? 0
    self.scope = scope
    self.current = current
    fill()
  }

  package var engine: any AnalysisEngine { engines[engineIndex] }
  package var rowCount: Int { fields.count + 2 }

  private mutating func fill() {
    let values = current(engine.name)
    fields = engine.parameters.map { parameter in
      let old = values[parameter.name] ?? parameter.standard.description
      return Field(parameter: parameter, old: old, input: TextField(old))
    }
    selection = min(selection, rowCount - 1)
  }

  /// Left and right on the engine and on the scope.
  package mutating func turn(_ step: Int) {
    if selection == 0 {
      engineIndex = (engineIndex + step + engines.count) % engines.count
      fill()
    } else if selection == rowCount - 1 {
      let all = Scope.allCases
      let index = all.firstIndex(of: scope) ?? 0
      scope = all[(index + step + all.count) % all.count]
    }
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
