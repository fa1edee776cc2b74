import Arrays

/// What a detector's pixels share with their neighbours: a Gaussian by its variance in pixels, as repeated short
/// kernels that have exactly this variance, however small it is; a wide one as eight boxes with broken ends, which cost
/// the same however wide they are.
package enum DetectorBlur {
  /// Of the image that is fitted.
  static let largest = 6.25
  /// From here on boxes are as good a Gaussian, and faster.
  private static let wide = 64.0
  private static let boxes = 8

  package static func apply(_ variance: Double, to pixels: inout [Float], rows: Int, columns: Int) {
    guard variance > 1e-6, rows > 1, columns > 1 else { return }
    guard variance <= wide else {
      // What is wider than the image leaves hardly anything of it.
      let box = Box(variance: min(variance, Double(rows * columns)) / Double(boxes))
      for _ in 0..<boxes { box.apply(to: &pixels, rows: rows, columns: columns) }
      return
    }
    let passes = max(1, Int(bounded: (variance / 0.45).rounded(.up)))
    let side = Float(variance / Double(passes) / 2)
    let middle = 1 - 2 * side
    var other = pixels
    for _ in 0..<passes {
      pixels.withUnsafeBufferPointer { from in
        other.withUnsafeMutableBufferPointer { into in
          for r in 0..<rows {
            let row = r * columns
            into[row] = (middle + side) * from[row] + side * from[row + 1]
            for c in row + 1..<row + columns - 1 {
              into[c] = middle * from[c] + side * (from[c - 1] + from[c + 1])
            }
            let last = row + columns - 1
            into[last] = (middle + side) * from[last] + side * from[last - 1]
          }
        }
      }
      other.withUnsafeBufferPointer { from in
        pixels.withUnsafeMutableBufferPointer { into in
          for r in 0..<rows {
            let row = r * columns
            let above = max(0, r - 1) * columns
            let below = min(rows - 1, r + 1) * columns
            for c in 0..<columns {
              into[row + c] = middle * from[row + c] + side * (from[above + c] + from[below + c])
            }
          }
        }
      }
    }
  }
}

/// A mean over neighbours up to a radius, and a part of those just beyond, so that it has exactly a variance (Gwosdek
/// and others 2011). Beyond its edges an image goes on as it ends.
private struct Box {
  private let radius: Int
  private let part: Float
  private let norm: Float

  init(variance: Double) {
    let radius = Int(bounded: ((1 + 12 * variance).squareRoot() / 2 - 0.5).rounded(.down))
    let r = Double(radius)
    let part = (2 * r + 1) * (r * (r + 1) - 3 * variance) / (6 * (variance - (r + 1) * (r + 1)))
    self.radius = radius
    self.part = Float(part)
    norm = Float(1 / (2 * r + 1 + 2 * part))
  }

  func apply(to pixels: inout [Float], rows: Int, columns: Int) {
    var line = [Float](repeating: 0, count: max(rows, columns))
    pixels.withUnsafeMutableBufferPointer { pixels in
      for row in 0..<rows { apply(&line, pixels, first: row * columns, step: 1, count: columns) }
      for column in 0..<columns { apply(&line, pixels, first: column, step: columns, count: rows) }
    }
  }

  private func apply(
    _ line: inout [Float], _ pixels: UnsafeMutableBufferPointer<Float>, first: Int, step: Int, count: Int
  ) {
    for i in 0..<count { line[i] = pixels[first + i * step] }
    func value(_ i: Int) -> Float { line[max(0, min(count - 1, i))] }
    // Doubles: what goes in and out again must cancel.
    var sum = (-radius...radius).reduce(0.0) { $0 + Double(value($1)) }
    for i in 0..<count {
      let ends = value(i - radius - 1) + value(i + radius + 1)
      pixels[first + i * step] = (Float(sum) + part * ends) * norm
      sum += Double(value(i + radius + 1)) - Double(value(i - radius))
    }
  }
}
