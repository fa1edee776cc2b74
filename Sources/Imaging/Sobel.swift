import Arrays

extension DenseMatrix where Element == Float {
  /// The gradient's magnitude sqrt((Sx^2 + Sy^2) / 2), kernels [1 2 1]/4 across [1 0 -1], edges mirrored.
  package func sobel() -> Image {
    let (rows, columns) = (self.rows, self.columns)
    return Image(rows: rows, columns: columns) { out in
      withElements { pixels in
        // Per column the smoothed and the differentiated value of three rows, with one mirrored pixel a side.
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * (columns + 2)) { work in
          guard let smooth = work.baseAddress, let base = out.baseAddress else { return }
          let slope = smooth + columns + 2
          for r in 0..<rows {
            let above = pixels + (r > 0 ? r - 1 : 0) * columns
            let here = pixels + r * columns
            let below = pixels + (r < rows - 1 ? r + 1 : r) * columns
            for c in 0..<columns {
              smooth[c + 1] = above[c] + 2 * here[c] + below[c]
              slope[c + 1] = below[c] - above[c]
            }
            smooth[0] = smooth[1]
            slope[0] = slope[1]
            smooth[columns + 1] = smooth[columns]
            slope[columns + 1] = slope[columns]
            let row = base + r * columns
            for c in 0..<columns {
              let dx = smooth[c + 2] - smooth[c]
              let dy = slope[c] + 2 * slope[c + 1] + slope[c + 2]
              // A quarter of each kernel's sum, squared, and half of that under the root: 1/32.
              row[c] = ((dx * dx + dy * dy) * (1 / 32 as Float)).squareRoot()
            }
          }
        }
      }
    }
  }
}
