import System
import Arrays
import Learning
import Testing

private let latent = RegressionReference.latent

/// The largest difference of the projectors onto the columns' spans: blind to rotation and signs.
private func projectorDifference(_ a: DoubleMatrix, _ b: DoubleMatrix) -> Double {
  largestDifference(.product(a, a, right: .transposed), .product(b, b, right: .transposed))
}

@Test func principalComponentsAgreeUpToSign() throws {
  let components = try PrincipalComponents(fitting: latent, count: 3)
  let expected = RegressionReference.table("embeddings/pca3")
  let found = components.project(latent)
  for c in 0..<3 {
    let sign = zip(found.column(c), expected.column(c)).reduce(0) { $0 + $1.0 * $1.1 } < 0 ? -1.0 : 1.0
    #expect(zip(found.column(c), expected.column(c)).allSatisfy { abs(sign * $0 - $1) < 1e-6 })
  }
  for (value, reference) in zip(
    components.explainedVariance, [2.2941163918428136, 1.7538947889970173, 1.4773111852936742])
  {
    #expect(abs(value - reference) < 1e-6)
  }
  for (value, reference) in zip(
    components.explainedRatio, [0.28580867477874217, 0.21850606496120853, 0.1840483567468131])
  {
    #expect(abs(value - reference) < 1e-7)
  }
}

@Test func allComponentsRebuildTheDataFromEitherSide() throws {
  let all = try PrincipalComponents(fitting: latent, count: 8)
  #expect(largestDifference(all.reconstruct(all.project(latent)), latent) < 1e-10)
  // Fewer rows than features: the Gram matrix is that of the rows.
  let wide = latent.selectingRows(0..<6)
  let few = try PrincipalComponents(fitting: wide, count: 5)
  #expect(largestDifference(few.reconstruct(few.project(wide)), wide) < 1e-8)
  #expect(abs(few.explainedRatio.reduce(0, +) - 1) < 1e-10)
}

// The reference's library calls this method Hessian: see `LocallyLinearEmbedding.Method.tangentSpace`.
@Test func tangentSpaceEmbeddingSpansTheReferencePlane() throws {
  let embedding = try LocallyLinearEmbedding(latent, dimensions: 3, neighbours: 20, method: .tangentSpace)
  #expect(projectorDifference(embedding.coordinates, RegressionReference.table("embeddings/hlle3")) < 1e-5)
  #expect(abs(embedding.reconstructionError - 0.13413869480925897) < 1e-6)
}

@Test func standardEmbeddingSpansTheReferencePlane() throws {
  let embedding = try LocallyLinearEmbedding(
    latent, dimensions: 3, neighbours: 20, method: .standard(regularisation: 1e-3))
  #expect(projectorDifference(embedding.coordinates, RegressionReference.table("embeddings/lle3")) < 1e-5)
  #expect(abs(embedding.reconstructionError - 1.139231027572309e-06) < 1e-10)
}

@Test(arguments: [LocallyLinearEmbedding.Method.hessian, .tangentSpace])
func embeddingUnrollsASheet(method: LocallyLinearEmbedding.Method) throws {
  var numbers = RandomNumbers(seed: 3)
  // A half cylinder: the arc length is what a flat map should recover.
  let sheet = (0..<200).map { _ in (arc: numbers.uniform(in: 0...3), height: numbers.uniform(in: 0...1)) }
  let points = DoubleMatrix(
    rows: 200, columns: 3,
    values: sheet.flatMap { [ComplexDouble(phase: $0.arc).re, ComplexDouble(phase: $0.arc).im, $0.height] })
  let embedding = try LocallyLinearEmbedding(points, dimensions: 2, neighbours: 12, method: method)
  // Both sheet coordinates are then linear in the two found (and a constant).
  var basis = DoubleMatrix(rows: 200, columns: 3, repeating: 1)
  for r in 0..<200 { for c in 0..<2 { basis[r, c] = embedding.coordinates[r, c] } }
  let truth = DoubleMatrix(rows: 200, columns: 2, values: sheet.flatMap { [$0.arc, $0.height] })
  let fit = try basis.leastSquares(truth)
  #expect(explainedVariance(basis * fit.solution, truth).allSatisfy { $0 > 0.99 })
}

@Test func embeddingsThatCannotBeAreRefused() {
  #expect(throws: RegressionError.self) {
    _ = try LocallyLinearEmbedding(latent, dimensions: 3, neighbours: 9, method: .hessian)
  }
  #expect(throws: RegressionError.tooFewRows(5, needed: 21)) {
    _ = try LocallyLinearEmbedding(
      latent.selectingRows(0..<5), dimensions: 2, neighbours: 20, method: .standard(regularisation: 1e-3))
  }
}
