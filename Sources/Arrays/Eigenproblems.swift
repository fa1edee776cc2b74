import CLAPACKE

/// Eigenvalues in ascending order and, column by column, orthonormal eigenvectors.
public struct SymmetricEigen<Element: BLASScalar>: Sendable {
  public let values: [Element]
  /// Column i belongs to value i.
  public let vectors: DenseMatrix<Element>
}

/// Real eigenvalues in ascending order of a Hermitian matrix, with unitary eigenvectors in columns.
public struct HermitianEigen: Sendable {
  public let values: [Double]
  public let vectors: ComplexMatrix
}

/// Eigenvalues of a general complex matrix, in no order, with unit right eigenvectors in columns.
public struct GeneralEigen: Sendable {
  public let values: [Complex<Double>]
  public let vectors: ComplexMatrix
}

private let vectorsWanted = CChar(UInt8(ascii: "V"))
private let lower = CChar(UInt8(ascii: "L"))

extension Matrix {
  /// Eigenvalues and eigenvectors; only the upper triangle of `self` is read.
  public func symmetricEigen() throws(LinearAlgebraError) -> SymmetricEigen<Float> {
    precondition(rows == columns, "an eigenproblem is square")
    var work = self
    var values = [Float](repeating: 0, count: rows)
    OpenBLAS.prepare()
    let info = LAPACKE_ssyevd(
      LAPACK_COL_MAJOR, vectorsWanted, lower, Int32(rows), &work.values, Int32(rows), &values)
    try check(info, "ssyevd") { _ in .notConverged(routine: "ssyevd") }
    return SymmetricEigen(values: values, vectors: work.transposed())
  }
}

extension DoubleMatrix {
  /// Eigenvalues and eigenvectors; only the upper triangle of `self` is read.
  public func symmetricEigen() throws(LinearAlgebraError) -> SymmetricEigen<Double> {
    precondition(rows == columns, "an eigenproblem is square")
    var work = self
    var values = [Double](repeating: 0, count: rows)
    OpenBLAS.prepare()
    let info = LAPACKE_dsyevd(
      LAPACK_COL_MAJOR, vectorsWanted, lower, Int32(rows), &work.values, Int32(rows), &values)
    try check(info, "dsyevd") { _ in .notConverged(routine: "dsyevd") }
    return SymmetricEigen(values: values, vectors: work.transposed())
  }

  /// The eigenvalues alone, in ascending order: several times cheaper than with vectors.
  public func symmetricEigenvalues() throws(LinearAlgebraError) -> [Double] {
    precondition(rows == columns, "an eigenproblem is square")
    var work = self.values
    var values = [Double](repeating: 0, count: rows)
    OpenBLAS.prepare()
    let info = LAPACKE_dsyevd(
      LAPACK_COL_MAJOR, CChar(UInt8(ascii: "N")), lower, Int32(rows), &work, Int32(rows), &values)
    try check(info, "dsyevd") { _ in .notConverged(routine: "dsyevd") }
    return values
  }

  /// Only the eigenvalues whose ascending index is in `range`, and their vectors: cheaper than all when few.
  public func symmetricEigen(_ range: Range<Int>) throws(LinearAlgebraError) -> SymmetricEigen<Double> {
    precondition(rows == columns, "an eigenproblem is square")
    precondition(range.lowerBound >= 0 && range.upperBound <= rows && !range.isEmpty, "\(range) of \(rows)")
    var work = values
    var values = [Double](repeating: 0, count: rows)
    var vectors = DoubleMatrix(rows: range.count, columns: rows)
    var support = [Int32](repeating: 0, count: 2 * rows)
    var found: Int32 = 0
    OpenBLAS.prepare()
    let info = LAPACKE_dsyevr(
      LAPACK_COL_MAJOR, vectorsWanted, CChar(UInt8(ascii: "I")), lower, Int32(rows), &work, Int32(rows), 0, 0,
      Int32(range.lowerBound + 1), Int32(range.upperBound), 0, &found, &values, &vectors.values, Int32(rows),
      &support)
    try check(info, "dsyevr") { _ in .notConverged(routine: "dsyevr") }
    guard Int(found) == range.count else { throw .notConverged(routine: "dsyevr") }
    return SymmetricEigen(values: Array(values.prefix(range.count)), vectors: vectors.transposed())
  }
}

extension ComplexMatrix {
  /// Eigenvalues and eigenvectors of a Hermitian matrix; only the upper triangle of `self` is read.
  public func hermitianEigen() throws(LinearAlgebraError) -> HermitianEigen {
    precondition(rows == columns, "an eigenproblem is square")
    var work = self
    var values = [Double](repeating: 0, count: rows)
    OpenBLAS.prepare()
    let info = work.withLAPACKPointer { pointer in
      LAPACKE_zheevd(LAPACK_COL_MAJOR, vectorsWanted, lower, Int32(rows), pointer, Int32(rows), &values)
    }
    try check(info, "zheevd") { _ in .notConverged(routine: "zheevd") }
    // LAPACK saw the transpose, which is the complex conjugate: so are its eigenvectors.
    return HermitianEigen(values: values, vectors: work.transposed().mapValues(\.conjugate))
  }

  public func generalEigen() throws(LinearAlgebraError) -> GeneralEigen {
    precondition(rows == columns, "an eigenproblem is square")
    var work = transposed()
    var values = ComplexMatrix(rows: 1, columns: rows)
    var vectors = ComplexMatrix(rows: rows, columns: rows)
    OpenBLAS.prepare()
    let info = work.withLAPACKPointer { a in
      values.withLAPACKPointer { w in
        vectors.withLAPACKPointer { v in
          LAPACKE_zgeev(
            LAPACK_COL_MAJOR, CChar(UInt8(ascii: "N")), vectorsWanted, Int32(rows), a, Int32(rows), w, nil, 1,
            v,
            Int32(rows))
        }
      }
    }
    try check(info, "zgeev") { _ in .notConverged(routine: "zgeev") }
    return GeneralEigen(values: values.values, vectors: vectors.transposed())
  }

  mutating func withLAPACKPointer<R>(_ body: (UnsafeMutablePointer<lapack_complex_double>?) -> R) -> R {
    values.withUnsafeMutableBytes { bytes in
      body(bytes.baseAddress?.assumingMemoryBound(to: lapack_complex_double.self))
    }
  }
}
