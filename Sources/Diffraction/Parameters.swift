import Glibc  // floating-point rounding is in libm

/// A setting of an engine: enough for a form, for a command-line flag and for a check of what was typed.
public struct Parameter: Sendable, Equatable {
  public enum Domain: Sendable, Equatable {
    case number(ClosedRange<Double>)
    case choice([String])
    case text
  }

  /// Snake case with its unit, as in the session file: `convergence_mrad`.
  public var name: String
  public var title: String
  public var unit: String
  public var domain: Domain
  public var standard: ParameterValue

  public init(name: String, title: String, unit: String, domain: Domain, standard: ParameterValue) {
    self.name = name
    self.title = title
    self.unit = unit
    self.domain = domain
    self.standard = standard
  }
}

/// A setting's value. `automatic` leaves it to the file's metadata or to the engine.
public enum ParameterValue: Sendable, Equatable, CustomStringConvertible {
  case automatic
  case number(Double)
  case text(String)

  /// How a person says `automatic`.
  public static let automaticWord = "auto"

  public var description: String {
    switch self {
    case .automatic: Self.automaticWord
    case .number(let value):
      value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
    case .text(let text): text
    }
  }
}

/// A value that does not fit its parameter, said in one line.
public struct InvalidParameter: Error, Sendable, Equatable, CustomStringConvertible {
  public var description: String

  public init(_ description: String) { self.description = description }
}

extension Parameter {
  /// Reads what a person typed; the error names the valid choices.
  public func parse(_ text: String) throws(InvalidParameter) -> ParameterValue {
    if text == ParameterValue.automaticWord && standard == .automatic { return .automatic }
    switch domain {
    case .number(let range):
      guard let value = Double(text), value.isFinite else {
        throw InvalidParameter("\(name): \"\(text)\" is not a number")
      }
      guard range.contains(value) else {
        throw InvalidParameter(
          "\(name): \(text) is outside \(ParameterValue.number(range.lowerBound)) to "
            + "\(ParameterValue.number(range.upperBound)) \(unit)")
      }
      return .number(value)
    case .choice(let choices):
      guard choices.contains(text) else {
        throw InvalidParameter("\(name): \"\(text)\" is none of \(choices.joined(separator: ", "))")
      }
      return .text(text)
    case .text:
      return .text(text)
    }
  }
}

/// The settings one analysis ran with; what is not named is at its standard.
public struct ParameterValues: Sendable, Equatable {
  public private(set) var values: [String: ParameterValue]

  public init(_ values: [String: ParameterValue] = [:]) { self.values = values }

  public subscript(name: String) -> ParameterValue? {
    get { values[name] }
    set { values[name] = newValue }
  }
}
