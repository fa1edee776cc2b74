/// Why a factorisation gave no answer. These come from the data, not from a wrong call.
public enum LinearAlgebraError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The input holds a value that is not a number or not finite.
  case notFinite(routine: String)
  /// The iteration stopped short.
  case notConverged(routine: String)
  /// A pivot is exactly zero: the matrix has no inverse.
  case singular(pivot: Int)
  /// The leading minor of this order is not positive.
  case notPositiveDefinite(order: Int)

  public var description: String {
    switch self {
    case .notFinite(let routine): "\(routine): the matrix holds a value that is not finite"
    case .notConverged(let routine): "\(routine): no convergence"
    case .singular(let pivot): "the matrix is singular (pivot \(pivot))"
    case .notPositiveDefinite(let order): "the matrix is not positive definite (minor \(order))"
    }
  }
}

/// LAPACK's info: 0 done, negative a refused argument (LAPACKE refuses NaN so), positive the routine's own.
func check(
  _ info: Int32, _ routine: String, positive: (Int) -> LinearAlgebraError
) throws(LinearAlgebraError) {
  if info < 0 { throw .notFinite(routine: routine) }
  if info > 0 { throw positive(Int(info)) }
}
