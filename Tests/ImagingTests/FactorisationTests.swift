import System
import Arrays
import Foundation
import Imaging
import Testing

private func positive(_ rows: Int, _ columns: Int, _ numbers: inout RandomNumbers) -> Matrix {
  Matrix(
    rows: rows, columns: columns, values: (0..<rows * columns).map { _ in Float(numbers.uniform() + 0.05) })
}

/// The updates as their papers write them, in double precision: W first, then H on the same terms.
private func plainRound(
  _ v: DoubleMatrix, _ w: DoubleMatrix, _ h: DoubleMatrix, _ solver: NonNegativeFactors.Solver
) -> (DoubleMatrix, DoubleMatrix) {
  func updated(_ v: DoubleMatrix, _ w: DoubleMatrix, _ h: DoubleMatrix) -> DoubleMatrix {
    var w = w
    switch solver {
    case .coordinateDescent:
      let (gram, target) = (h * h.transposed(), v * h.transposed())
      for i in 0..<w.rows {
        // A component that the other factor does not use has no minimum to step to.
        for t in 0..<w.columns where gram[t, t] > 0 {
          var gradient = -target[i, t]
          for r in 0..<w.columns { gradient += gram[t, r] * w[i, r] }
          w[i, t] = max(w[i, t] - gradient / gram[t, t], 0)
        }
      }
    case .multiplicative(let loss):
      let model = w * h
      let ratio =
        loss == .frobenius
        ? v
        : DoubleMatrix(rows: v.rows, columns: v.columns, values: zip(v.values, model.values).map { $0 / $1 })
      let above = ratio * h.transposed()
      let ones = DoubleMatrix(rows: v.rows, columns: v.columns, repeating: 1)
      let below = (loss == .frobenius ? model : ones) * h.transposed()
      for i in w.values.indices { w.values[i] *= above.values[i] / below.values[i] }
    }
    return w
  }
  let newWeights = updated(v, w, h)
  let newComponents = updated(v.transposed(), h.transposed(), newWeights.transposed()).transposed()
  return (newWeights, newComponents)
}

// Sizes around the blocks of sixteen that the loops work in.
@Test(arguments: [(37, 53, 19), (16, 16, 16), (7, 5, 3), (40, 33, 1)])
func oneRoundIsThePublishedUpdate(rows: Int, columns: Int, rank: Int) {
  var numbers = RandomNumbers(seed: 21)
  let v = positive(rows, columns, &numbers)
  let (w, h) = (positive(rows, rank, &numbers), positive(rank, columns, &numbers))
  for solver in [
    NonNegativeFactors.Solver.coordinateDescent, .multiplicative(.frobenius),
    .multiplicative(.kullbackLeibler),
  ] {
    var factors = NonNegativeFactors(weights: w, components: h)
    factors.iterate(v, solver: solver, iterations: 1)
    let (weights, components) = plainRound(DoubleMatrix(v), DoubleMatrix(w), DoubleMatrix(h), solver)
    for (a, b) in zip(factors.weights.values, weights.values) {
      #expect(abs(Double(a) - b) < 2e-4 * max(1, b))
    }
    for (a, b) in zip(factors.components.values, components.values) {
      #expect(abs(Double(a) - b) < 2e-3 * max(1, b))
    }
  }
}

@Test func blobsDoNotDependOnAConstantBackground() {
  // A lifted image has no negative pixel and takes the bounded search; a lowered one does not.
  var image = Image(rows: 70, columns: 90)
  for (y, x, width) in [(20.0, 25.0, 1.2), (45.0, 60.0, 4.5), (15.0, 70.0, 2.4)] {
    for r in 0..<70 {
      for c in 0..<90 {
        let d2 = (Double(r) - y) * (Double(r) - y) + (Double(c) - x) * (Double(c) - x)
        image[r, c] += Float(exp(-0.5 * d2 / (width * width)))
      }
    }
  }
  let search = BlobSearch(from: 0.7, to: 10, count: 30, threshold: 0.1)
  let plain = image.blobs(search)
  let lowered = image.mapValues { $0 - 0.5 }.blobs(search)
  #expect(plain.count == 3)
  #expect(plain.map { [$0.y, $0.x] } == lowered.map { [$0.y, $0.x] })
  #expect(plain.map(\.sigma) == lowered.map(\.sigma))
  // The response of a Gaussian spot is largest at its own width.
  for (blob, width) in zip(plain.sorted { $0.sigma < $1.sigma }, [1.2, 2.4, 4.5]) {
    #expect(abs(blob.sigma - width) < 0.33)
  }
}

@Test func aSpotIsFoundAtTheEdgesAndCorners() {
  for (y, x) in [(0, 0), (0, 20), (39, 50), (20, 0)] {
    var image = Image(rows: 40, columns: 51)
    image[y, x] = 1
    let blobs = image.blobs(BlobSearch(from: 0.7, to: 4, count: 8, threshold: 0.05))
    #expect(blobs.contains { $0.y == y && $0.x == x })
  }
}

@Test(arguments: [(1, 1), (1, 40), (40, 1), (2, 3)])
func operationsTakeTheSmallestImages(rows: Int, columns: Int) {
  let image = Image(rows: rows, columns: columns, values: (0..<rows * columns).map { Float($0 % 5) })
  let mask = image.brighter(than: 1)
  #expect(image.sobel().count == rows * columns)
  #expect(image.subtractingBackground().values.allSatisfy { $0 >= 0 })
  #expect(mask.labelledRegions(.eight).labels.count == rows * columns)
  #expect(mask.distanceTransform().count == rows * columns)
  #expect(mask.eroded(byDisc: 3).values.allSatisfy { !$0 })
  #expect(image.localMaxima(minimumDistance: 2).count <= rows * columns)
  #expect(image.watershed(markers: Labels(rows: rows, columns: columns)).values.allSatisfy { $0 == 0 })
  #expect(image.blobs(BlobSearch(from: 1, to: 3, count: 4, threshold: 100)).isEmpty)
  #expect(image.resized(rows: 3, columns: 7).count == 21)
  #expect(image.rotated(by: 0.2).count == rows * columns)
  #expect(image.shifted(by: Point(y: 0.4, x: 5.5), method: .cubic, border: .edge).count == rows * columns)
  #expect(image.shifted(by: Point(y: 0.4, x: 5.5), method: .fourier).count == rows * columns)
  let shift = image.displacement(onto: image).shift
  #expect(shift.length.isFinite)
  #expect(image.otsuThreshold().isFinite && image.liThreshold().isFinite && image.median.isFinite)
}

@Test func imagesOfNothingButNaNOrOneValueHaveNoStructure() {
  let empty = Image(rows: 20, columns: 21, repeating: .nan)
  let flat = Image(rows: 20, columns: 21, repeating: 4)
  #expect(empty.liThreshold().isNaN && empty.median.isNaN)
  #expect(empty.localMaxima().isEmpty && flat.localMaxima().isEmpty)
  #expect(empty.centreOfMass(above: 0) == nil)
  #expect(flat.otsuThreshold() == 4 && flat.liThreshold() == 4)
  #expect(flat.fitDisc() == nil && empty.fitDisc() == nil)
  #expect(flat.sobel().values.allSatisfy { $0 == 0 })
  let grains = GrainSegmentation(minimumDistance: 5, sizes: 1...100, markerRadius: 2, excludedBorder: 2)
  #expect(grains.grains(in: flat).isEmpty && grains.grains(in: empty).isEmpty)
}
