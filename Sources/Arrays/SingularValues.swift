import CLAPACKE

/// A = U diag(s) V^T with the singular values in descending order; the thin form.
public struct SingularValues<Element: BLASScalar>: Sendable {
  /// rows x k, orthonormal columns.
  public let u: DenseMatrix<Element>
  /// k = min(rows, columns) values.
  public let values: [Element]
  /// k x columns, orthonormal rows.
  public let vTransposed: DenseMatrix<Element>
}

// A matrix stored row after row is its transpose to LAPACK, and A^T = V diag(s) U^T: asking for the
// decomposition of that transpose returns U and V^T already in our order, without a copy.

extension Matrix {
  public func singularValues() throws(LinearAlgebraError) -> SingularValues<Float> {
    let k = Swift.min(rows, columns)
    var work = values
    var s = [Float](repeating: 0, count: k)
    var u = Matrix(rows: rows, columns: k)
    var vt = Matrix(rows: k, columns: columns)
    OpenBLAS.prepare()
    let info = LAPACKE_sgesdd(
      LAPACK_COL_MAJOR, CChar(UInt8(ascii: "S")), Int32(columns), Int32(rows), &work, Int32(columns), &s,
      &vt.values, Int32(columns), &u.values, Int32(k))
    try check(info, "sgesdd") { _ in .notConverged(routine: "sgesdd") }
    return SingularValues(u: u, values: s, vTransposed: vt)
  }
}

extension DoubleMatrix {
  public func singularValues() throws(LinearAlgebraError) -> SingularValues<Double> {
    let k = Swift.min(rows, columns)
    var work = values
    var s = [Double](repeating: 0, count: k)
    var u = DoubleMatrix(rows: rows, columns: k)
    var vt = DoubleMatrix(rows: k, columns: columns)
    OpenBLAS.prepare()
    let info = LAPACKE_dgesdd(
      LAPACK_COL_MAJOR, CChar(UInt8(ascii: "S")), Int32(columns), Int32(rows), &work, Int32(columns), &s,
      &vt.values, Int32(columns), &u.values, Int32(k))
    try check(info, "dgesdd") { _ in .notConverged(routine: "dgesdd") }
    return SingularValues(u: u, values: s, vTransposed: vt)
  }
}
