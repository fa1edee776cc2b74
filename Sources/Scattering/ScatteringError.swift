/// What the world can do wrong: an unreadable crystal, an impossible orientation, a missing element.
package enum ScatteringError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A crystal file that cannot be used, with its line where one is to blame.
  case cif(line: Int?, reason: String)
  case orientation(String)
  case parameter(String)

  package var description: String {
    switch self {
    case .cif(let line?, let reason): "CIF line \(line): \(reason)"
    case .cif(nil, let reason): "CIF: \(reason)"
    case .orientation(let reason), .parameter(let reason): reason
    }
  }
}
