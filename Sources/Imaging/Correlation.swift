import Arrays

/// Zero-shift normalised cross-correlation (Pearson's r) of every pair of rows. Two constant rows count as
/// equal, 1; a constant and a varying one as unlike, 0.
package func correlationMatrix(_ rows: Matrix) -> Matrix {
  let (count, length) = (rows.rows, rows.columns)
  var unit = rows
  var constant = [Bool](repeating: false, count: count)
  unit.withMutableElements { values in
    for r in 0..<count {
      let row = values + r * length
      let mean = Float(sum(row, length) / Double(length))
      for i in 0..<length { row[i] -= mean }
      let norm = sumOfSquares(row, length).squareRoot()
      // What rounding leaves of a constant row.
      constant[r] = norm <= 1e-6 * Double(abs(mean)) * Double(length).squareRoot()
      let scale = constant[r] ? 0 : Float(1 / norm)
      for i in 0..<length { row[i] *= scale }
    }
  }
  var matrix = unit.gram()
  for i in 0..<count {
    for j in 0..<count where i == j || (constant[i] && constant[j]) { matrix[i, j] = 1 }
  }
  return matrix
}

extension DenseMatrix where Element == Float {
  /// Zero-shift normalised cross-correlation (Pearson's r) with an image of the same size.
  package func correlation(with other: Image) -> Double {
    precondition(rows == other.rows && columns == other.columns, "images of one size")
    let count = self.count
    return withElements { a in
      other.withElements { b in
        let (meanA, meanB) = (sum(a, count) / Double(count), sum(b, count) / Double(count))
        let (ma, mb) = (Float(meanA), Float(meanB))
        var (ab, aa, bb) = (0.0, 0.0, 0.0)
        // Single-precision sums of short stretches, double-precision sums of those.
        for start in stride(from: 0, to: count, by: 1024) {
          let end = Swift.min(start + 1024, count)
          var (s, t, u) = (SIMD16<Float>.zero, SIMD16<Float>.zero, SIMD16<Float>.zero)
          var i = start
          while i + 16 <= end {
            let (x, y) = (load16(a + i) - ma, load16(b + i) - mb)
            s += x * y
            t += x * x
            u += y * y
            i += 16
          }
          (ab, aa, bb) = (ab + Double(s.sum()), aa + Double(t.sum()), bb + Double(u.sum()))
          while i < end {
            let (x, y) = (Double(a[i] - ma), Double(b[i] - mb))
            (ab, aa, bb) = (ab + x * y, aa + x * x, bb + y * y)
            i += 1
          }
        }
        let (flatA, flatB) = (
          aa <= 1e-12 * meanA * meanA * Double(count), bb <= 1e-12 * meanB * meanB * Double(count)
        )
        if flatA || flatB { return flatA && flatB ? 1 : 0 }
        return ab / (aa * bb).squareRoot()
      }
    }
  }
}

func sum(_ values: UnsafePointer<Float>, _ count: Int) -> Double {
  var total = 0.0
  for start in stride(from: 0, to: count, by: 1024) {
    let end = min(start + 1024, count)
    var part = SIMD16<Float>.zero
    var i = start
    while i + 16 <= end {
      part += load16(values + i)
      i += 16
    }
    total += Double(part.sum())
    while i < end {
      total += Double(values[i])
      i += 1
    }
  }
  return total
}

func sumOfSquares(_ values: UnsafePointer<Float>, _ count: Int) -> Double {
  var total = 0.0
  for start in stride(from: 0, to: count, by: 1024) {
    let end = min(start + 1024, count)
    var part = SIMD16<Float>.zero
    var i = start
    while i + 16 <= end {
      let v = load16(values + i)
      part += v * v
      i += 16
    }
    total += Double(part.sum())
    while i < end {
      total += Double(values[i]) * Double(values[i])
      i += 1
    }
  }
  return total
}
