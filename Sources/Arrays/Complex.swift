import Glibc  // sin, cos

/// A complex number laid out as C, FFTW and LAPACK expect: real part first, then imaginary part.
@frozen public struct Complex<Scalar: BinaryFloatingPoint & Sendable>: Sendable, Hashable {
  public var re: Scalar
  public var im: Scalar

  @inlinable public init(_ re: Scalar, _ im: Scalar = 0) {
    self.re = re
    self.im = im
  }

  @inlinable public static var i: Self { Self(0, 1) }
  @inlinable public var conjugate: Self { Self(re, -im) }
  @inlinable public var squaredModulus: Scalar { re * re + im * im }
  @inlinable public var modulus: Scalar { squaredModulus.squareRoot() }
}

extension Complex: AdditiveArithmetic {
  @inlinable public static var zero: Self { Self(0, 0) }
  @inlinable public static func + (a: Self, b: Self) -> Self { Self(a.re + b.re, a.im + b.im) }
  @inlinable public static func - (a: Self, b: Self) -> Self { Self(a.re - b.re, a.im - b.im) }
}

extension Complex {
  @inlinable public static prefix func - (a: Self) -> Self { Self(-a.re, -a.im) }

  @inlinable public static func * (a: Self, b: Self) -> Self {
    Self(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
  }

  @inlinable public static func * (a: Self, b: Scalar) -> Self { Self(a.re * b, a.im * b) }
  @inlinable public static func * (a: Scalar, b: Self) -> Self { Self(a * b.re, a * b.im) }
  @inlinable public static func / (a: Self, b: Scalar) -> Self { Self(a.re / b, a.im / b) }

  // Smith's division (1962): dividing by the larger part first keeps the squares from overflowing.
  @inlinable public static func / (a: Self, b: Self) -> Self {
    if abs(b.re) >= abs(b.im) {
      let r = b.im / b.re
      let d = b.re + b.im * r
      return Self((a.re + a.im * r) / d, (a.im - a.re * r) / d)
    }
    let r = b.re / b.im
    let d = b.re * r + b.im
    return Self((a.re * r + a.im) / d, (a.im * r - a.re) / d)
  }

  @inlinable public static func += (a: inout Self, b: Self) { a = a + b }
  @inlinable public static func -= (a: inout Self, b: Self) { a = a - b }
  @inlinable public static func *= (a: inout Self, b: Self) { a = a * b }
  @inlinable public static func *= (a: inout Self, b: Scalar) { a = a * b }
  @inlinable public static func /= (a: inout Self, b: Scalar) { a = a / b }
}

extension Complex where Scalar == Double {
  /// modulus exp(i phase), the phase in radians.
  public init(modulus: Double = 1, phase: Double) { self.init(modulus * cos(phase), modulus * sin(phase)) }
}

extension Complex where Scalar == Float {
  /// modulus exp(i phase), the phase in radians.
  public init(modulus: Float = 1, phase: Float) { self.init(modulus * cosf(phase), modulus * sinf(phase)) }
}

public typealias ComplexFloat = Complex<Float>
public typealias ComplexDouble = Complex<Double>
