import System
import Arrays
import Foundation
import Testing

private func noise(_ count: Int, seed: UInt64 = 1) -> [ComplexFloat] {
  var numbers = RandomNumbers(seed: seed)
  return (0..<count).map { _ in Complex(Float(numbers.normal()), Float(numbers.normal())) }
}

@Test func forwardTransformIsTheSumOfItsDefinition() {
  let (rows, columns) = (5, 6)
  let image = noise(rows * columns)
  let spectrum = ComplexFFT2D(rows: rows, columns: columns, direction: .forward).transform(image)
  for u in 0..<rows {
    for v in 0..<columns {
      var sum = ComplexDouble.zero
      for y in 0..<rows {
        for x in 0..<columns {
          let phase =
            -2 * Double.pi * (Double(u * y) / Double(rows) + Double(v * x) / Double(columns))
          let value = image[y * columns + x]
          sum += Complex(Double(value.re), Double(value.im)) * Complex(cos(phase), sin(phase))
        }
      }
      let got = spectrum[u * columns + v]
      #expect(abs(Double(got.re) - sum.re) < 1e-4 && abs(Double(got.im) - sum.im) < 1e-4)
    }
  }
}

@Test func inverseUndoesForwardUpToTheNumberOfPointsForEveryImageOfABatch() {
  let (rows, columns, batch) = (12, 10, 3)
  let images = noise(rows * columns * batch)
  let forward = ComplexFFT2D(rows: rows, columns: columns, batch: batch, direction: .forward)
  let inverse = ComplexFFT2D(rows: rows, columns: columns, batch: batch, direction: .inverse)
  let back = inverse.transform(forward.transform(images))
  let scale = 1 / Float(rows * columns)
  #expect(
    zip(back, images).allSatisfy { abs($0.re * scale - $1.re) < 1e-5 && abs($0.im * scale - $1.im) < 1e-5 })
}

@Test(arguments: [(8, 8), (7, 9)])
func realTransformAgreesWithTheComplexOneAndReturns(rows: Int, columns: Int) {
  let image = noise(rows * columns).map(\.re)
  let real = RealFFT2D(rows: rows, columns: columns)
  let half = real.forward(image)
  let full = ComplexFFT2D(rows: rows, columns: columns, direction: .forward).transform(
    image.map { Complex($0) })
  for r in 0..<rows {
    for c in 0..<real.spectrumColumns {
      let difference = half[r * real.spectrumColumns + c] - full[r * columns + c]
      #expect(difference.modulus < 1e-4)
    }
  }
  let back = real.inverse(half)
  #expect(zip(back, image).allSatisfy { abs($0 / Float(rows * columns) - $1) < 1e-5 })
}

@Test func executionAtAnOddAddressGivesTheSameNumbers() {
  let plan = ComplexFFT2D(rows: 4, columns: 4, direction: .forward)
  let image = noise(16)
  let expected = plan.transform(image)
  var shifted = [ComplexFloat.zero] + image
  var output = [ComplexFloat](repeating: .zero, count: 17)
  shifted.withUnsafeMutableBufferPointer { from in
    output.withUnsafeMutableBufferPointer { to in
      plan.execute(from.baseAddress! + 1, into: to.baseAddress! + 1)
    }
  }
  #expect(zip(output.dropFirst(), expected).allSatisfy { ($0 - $1).modulus < 1e-5 })
}

@Test func manyThreadsMayPlanAndExecuteAtOnce() {
  let image = noise(64 * 64)
  let shared = ComplexFFT2D(rows: 64, columns: 64, direction: .forward)
  let expected = shared.transform(image)
  let results = parallelMap(16) { index in
    index % 2 == 0
      ? shared.transform(image) : ComplexFFT2D(rows: 64, columns: 64, direction: .forward).transform(image)
  }
  #expect(results.allSatisfy { $0 == expected })
}
