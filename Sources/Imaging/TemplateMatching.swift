import Arrays

extension DenseMatrix where Element == Float {
  /// Normalised cross-correlation with a smaller image at every place where it fits: Pearson's r of the template
  /// and the window whose top left pixel is (row, column) of the result. 0 where a window is constant.
  ///
  /// Products by Fourier transform, the windows' sums from running sums (Lewis 1995).
  package func match(template: Image) -> Image {
    precondition(template.rows <= rows && template.columns <= columns, "a template fits into the image")
    precondition(template.count > 0, "a template has pixels")
    let (outRows, outColumns) = (rows - template.rows + 1, columns - template.columns + 1)
    let area = Double(template.count)
    let mean = template.values.reduce(0.0) { $0 + Double($1) } / area
    let centred = template.mapValues { Float(Double($0) - mean) }
    let norm = centred.values.reduce(0.0) { $0 + Double($1) * Double($1) }
    guard norm > 1e-12 * mean * mean * area else { return Image(rows: outRows, columns: outColumns) }
    // A common offset changes no correlation; without it the sums of squares keep their digits.
    let offset = Float(withElements { sum($0, count) } / Double(count))
    let shifted = mapValues { $0 - offset }
    let products = shifted.correlated(with: centred)
    // What rounding leaves of a constant window is no signal.
    let (low, high) = shifted.extent
    let least = 1e-6 * Double(Swift.max(low * low, high * high)) * area
    let scale = Float(1 / norm.squareRoot())
    var windows = WindowSums(shifted, rows: template.rows, columns: template.columns)
    return Image(rows: outRows, columns: outColumns) { out in
      products.withUnsafeBufferPointer { products in
        for r in 0..<outRows {
          windows.eachVariance { c, variance in
            let spread = Float(variance > least ? variance : 1).squareRoot()
            let value = products[r &* columns &+ c] * scale / spread
            out.initializeElement(at: r &* outColumns &+ c, to: variance > least ? value : 0)
          }
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

/// The variance, times its pixels, of every window of one size, one row of windows after another: each column's
/// sums follow the window down, and a window's sums follow it along the row.
private struct WindowSums {
  private let image: Image
  private let rows: Int
  private let columns: Int
  /// The top row of the next windows.
  private var top = 0
  /// Of each column of the image, over the windows' rows.
  private var sums: [Double]
  private var squares: [Double]
  private var variances: [Double]

  init(_ image: Image, rows: Int, columns: Int) {
    (self.image, self.rows, self.columns) = (image, rows, columns)
    sums = [Double](repeating: 0, count: image.columns)
    squares = sums
    variances = [Double](repeating: 0, count: image.columns - columns + 1)
    for r in 0..<rows - 1 { add(r, sign: 1) }
  }

  private mutating func add(_ row: Int, sign: Double) {
    let width = image.columns
    image.withElements { pixels in
      sums.withUnsafeMutableBufferPointer { sums in
        squares.withUnsafeMutableBufferPointer { squares in
          for c in 0..<width {
            let value = Double(pixels[row &* width &+ c])
            sums[c] += sign * value
            squares[c] += sign * value * value
          }
        }
      }
    }
  }

  /// The windows of the next row: column and variance.
  @inline(__always)
  mutating func eachVariance(_ body: (Int, Double) -> Void) {
    add(top + rows - 1, sign: 1)
    if top > 0 { add(top - 1, sign: -1) }
    top += 1
    let (columns, count) = (columns, variances.count)
    let inverseArea = 1 / Double(rows * columns)
    variances.withUnsafeMutableBufferPointer { variances in
      sums.withUnsafeBufferPointer { sums in
        squares.withUnsafeBufferPointer { squares in
          var sum = sums[..<columns].reduce(0, +)
          var square = squares[..<columns].reduce(0, +)
          for c in 0..<count {
            variances[c] = square - sum * sum * inverseArea
            guard c + 1 < count else { break }
            sum += sums[c &+ columns] - sums[c]
            square += squares[c &+ columns] - squares[c]
          }
        }
      }
      for c in 0..<count { body(c, variances[c]) }
    }
  }
}
