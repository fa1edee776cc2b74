import COpenBLAS

/// One thread per call: the program is parallel over images and jobs, and OpenBLAS's own threads would
/// fight with those and make sums depend on the number of cores.
enum OpenBLAS {
  private static let once: Void = openblas_set_num_threads(1)
  static func prepare() { _ = once }
}

/// What was chosen for the processor at hand when the program was loaded.
public enum ProcessorKernels {
  /// The processor that OpenBLAS has its kernels for: `Haswell`, `Zen`, `Prescott`.
  public static var name: String { openblas_get_corename().map { String(cString: $0) } ?? "" }
}

/// How a factor enters a product.
public enum Operation: Sendable {
  case asIs
  case transposed
  /// Conjugate transpose; for real matrices the same as `transposed`.
  case adjoint

  var blas: CBLAS_TRANSPOSE {
    switch self {
    case .asIs: CblasNoTrans
    case .transposed: CblasTrans
    case .adjoint: CblasConjTrans
    }
  }
}

/// An element type with its own gemm.
public protocol BLASScalar: Sendable, AdditiveArithmetic {
  static var one: Self { get }
  /// C = alpha op(A) op(B) + beta C for matrices stored row after row; a stride is the distance between rows.
  static func gemm(
    _ opA: Operation, _ opB: Operation, m: Int, n: Int, k: Int, alpha: Self,
    a: UnsafePointer<Self>, strideA: Int, b: UnsafePointer<Self>, strideB: Int, beta: Self,
    c: UnsafeMutablePointer<Self>, strideC: Int)
}

extension Float: BLASScalar {
  public static var one: Float { 1 }
  public static func gemm(
    _ opA: Operation, _ opB: Operation, m: Int, n: Int, k: Int, alpha: Float,
    a: UnsafePointer<Float>, strideA: Int, b: UnsafePointer<Float>, strideB: Int, beta: Float,
    c: UnsafeMutablePointer<Float>, strideC: Int
  ) {
    OpenBLAS.prepare()
    cblas_sgemm(
      CblasRowMajor, opA.blas, opB.blas, Int32(m), Int32(n), Int32(k), alpha, a, Int32(strideA), b,
      Int32(strideB), beta, c, Int32(strideC))
  }
}

extension Double: BLASScalar {
  public static var one: Double { 1 }
  public static func gemm(
    _ opA: Operation, _ opB: Operation, m: Int, n: Int, k: Int, alpha: Double,
    a: UnsafePointer<Double>, strideA: Int, b: UnsafePointer<Double>, strideB: Int, beta: Double,
    c: UnsafeMutablePointer<Double>, strideC: Int
  ) {
    OpenBLAS.prepare()
    cblas_dgemm(
      CblasRowMajor, opA.blas, opB.blas, Int32(m), Int32(n), Int32(k), alpha, a, Int32(strideA), b,
      Int32(strideB), beta, c, Int32(strideC))
  }
}

extension Complex: BLASScalar {
  public static var one: Complex { Complex(1) }
  public static func gemm(
    _ opA: Operation, _ opB: Operation, m: Int, n: Int, k: Int, alpha: Complex,
    a: UnsafePointer<Complex>, strideA: Int, b: UnsafePointer<Complex>, strideB: Int, beta: Complex,
    c: UnsafeMutablePointer<Complex>, strideC: Int
  ) {
    OpenBLAS.prepare()
    precondition(Scalar.self == Float.self || Scalar.self == Double.self, "BLAS knows two precisions")
    let gemm = Scalar.self == Float.self ? cblas_cgemm : cblas_zgemm
    withUnsafePointer(to: alpha) { alpha in
      withUnsafePointer(to: beta) { beta in
        gemm(
          CblasRowMajor, opA.blas, opB.blas, Int32(m), Int32(n), Int32(k), alpha, a, Int32(strideA), b,
          Int32(strideB), beta, c, Int32(strideC))
      }
    }
  }
}

extension DenseMatrix where Element: BLASScalar {
  /// opA(a) opB(b).
  public static func product(
    _ a: Self, _ b: Self, left opA: Operation = .asIs, right opB: Operation = .asIs
  ) -> Self {
    let (m, k) = opA == .asIs ? (a.rows, a.columns) : (a.columns, a.rows)
    let (k2, n) = opB == .asIs ? (b.rows, b.columns) : (b.columns, b.rows)
    precondition(k == k2, "factors of a product agree: \(m)x\(k) times \(k2)x\(n)")
    var out = Self(rows: m, columns: n)
    guard m > 0 && n > 0 && k > 0 else { return out }
    a.values.withUnsafeBufferPointer { aBuffer in
      b.values.withUnsafeBufferPointer { bBuffer in
        out.values.withUnsafeMutableBufferPointer { cBuffer in
          guard let pa = aBuffer.baseAddress, let pb = bBuffer.baseAddress, let pc = cBuffer.baseAddress
          else { return }
          Element.gemm(
            opA, opB, m: m, n: n, k: k, alpha: .one, a: pa, strideA: a.columns, b: pb, strideB: b.columns,
            beta: .zero, c: pc, strideC: n)
        }
      }
    }
    return out
  }

  public static func * (a: Self, b: Self) -> Self { product(a, b) }

  public static func identity(_ size: Int) -> Self {
    var out = Self(rows: size, columns: size)
    for i in 0..<size { out[i, i] = .one }
    return out
  }
}

extension DenseMatrix where Element: BLASScalar {
  /// A A^T, or A^T A: half the work of the product, since the result is symmetric.
  public func gram(_ operation: Operation = .asIs) -> Self where Element: SymmetricProductScalar {
    let (n, k) = operation == .asIs ? (rows, columns) : (columns, rows)
    var out = Self(rows: n, columns: n)
    guard n > 0 && k > 0 else { return out }
    withElements { a in
      out.withMutableElements { c in
        Element.syrk(operation, n: n, k: k, a: a, strideA: columns, c: c)
        for i in 0..<n {
          for j in 0..<i { c[i * n + j] = c[j * n + i] }
        }
      }
    }
    return out
  }
}

/// An element type with its own syrk.
public protocol SymmetricProductScalar: BLASScalar {
  /// The upper triangle of op(A) op(A)^T.
  static func syrk(
    _ operation: Operation, n: Int, k: Int, a: UnsafePointer<Self>, strideA: Int,
    c: UnsafeMutablePointer<Self>)
}

extension Float: SymmetricProductScalar {
  public static func syrk(
    _ operation: Operation, n: Int, k: Int, a: UnsafePointer<Float>, strideA: Int,
    c: UnsafeMutablePointer<Float>
  ) {
    OpenBLAS.prepare()
    cblas_ssyrk(
      CblasRowMajor, CblasUpper, operation.blas, Int32(n), Int32(k), 1, a, Int32(strideA), 0, c, Int32(n))
  }
}

extension Double: SymmetricProductScalar {
  public static func syrk(
    _ operation: Operation, n: Int, k: Int, a: UnsafePointer<Double>, strideA: Int,
    c: UnsafeMutablePointer<Double>
  ) {
    OpenBLAS.prepare()
    cblas_dsyrk(
      CblasRowMajor, CblasUpper, operation.blas, Int32(n), Int32(k), 1, a, Int32(strideA), 0, c, Int32(n))
  }
}
