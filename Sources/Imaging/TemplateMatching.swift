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
    // What rounding leaves of a constant window is no signal.
    let least = 1e-6 * sums.largestSquare * area
    let inverseArea = 1 / area
    return Image(rows: outRows, columns: outColumns) { out in
      products.withUnsafeBufferPointer { products in
        for r in 0..<outRows {
          sums.eachWindow(ofRow: r, outColumns) { c, sum, squares in
            let variance = squares - sum * sum * inverseArea
            let r2 =
              Double(products[r &* columns &+ c]) / (variance > least ? variance * norm : 1).squareRoot()
            out.initializeElement(at: r &* outColumns &+ c, to: variance > least ? Float(r2) : 0)
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

/// Sums and sums of squares over any window of one size, from sums over everything above and to the left.
private struct WindowSums {
  private let rows: Int
  private let columns: Int
  private let stride: Int
  private let sums: [Double]
  private let squares: [Double]
  let largestSquare: Double

  init(_ image: Image, rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    stride = image.columns + 1
    var sums = [Double](repeating: 0, count: (image.rows + 1) * stride)
    var squares = sums
    let (stride, width) = (stride, image.columns)
    image.withElements { pixels in
      sums.withUnsafeMutableBufferPointer { sums in
        squares.withUnsafeMutableBufferPointer { squares in
          for r in 0..<image.rows {
            var (sum, square) = (0.0, 0.0)
            for c in 0..<width {
              let value = Double(pixels[r &* width &+ c])
              sum += value
              square += value * value
              let here = (r &+ 1) &* stride &+ c &+ 1
              sums[here] = sums[here &- stride] + sum
              squares[here] = squares[here &- stride] + square
            }
          }
        }
      }
    }
    (self.sums, self.squares) = (sums, squares)
    let (low, high) = image.extent
    largestSquare = Double(Swift.max(low * low, high * high))
  }

  /// Column, sum and sum of squares of every window whose top row is `r`.
  @inline(__always)
  func eachWindow(ofRow r: Int, _ count: Int, _ body: (Int, Double, Double) -> Void) {
    let (top, bottom) = (r * stride, (r + rows) * stride)
    sums.withUnsafeBufferPointer { sums in
      squares.withUnsafeBufferPointer { squares in
        for c in 0..<count {
          let (a, b, d, e) = (bottom &+ c &+ columns, bottom &+ c, top &+ c &+ columns, top &+ c)
          body(c, sums[a] - sums[b] - sums[d] + sums[e], squares[a] - squares[b] - squares[d] + squares[e])
        }
      }
    }
  }
}
