import Arrays

/// What can go wrong between a surface file and a pattern.
package enum CBLEEDError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A line of a surface file (counted from 1) and what is wrong with it.
  case surfaceFile(line: Int, reason: String)
  /// A request that no simulation can answer, said in one line.
  case request(String)
  /// A self-consistent or eigenvalue search that did not settle.
  case notConverged(String)
  case linearAlgebra(LinearAlgebraError)
  case cancelled

  package var description: String {
    switch self {
    case .surfaceFile(let line, let reason): "surface file, line \(line): \(reason)"
    case .request(let reason): reason
    case .notConverged(let what): "\(what) did not converge"
    case .linearAlgebra(let error): "scattering equations: \(error)"
    case .cancelled: "cancelled"
    }
  }
}
