import System
import Testing

// The first output of xoshiro256** is rotl(5 s1, 7) * 9, and the state is the first outputs of SplitMix64:
// for seed 0 those start e220a8397b1dcdaf, 6e789e6aa1b965f4 in the published test vectors.
@Test func generatorFollowsItsDefinition() {
  var numbers = RandomNumbers(seed: 0)
  let s1: UInt64 = 0x6e78_9e6a_a1b9_65f4
  let product = s1 &* 5
  #expect(numbers.next() == ((product << 7) | (product >> 57)) &* 9)
}

@Test func streamsDependOnSeedAndNumberAlone() {
  let fresh = RandomNumbers(seed: 7)
  var used = fresh
  for _ in 0..<100 { _ = used.next() }
  var (a, b, c) = (fresh.stream(3), used.stream(3), fresh.stream(4))
  let (x, y, z) = (a.next(), b.next(), c.next())
  #expect(x == y)
  #expect(x != z)
  var first = used.split()
  var second = used.split()
  #expect(first.next() != second.next())
}

@Test func momentsAreThoseOfTheDistributions() {
  var numbers = RandomNumbers(seed: 11)
  let count = 200_000
  func moments(_ draw: (inout RandomNumbers) -> Double) -> (mean: Double, variance: Double) {
    var (sum, squares) = (0.0, 0.0)
    for _ in 0..<count {
      let x = draw(&numbers)
      sum += x
      squares += x * x
    }
    let mean = sum / Double(count)
    return (mean, squares / Double(count) - mean * mean)
  }
  let uniform = moments { $0.uniform() }
  #expect(abs(uniform.mean - 0.5) < 0.003 && abs(uniform.variance - 1.0 / 12) < 0.001)
  let normal = moments { $0.normal() }
  #expect(abs(normal.mean) < 0.01 && abs(normal.variance - 1) < 0.015)
  for mean in [0.3, 4, 9.9, 10.1, 55, 2000] {
    let poisson = moments { Double($0.poisson(mean)) }
    #expect(abs(poisson.mean - mean) < 5 * (mean / Double(count)).squareRoot())
    #expect(abs(poisson.variance / mean - 1) < 0.02)
  }
  let integer = moments { Double($0.integer(below: 6)) }
  #expect(abs(integer.mean - 2.5) < 0.02)
}

@Test func permutationHoldsEveryIndexOnce() {
  var numbers = RandomNumbers(seed: 5)
  let order = numbers.permutation(100)
  #expect(order.sorted() == Array(0..<100))
  #expect(order != Array(0..<100))
}
