import Arrays
import Diffraction

/// A setting of an engine, declared once: its name, what it is, its unit, what may be said and what holds where
/// nothing is said; and the type that the engine reads it as.
///
/// Command line, form, completions, settings files and session files know it by its `parameter`.
package struct Setting<Value: Sendable>: Sendable {
  package let parameter: Parameter
  package let standard: Value
  private let read: @Sendable (ParameterValue) throws(InvalidParameter) -> Value

  init(
    _ parameter: Parameter, standard: Value,
    read: @escaping @Sendable (ParameterValue) throws(InvalidParameter) -> Value
  ) {
    self.parameter = parameter
    self.standard = standard
    self.read = read
  }

  package var name: String { parameter.name }

  func value(in values: ParameterValues) throws(InvalidParameter) -> Value {
    guard let said = values[parameter.name] else { return standard }
    return try read(said)
  }
}

extension ParameterValues {
  /// What holds for a setting; throws where what was said is no such value.
  package subscript<Value>(setting: Setting<Value>) -> Value {
    get throws(AnalysisError) {
      do throws(InvalidParameter) {
        return try setting.value(in: self)
      } catch {
        throw .parameter(error)
      }
    }
  }
}

// MARK: Numbers

extension Setting where Value == Double {
  package init(
    _ name: String, _ title: String, unit: String = "", _ range: ClosedRange<Double>, standard: Double
  ) {
    let parameter = Parameter(
      name: name, title: title, unit: unit, domain: .number(range), standard: .number(standard))
    self.init(parameter, standard: standard) { said throws(InvalidParameter) in
      try parameter.number(said) ?? standard
    }
  }
}

extension Setting where Value == Double? {
  /// Left to the file's metadata, or to the engine, where nothing is said.
  package init(_ name: String, _ title: String, unit: String = "", _ range: ClosedRange<Double>) {
    let parameter = Parameter(
      name: name, title: title, unit: unit, domain: .number(range), standard: .automatic)
    self.init(parameter, standard: nil) { said throws(InvalidParameter) in try parameter.number(said) }
  }
}

extension Setting where Value == Int {
  package init(_ name: String, _ title: String, unit: String = "", _ range: ClosedRange<Int>, standard: Int) {
    let parameter = Parameter(
      name: name, title: title, unit: unit,
      domain: .number(Double(range.lowerBound)...Double(range.upperBound)),
      standard: .number(Double(standard)))
    self.init(parameter, standard: standard) { said throws(InvalidParameter) in
      try parameter.number(said).map { Int(bounded: $0) } ?? standard
    }
  }
}

extension Setting where Value == Int? {
  package init(_ name: String, _ title: String, unit: String = "", _ range: ClosedRange<Int>) {
    let parameter = Parameter(
      name: name, title: title, unit: unit,
      domain: .number(Double(range.lowerBound)...Double(range.upperBound)), standard: .automatic)
    self.init(parameter, standard: nil) { said throws(InvalidParameter) in
      try parameter.number(said).map { Int(bounded: $0) }
    }
  }
}

extension Parameter {
  /// Nil for what is left open.
  fileprivate func number(_ said: ParameterValue) throws(InvalidParameter) -> Double? {
    switch said {
    case .automatic: return nil
    case .text(let text): throw InvalidParameter("\(name): \"\(text)\" is not a number")
    case .number(let value):
      guard case .number(let range) = domain, range.contains(value) else {
        throw InvalidParameter("\(name): \(said) is out of its range")
      }
      return value
    }
  }
}
