import Arrays
import Glibc  // exp
import Learning

/// The simulator in a thousandth of a second: coordinates of a pattern as a smooth function of energy and
/// structure, a kernel ridge regression through simulated patterns. Intensities are interpolated, not their
/// roots: they are squares of analytic functions, and a root has a kink wherever a beam goes dark.
package struct ForwardEmulator: Sendable {
  /// The training domain of every parameter: it becomes -1...1.
  package let domain: [ClosedRange<Double>]
  /// Root of the kernel's gamma for every scaled parameter.
  let sharpness: [Double]
  /// Scaled and sharpened parameters of the simulated patterns.
  let centres: DoubleMatrix
  let weights: DoubleMatrix

  package var parameterCount: Int { domain.count }

  init(domain: [ClosedRange<Double>], sharpness: [Double], centres: DoubleMatrix, weights: DoubleMatrix) {
    self.domain = domain
    self.sharpness = sharpness
    self.centres = centres
    self.weights = weights
  }

  /// - Parameters:
  ///   - parameters: a row for every pattern.
  ///   - coordinates: likewise.
  init(
    fitting parameters: DoubleMatrix, _ coordinates: DoubleMatrix, domain: [ClosedRange<Double>],
    sharpness: [Double], ridge: Double = 1e-6
  ) throws(RegressionError) {
    let sharpness = DoubleMatrix(rows: 1, columns: sharpness.count, values: sharpness).inFilePrecision.values
    var centres = parameters
    for r in 0..<centres.rows {
      for c in 0..<centres.columns {
        // As it comes back from a file.
        centres[r, c] = Double(
          Float(sharpness[c] * Self.scaled(parameters[r, c], domain[c])))
      }
    }
    let fit = try KernelRidge(fitting: centres, coordinates, kernel: .gaussian(gamma: 1), alpha: ridge)
    self.init(
      domain: domain, sharpness: sharpness, centres: centres, weights: fit.weights.inFilePrecision)
  }

  static func scaled(_ value: Double, _ range: ClosedRange<Double>) -> Double {
    let width = range.upperBound - range.lowerBound
    return width > 0 ? 2 * (value - range.lowerBound) / width - 1 : 0
  }

  func scaled(_ parameters: [Double]) -> [Double] { zip(parameters, domain).map(Self.scaled) }

  func restored(_ scaled: [Double]) -> [Double] {
    zip(scaled, domain).map { $1.lowerBound + ($0 + 1) / 2 * ($1.upperBound - $1.lowerBound) }
  }

  /// The coordinates at scaled parameters and, in the rows after, their slopes along each of them.
  func expand(_ scaled: [Double]) -> DoubleMatrix {
    let (count, dimensions) = (centres.rows, centres.columns)
    var kernel = DoubleMatrix(rows: dimensions + 1, columns: count)
    centres.withElements { centres in
      kernel.withMutableElements { kernel in
        for i in 0..<count {
          var squared = 0.0
          for d in 0..<dimensions {
            let difference = scaled[d] * sharpness[d] - centres[i * dimensions + d]
            kernel[(d + 1) * count + i] = -2 * difference * sharpness[d]
            squared += difference * difference
          }
          let value = exp(-squared)
          kernel[i] = value
          for d in 1...dimensions { kernel[d * count + i] *= value }
        }
      }
    }
    return kernel * weights
  }

  /// The coordinates alone.
  func coordinates(_ scaled: [Double]) -> [Double] {
    let dimensions = centres.columns
    var kernel = DoubleMatrix(rows: 1, columns: centres.rows)
    for i in 0..<centres.rows {
      var squared = 0.0
      for d in 0..<dimensions {
        let difference = scaled[d] * sharpness[d] - centres.values[i * dimensions + d]
        squared += difference * difference
      }
      kernel.values[i] = exp(-squared)
    }
    return (kernel * weights).values
  }
}
