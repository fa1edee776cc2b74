import CLAPACKE

/// The least-squares solution of smallest norm, by singular values.
public struct LeastSquares: Sendable {
  /// columns x right-hand sides.
  public let solution: DoubleMatrix
  /// How many singular values exceed the cut.
  public let rank: Int
  public let singularValues: [Double]
}

extension DoubleMatrix {
  /// Minimises |A x - b| for every column of `b`; singular values below `cut` times the largest count as zero.
  public func leastSquares(_ b: DoubleMatrix, cut: Double = -1) throws(LinearAlgebraError) -> LeastSquares {
    precondition(b.rows == rows, "one right-hand side value a row")
    let size = Swift.max(rows, columns)
    var a = transposed()
    // LAPACK overwrites b with the solution, which may be longer.
    var x = DoubleMatrix(rows: b.columns, columns: size)
    for r in 0..<b.rows {
      for c in 0..<b.columns { x[c, r] = b[r, c] }
    }
    var s = [Double](repeating: 0, count: Swift.min(rows, columns))
    var rank: Int32 = 0
    OpenBLAS.prepare()
    let info = LAPACKE_dgelsd(
      LAPACK_COL_MAJOR, Int32(rows), Int32(columns), Int32(b.columns), &a.values, Int32(rows), &x.values,
      Int32(size), &s, cut, &rank)
    try check(info, "dgelsd") { _ in .notConverged(routine: "dgelsd") }
    var solution = DoubleMatrix(rows: columns, columns: b.columns)
    for r in 0..<columns {
      for c in 0..<b.columns { solution[r, c] = x[c, r] }
    }
    return LeastSquares(solution: solution, rank: Int(rank), singularValues: s)
  }

  /// One right-hand side.
  public func leastSquares(_ b: [Double]) throws(LinearAlgebraError) -> [Double] {
    try leastSquares(DoubleMatrix(rows: b.count, columns: 1, values: b)).solution.values
  }
}

/// A = L L^T of a symmetric positive definite matrix, kept to solve with.
public struct Cholesky: Sendable {
  private let size: Int
  // LAPACK's upper factor of the transpose is our lower one.
  private let factor: [Double]

  /// Only the lower triangle of `matrix` is read.
  public init(_ matrix: DoubleMatrix) throws(LinearAlgebraError) {
    precondition(matrix.rows == matrix.columns, "a Cholesky factorisation is square")
    size = matrix.rows
    var factor = matrix.values
    OpenBLAS.prepare()
    let info = LAPACKE_dpotrf(LAPACK_COL_MAJOR, CChar(UInt8(ascii: "U")), Int32(size), &factor, Int32(size))
    try check(info, "dpotrf") { .notPositiveDefinite(order: $0) }
    self.factor = factor
  }

  /// Solves A X = B.
  public func solve(_ b: DoubleMatrix) -> DoubleMatrix {
    precondition(b.rows == size, "one right-hand side value a row")
    var x = b.transposed()
    LAPACKE_dpotrs(
      LAPACK_COL_MAJOR, CChar(UInt8(ascii: "U")), Int32(size), Int32(b.columns), factor, Int32(size),
      &x.values,
      Int32(size))
    return x.transposed()
  }

  public func solve(_ b: [Double]) -> [Double] {
    solve(DoubleMatrix(rows: b.count, columns: 1, values: b)).values
  }

  /// L, with zeros above the diagonal.
  public var lower: DoubleMatrix {
    var lower = DoubleMatrix(rows: size, columns: size, values: factor)
    for r in 0..<size {
      for c in r + 1..<Swift.max(size, r + 1) { lower[r, c] = 0 }
    }
    return lower
  }
}

/// P A = L U of a general real matrix, kept to solve with.
public struct LU: Sendable {
  private let size: Int
  private let factors: [Double]
  private let pivots: [Int32]

  public init(_ matrix: DoubleMatrix) throws(LinearAlgebraError) {
    precondition(matrix.rows == matrix.columns, "an LU factorisation to solve with is square")
    size = matrix.rows
    var factors = matrix.values
    var pivots = [Int32](repeating: 0, count: size)
    OpenBLAS.prepare()
    let info = LAPACKE_dgetrf(LAPACK_COL_MAJOR, Int32(size), Int32(size), &factors, Int32(size), &pivots)
    try check(info, "dgetrf") { .singular(pivot: $0) }
    self.factors = factors
    self.pivots = pivots
  }

  /// Solves A X = B.
  public func solve(_ b: DoubleMatrix) -> DoubleMatrix {
    precondition(b.rows == size, "one right-hand side value a row")
    var x = b.transposed()
    // The factors are those of the transpose, so the transposed system is ours.
    LAPACKE_dgetrs(
      LAPACK_COL_MAJOR, CChar(UInt8(ascii: "T")), Int32(size), Int32(b.columns), factors, Int32(size), pivots,
      &x.values, Int32(size))
    return x.transposed()
  }
}

/// P A = L U of a general complex matrix, kept to solve with.
public struct ComplexLU: Sendable {
  private let size: Int
  private let factors: [lapack_complex_double]
  private let pivots: [Int32]

  public init(_ matrix: ComplexMatrix) throws(LinearAlgebraError) {
    precondition(matrix.rows == matrix.columns, "an LU factorisation to solve with is square")
    size = matrix.rows
    var factors = matrix.values.withUnsafeBytes { Array($0.bindMemory(to: lapack_complex_double.self)) }
    var pivots = [Int32](repeating: 0, count: size)
    OpenBLAS.prepare()
    let info = LAPACKE_zgetrf(LAPACK_COL_MAJOR, Int32(size), Int32(size), &factors, Int32(size), &pivots)
    try check(info, "zgetrf") { .singular(pivot: $0) }
    self.factors = factors
    self.pivots = pivots
  }

  /// Solves A X = B.
  public func solve(_ b: ComplexMatrix) -> ComplexMatrix {
    precondition(b.rows == size, "one right-hand side value a row")
    var x = b.transposed()
    // The factors are those of the transpose, so the transposed system is ours.
    _ = x.withLAPACKPointer { pointer in
      LAPACKE_zgetrs(
        LAPACK_COL_MAJOR, CChar(UInt8(ascii: "T")), Int32(size), Int32(b.columns), factors, Int32(size),
        pivots,
        pointer, Int32(size))
    }
    return x.transposed()
  }

  public func inverse() -> ComplexMatrix { solve(.identity(size)) }
}
