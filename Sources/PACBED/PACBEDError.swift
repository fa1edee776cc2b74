import Scattering

/// What can stop a simulation.
package enum PACBEDError: Error, Sendable, Equatable, CustomStringConvertible {
  case cancelled
  case crystal(ScatteringError)
  /// A request that makes no sense or asks for more than it allows itself.
  case parameter(String)
  /// A stored table that cannot be written or is not what it should be.
  case storage(String)
  /// The network could not be trained or run.
  case training(String)

  package var description: String {
    switch self {
    case .cancelled: "cancelled"
    case .crystal(let error): error.description
    case .parameter(let reason), .storage(let reason), .training(let reason): reason
    }
  }
}
