/// How much of an atom each of some sites holds, between none and one: bounded least squares by coordinate descent.
struct Occupancy {
  var shares: [Double]
  /// What the sites leave unexplained, squared.
  var residual: Double

  /// `power` is the sum of the squared values of all projections.
  init(
    sites: [SIMD2<Double>], directions: [Direction], correlation: Correlation, overlap: Overlap,
    power: Double,
    mass: Double, expected: Double, sweeps: Int
  ) {
    let count = sites.count
    var gram = [Double](repeating: 0, count: count * count)
    var product = [Double](repeating: 0, count: count)
    var along = [Double](repeating: 0, count: count)
    for (angle, direction) in directions.enumerated() {
      for i in 0..<count {
        along[i] = direction.coordinate(sites[i].x, sites[i].y)
        product[i] += mass * correlation.value(angle, along[i])
      }
      for i in 0..<count {
        for j in 0...i {
          let value = mass * mass * overlap.value(along[i] - along[j])
          if value > 0 { gram[i * count + j] += value }
        }
      }
    }
    for i in 0..<count { for j in 0..<i { gram[j * count + i] = gram[i * count + j] } }
    self.init(gram: gram, product: product, power: power, expected: expected, sweeps: sweeps)
  }

  /// `gram` holds the products of every site's atom with every other's, `product` those with what is measured.
  init(gram: [Double], product: [Double], power: Double, expected: Double, sweeps: Int) {
    let count = product.count
    shares = [Double](repeating: count > 0 ? min(1, expected / Double(count)) : 0, count: count)
    residual = power
    guard count > 0 else { return }
    var slope = product.map { -$0 }
    gram.withUnsafeBufferPointer { gram in
      slope.withUnsafeMutableBufferPointer { slope in
        for j in 0..<count {
          let share = shares[j]
          for i in 0..<count { slope[i] += share * gram[j * count + i] }
        }
        for _ in 0..<sweeps {
          var largest = 0.0
          for j in 0..<count {
            let next = min(1, max(0, shares[j] - slope[j] / gram[j * count + j]))
            let change = next - shares[j]
            guard change != 0 else { continue }
            shares[j] = next
            largest = max(largest, change.magnitude)
            for i in 0..<count { slope[i] += change * gram[j * count + i] }
          }
          if largest < 1e-3 { break }
        }
        for j in 0..<count { residual += shares[j] * (slope[j] - product[j]) }
      }
    }
    residual = max(0, residual)
  }

  /// The sites of the `count` largest shares.
  func largest(_ count: Int) -> [Int] {
    Array(shares.indices.sorted { (shares[$0], $1) > (shares[$1], $0) }.prefix(max(0, count)))
  }
}
