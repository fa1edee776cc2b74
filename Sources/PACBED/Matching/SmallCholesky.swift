/// Solves small symmetric positive systems.
struct SmallCholesky {
  private let lower: [Double]
  private let count: Int

  /// Nil where the matrix is not positive.
  init?(_ matrix: [Double], count n: Int) {
    var l = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0...i {
        var sum = matrix[i * n + j]
        for k in 0..<j { sum -= l[i * n + k] * l[j * n + k] }
        if i == j {
          guard sum > 0, sum.isFinite else { return nil }
          l[i * n + i] = sum.squareRoot()
        } else {
          l[i * n + j] = sum / l[j * n + j]
        }
      }
    }
    lower = l
    count = n
  }

  func solve(_ right: [Double]) -> [Double] {
    var x = right
    for i in 0..<count {
      for k in 0..<i { x[i] -= lower[i * count + k] * x[k] }
      x[i] /= lower[i * count + i]
    }
    for i in stride(from: count - 1, through: 0, by: -1) {
      for k in i + 1..<max(i + 1, count) { x[i] -= lower[k * count + i] * x[k] }
      x[i] /= lower[i * count + i]
    }
    return x
  }

  func inverseDiagonal() -> [Double] {
    (0..<count).map { i in
      var unit = [Double](repeating: 0, count: count)
      unit[i] = 1
      return solve(unit)[i]
    }
  }
}
