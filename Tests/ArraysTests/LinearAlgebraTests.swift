import System
import Arrays
import Glibc
import Testing

private func random(_ rows: Int, _ columns: Int, seed: UInt64 = 1) -> DoubleMatrix {
  var numbers = RandomNumbers(seed: seed)
  return DoubleMatrix(
    rows: rows, columns: columns, values: (0..<rows * columns).map { _ in numbers.normal() })
}

private func randomComplex(_ size: Int, _ columns: Int, seed: UInt64 = 1) -> ComplexMatrix {
  var numbers = RandomNumbers(seed: seed)
  return ComplexMatrix(
    rows: size, columns: columns,
    values: (0..<size * columns).map { _ in Complex(numbers.normal(), numbers.normal()) })
}

private func largestDifference(_ a: DoubleMatrix, _ b: DoubleMatrix) -> Double {
  zip(a.values, b.values).map { abs($0 - $1) }.max() ?? 0
}

private func largestDifference(_ a: ComplexMatrix, _ b: ComplexMatrix) -> Double {
  zip(a.values, b.values).map { ($0 - $1).modulus }.max() ?? 0
}

@Test func productsFollowTheDefinitionForEveryOperation() {
  let a = random(5, 7)
  let b = random(7, 4, seed: 2)
  var expected = DoubleMatrix(rows: 5, columns: 4)
  for i in 0..<5 { for j in 0..<4 { for k in 0..<7 { expected[i, j] += a[i, k] * b[k, j] } } }
  #expect(largestDifference(a * b, expected) < 1e-14)
  #expect(largestDifference(.product(a.transposed(), b, left: .transposed), expected) < 1e-14)
  #expect(largestDifference(.product(a, b.transposed(), right: .transposed), expected) < 1e-14)
  #expect(largestDifference(a.gram(), .product(a, a, right: .transposed)) < 1e-14)
  #expect(largestDifference(a.gram(.transposed), .product(a, a, left: .transposed)) < 1e-14)
  #expect(Matrix(a).gram().rows == 5)
  let single = Matrix(a) * Matrix(b)
  #expect(zip(single.values, expected.values).allSatisfy { abs(Double($0) - $1) < 1e-5 })
}

@Test func adjointOfAComplexProductConjugates() {
  let a = randomComplex(4, 3)
  let b = randomComplex(4, 2, seed: 3)
  var expected = ComplexMatrix(rows: 3, columns: 2)
  for i in 0..<3 { for j in 0..<2 { for k in 0..<4 { expected[i, j] += a[k, i].conjugate * b[k, j] } } }
  #expect(largestDifference(.product(a, b, left: .adjoint), expected) < 1e-14)
  let single = DenseMatrix<Complex<Float>>.product(
    a.mapValues { Complex(Float($0.re), Float($0.im)) }, b.mapValues { Complex(Float($0.re), Float($0.im)) },
    left: .adjoint)
  #expect(zip(single.values, expected.values).allSatisfy { abs(Double($0.im) - $1.im) < 1e-5 })
}

@Test(arguments: [(6, 4), (4, 6), (5, 5)])
func singularValuesRebuildTheMatrix(rows: Int, columns: Int) throws {
  let a = random(rows, columns)
  let svd = try a.singularValues()
  var scaled = svd.u
  for r in 0..<rows { for c in 0..<svd.values.count { scaled[r, c] *= svd.values[c] } }
  #expect(largestDifference(scaled * svd.vTransposed, a) < 1e-13)
  #expect(zip(svd.values, svd.values.dropFirst()).allSatisfy { $0 >= $1 })
  let single = try Matrix(a).singularValues()
  #expect(zip(single.values, svd.values).allSatisfy { abs(Double($0) - $1) < 1e-5 })
  #expect(single.u.rows == rows && single.vTransposed.columns == columns)
}

@Test func symmetricEigenvectorsDiagonalise() throws {
  let b = random(8, 8)
  let a = DoubleMatrix.product(b, b, left: .transposed)
  let eigen = try a.symmetricEigen()
  var scaled = eigen.vectors
  for r in 0..<8 { for c in 0..<8 { scaled[r, c] *= eigen.values[c] } }
  #expect(largestDifference(a * eigen.vectors, scaled) < 1e-12)
  #expect(zip(eigen.values, eigen.values.dropFirst()).allSatisfy { $0 <= $1 })
  #expect(zip(try a.symmetricEigenvalues(), eigen.values).allSatisfy { abs($0 - $1) < 1e-12 })
  let few = try a.symmetricEigen(2..<5)
  #expect(zip(few.values, eigen.values[2..<5]).allSatisfy { abs($0 - $1) < 1e-12 })
  for c in 0..<3 {
    let overlap = zip(few.vectors.column(c), eigen.vectors.column(c + 2)).map { $0 * $1 }.reduce(0, +)
    #expect(abs(abs(overlap) - 1) < 1e-10)
  }
}

@Test func hermitianEigenvectorsDiagonalise() throws {
  let b = randomComplex(7, 7)
  let a = ComplexMatrix.product(b, b, left: .adjoint)
  let eigen = try a.hermitianEigen()
  var scaled = eigen.vectors
  for r in 0..<7 { for c in 0..<7 { scaled[r, c] *= eigen.values[c] } }
  #expect(largestDifference(a * eigen.vectors, scaled) < 1e-12)
}

@Test func generalEigenvectorsSatisfyTheirEquation() throws {
  let a = randomComplex(6, 6)
  let eigen = try a.generalEigen()
  var scaled = eigen.vectors
  for r in 0..<6 { for c in 0..<6 { scaled[r, c] *= eigen.values[c] } }
  #expect(largestDifference(a * eigen.vectors, scaled) < 1e-12)
}

@Test func solversReturnTheSolutionThatMadeTheRightHandSide() throws {
  let a = random(6, 6)
  let x = random(6, 2, seed: 9)
  #expect(largestDifference(try LU(a).solve(a * x), x) < 1e-11)
  let spd = DoubleMatrix.product(a, a, right: .transposed)
  let cholesky = try Cholesky(spd)
  #expect(largestDifference(cholesky.solve(spd * x), x) < 1e-9)
  #expect(largestDifference(.product(cholesky.lower, cholesky.lower, right: .transposed), spd) < 1e-12)
  let c = randomComplex(6, 6)
  let z = randomComplex(6, 3, seed: 4)
  #expect(largestDifference(try ComplexLU(c).solve(c * z), z) < 1e-11)
  #expect(largestDifference(try ComplexLU(c).inverse() * c, .identity(6)) < 1e-11)
}

@Test(arguments: [(9, 4), (4, 4), (3, 5)])
func leastSquaresResidualIsOrthogonalToTheColumns(rows: Int, columns: Int) throws {
  let a = random(rows, columns)
  let b = random(rows, 2, seed: 5)
  let fit = try a.leastSquares(b)
  let model = a * fit.solution
  let residual = DoubleMatrix(rows: rows, columns: 2, values: zip(model.values, b.values).map { $0 - $1 })
  #expect(DoubleMatrix.product(a, residual, left: .transposed).values.allSatisfy { abs($0) < 1e-12 })
  #expect(fit.rank == min(rows, columns))
}

@Test func impossibleSystemsThrowInsteadOfReturningNumbers() {
  #expect(throws: LinearAlgebraError.singular(pivot: 2)) {
    _ = try LU(DoubleMatrix(rows: 2, columns: 2, values: [1, 2, 2, 4]))
  }
  #expect(throws: LinearAlgebraError.notPositiveDefinite(order: 2)) {
    _ = try Cholesky(DoubleMatrix(rows: 2, columns: 2, values: [1, 2, 2, 1]))
  }
  #expect(throws: LinearAlgebraError.notFinite(routine: "dgesdd")) {
    _ = try DoubleMatrix(rows: 1, columns: 2, values: [.nan, 1]).singularValues()
  }
}

@Test func complexDivisionUndoesMultiplication() {
  let a = Complex(3.0, -4.0)
  for b in [Complex(0.5, 2.0), Complex(-7.0, 0.1), Complex(1e200, 1e200)] {
    let back = a * b / b
    #expect((back - a).modulus < 1e-14 || b.re > 1e100)
  }
  #expect(Complex(1e200, 1e200) / Complex(1e200, 1e200) == Complex(1.0, 0.0))
}

@Test func phasesAddWhenNumbersMultiply() {
  let product = ComplexDouble(modulus: 2, phase: 0.3) * ComplexDouble(phase: 0.5)
  #expect((product - ComplexDouble(modulus: 2, phase: 0.8)).modulus < 1e-15)
  #expect((ComplexFloat(phase: Float.pi / 2) - .i).modulus < 1e-6)
}

@Test(arguments: [1, 2, 5, 14, 48])
func gaussAndLegendreAreExactForPolynomials(_ count: Int) {
  let (nodes, weights) = gaussLegendre(count)
  for power in 0..<2 * count {
    let sum = zip(nodes, weights).reduce(0) { $0 + $1.1 * pow($1.0, Double(power)) }
    #expect(abs(sum - (power.isMultiple(of: 2) ? 2 / Double(power + 1) : 0)) < 1e-12)
  }
}
