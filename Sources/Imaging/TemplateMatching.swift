import Arrays

extension DenseMatrix where Element == Float {
  /// Normalised cross-correlation with a smaller image at every place where it fits: Pearson's r of the template
  /// and the window whose top left pixel is (row, column) of the result. 0 where a window is constant.
  ///
  /// Products by Fourier transform, the windows' sums from running sums (Lewis 1995).
  public func match(template: Image) -> Image {
    precondition(template.rows <= rows && template.columns <= columns, "a template fits into the image")
    precondition(template.count > 0, "a template has pixels")
    let (outRows, outColumns) = (rows - template.rows + 1, columns - template.columns + 1)
    let area = Double(template.count)
    let mean = template.values.reduce(0.0) { $0 + Double($1) } / area
    let centred = template.mapValues { Float(Double($0) - mean) }
    let norm = centred.values.reduce(0.0) { $0 + Double($1) * Double($1) }
    guard norm > 1e-12 * mean * mean * area else { return Image(rows: outRows, columns: outColumns) }
    // A common offset changes no correlation; without it the sums of squares keep their digits.
    let offset = values.reduce(0.0) { $0 + Double($1) } / Double(count)
    let shifted = mapValues { Float(Double($0) - offset) }
    let products = shifted.correlated(with: centred)
    let sums = WindowSums(shifted, rows: template.rows, columns: template.columns)
    return Image(rows: outRows, columns: outColumns) { out in
      for r in 0..<outRows {
        for c in 0..<outColumns {
          let (sum, squares) = sums.window(r, c)
          let variance = squares - sum * sum / area
          let scale = variance * norm
          // What rounding leaves of a constant window is no signal.
          let constant = variance <= 1e-6 * sums.largestSquare * area
          out.initializeElement(
            at: r * outColumns + c,
            to: constant ? 0 : Float(Double(products[r * columns + c]) / scale.squareRoot()))
        }
      }
    }
  }

  /// The sum over a template's pixels of image times template for every shift, cyclic in the image.
  private func correlated(with template: Image) -> [Float] {
    var padded = Image(rows: rows, columns: columns)
    for r in 0..<template.rows {
      for c in 0..<template.columns { padded[r, c] = template[r, c] }
    }
    let plan = RealFFT2D.shared(rows: rows, columns: columns)
    var spectrum = plan.forward(values)
    let other = plan.forward(padded.values)
    let scale = 1 / Float(count)
    spectrum.withUnsafeMutableBufferPointer { spectrum in
      other.withUnsafeBufferPointer { other in
        for i in 0..<spectrum.count { spectrum[i] = spectrum[i] * other[i].conjugate * scale }
      }
    }
    return plan.inverse(spectrum)
  }
}

/// Sums and sums of squares over any window of one size, from sums over everything above and to the left.
private struct WindowSums {
  private let rows: Int
  private let columns: Int
  private let stride: Int
  private var sums: [Double]
  private var squares: [Double]
  let largestSquare: Double

  init(_ image: Image, rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    stride = image.columns + 1
    sums = [Double](repeating: 0, count: (image.rows + 1) * stride)
    squares = sums
    var largest = 0.0
    for r in 0..<image.rows {
      var (sum, square) = (0.0, 0.0)
      for c in 0..<image.columns {
        let value = Double(image.values[r * image.columns + c])
        sum += value
        square += value * value
        largest = max(largest, value * value)
        sums[(r + 1) * stride + c + 1] = sums[r * stride + c + 1] + sum
        squares[(r + 1) * stride + c + 1] = squares[r * stride + c + 1] + square
      }
    }
    largestSquare = largest
  }

  @inline(__always)
  func window(_ r: Int, _ c: Int) -> (sum: Double, squares: Double) {
    let (top, bottom) = (r * stride + c, (r + rows) * stride + c)
    return (
      sums[bottom + columns] - sums[bottom] - sums[top + columns] + sums[top],
      squares[bottom + columns] - squares[bottom] - squares[top + columns] + squares[top]
    )
  }
}
