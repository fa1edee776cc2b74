import Glibc  // log, exp, lgamma_r

/// Seeded random numbers: xoshiro256** (Blackman & Vigna 2018), its state filled by SplitMix64.
///
/// A stream is chosen by (seed, stream number) alone. Give every image, tree or chunk the stream of its
/// own index, and the results do not depend on the number of threads or the order of the work.
///
/// Inlinable, because only then is a drawing compiled into the loops that draw.
package struct RandomNumbers: RandomNumberGenerator, Sendable {
  @usableFromInline var s0: UInt64
  @usableFromInline var s1: UInt64
  @usableFromInline var s2: UInt64
  @usableFromInline var s3: UInt64
  private var spareNormal: Double?
  private let key: UInt64

  package init(seed: UInt64) {
    key = seed
    var mixer = SplitMix64(seed: seed)
    s0 = mixer.next()
    s1 = mixer.next()
    s2 = mixer.next()
    s3 = mixer.next()
  }

  /// Stream `index` of this generator's seed; what was drawn so far makes no difference.
  package func stream(_ index: Int) -> RandomNumbers {
    var mixer = SplitMix64(seed: key)
    let a = mixer.next()
    mixer = SplitMix64(seed: a ^ (UInt64(bitPattern: Int64(index)) &* 0xd134_2543_de82_ef95))
    return RandomNumbers(seed: mixer.next())
  }

  /// A new generator seeded by this one, which moves on.
  package mutating func split() -> RandomNumbers { RandomNumbers(seed: next()) }

  @inlinable
  package mutating func next() -> UInt64 {
    let product = s1 &* 5
    let result = ((product << 7) | (product >> 57)) &* 9
    let t = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= t
    s3 = (s3 << 45) | (s3 >> 19)
    return result
  }

  /// Uniform in [0, 1), every multiple of 2^-53 equally likely.
  @inlinable
  package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform in the range.
  @inlinable
  package mutating func uniform(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// Uniform in 0..<bound, without bias (Lemire 2019).
  @inlinable
  package mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "a bound is positive")
    let bound = UInt64(bound)
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return Int(product.high)
  }

  /// Normal with mean 0 and standard deviation 1, by Marsaglia's polar method.
  package mutating func normal() -> Double {
    if let spare = spareNormal {
      spareNormal = nil
      return spare
    }
    while true {
      let u = 2 * uniform() - 1
      let v = 2 * uniform() - 1
      let s = u * u + v * v
      guard s < 1 && s > 0 else { continue }
      let scale = (-2 * log(s) / s).squareRoot()
      spareNormal = v * scale
      return u * scale
    }
  }

  /// Poisson with the given mean: counting by products below 10, transformed rejection (PTRS, Hörmann
  /// 1993) above. A mean that is not positive gives 0.
  package mutating func poisson(_ mean: Double) -> Int {
    guard mean > 0 else { return 0 }
    if mean < 10 {
      let limit = exp(-mean)
      var product = uniform()
      var count = 0
      while product > limit {
        count += 1
        product *= uniform()
      }
      return count
    }
    let logMean = log(mean)
    let b = 0.931 + 2.53 * mean.squareRoot()
    let a = -0.059 + 0.02483 * b
    let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
    let vr = 0.9277 - 3.6224 / (b - 2)
    while true {
      let u = uniform() - 0.5
      let v = uniform()
      let us = 0.5 - abs(u)
      let k = ((2 * a / us + b) * u + mean + 0.43).rounded(.down)
      if us >= 0.07 && v <= vr { return Int(k) }
      guard k >= 0 && (us >= 0.013 || v <= us) else { continue }
      var sign: Int32 = 0
      if log(v) + log(inverseAlpha) - log(a / (us * us) + b) <= k * logMean - mean - lgamma_r(k + 1, &sign) {
        return Int(k)
      }
    }
  }

  /// 0..<count in random order (Fisher-Yates).
  package mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, integer(below: i + 1)) }
    return order
  }
}
