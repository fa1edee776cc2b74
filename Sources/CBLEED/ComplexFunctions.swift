import Arrays
import Glibc

extension Complex where Scalar == Double {
  /// e^self.
  var exponential: ComplexDouble { ComplexDouble(modulus: exp(re), phase: im) }

  /// e^(i self): a wave exp(i k z).
  var wave: ComplexDouble { ComplexDouble(modulus: exp(-im), phase: re) }

  /// The square root in the upper half plane: waves exp(+ikz) that die out towards +z.
  var upperSquareRoot: ComplexDouble {
    let size = modulus
    // Of the two half-sums the larger is exact; the other follows from 2 re im = im(self).
    if re >= 0 {
      let real = ((size + re) / 2).squareRoot()
      if real == 0 { return .zero }
      let imaginary = im / (2 * real)
      return imaginary < 0 ? ComplexDouble(-real, -imaginary) : ComplexDouble(real, imaginary)
    }
    let imaginary = ((size - re) / 2).squareRoot()
    return ComplexDouble(im / (2 * imaginary), imaginary)
  }

  /// i^power.
  static func powerOfI(_ power: Int) -> ComplexDouble {
    switch power & 3 {
    case 0: ComplexDouble(1, 0)
    case 1: ComplexDouble(0, 1)
    case 2: ComplexDouble(-1, 0)
    default: ComplexDouble(0, -1)
    }
  }
}
