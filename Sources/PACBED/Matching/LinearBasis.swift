import Glibc  // exp
import Scattering

/// What a camera adds to a pattern whatever the specimen: an offset that may slope, and a broad glow around the
/// beam. Their strengths follow from the measured image by linear least squares, so that only R remains to be compared.
struct LinearBasis {
  /// Standard deviations of the glow's two parts, in units of the disc's radius: what phonons scatter close
  /// to the beam, and what comes from farther.
  static let widths = [0.7, 1.6]
  /// Orthonormal, over the counted pixels.
  let vectors: [[Float]]
  /// The measured values with the basis taken out, and their sum of squares.
  let rest: [Float]
  let restSquares: Double
  /// Sum of squares of the measured values about their mean: what R refers to.
  let totalSquares: Double

  init(_ image: FitImage, shift: Vector2, convergencePixels: Double) {
    let size = image.edge
    let middle = Double(size - 1) / 2
    let glows = Self.widths.map { width -> [Float] in
      let width = width * convergencePixels
      return image.counted.map { index -> Float in
        let y = (Double(Int(index) / size) - middle - shift.x) / width
        let x = (Double(Int(index) % size) - middle - shift.y) / width
        return Float(exp(-(y * y + x * x) / 2))
      }
    }
    let flat = [Float](repeating: 1, count: image.counted.count)
    let slopes = [
      image.counted.map { Float(Double(Int($0) / size) - middle) },
      image.counted.map { Float(Double(Int($0) % size) - middle) },
    ]
    var vectors: [[Float]] = []
    for column in [flat] + glows + slopes {
      var v = column
      for u in vectors { Self.take(u, from: &v) }
      let norm = Self.dot(v, v).squareRoot()
      if norm > 1e-9 { vectors.append(v.map { $0 / Float(norm) }) }
    }
    self.vectors = vectors
    var rest = image.values
    if let flat = vectors.first { Self.take(flat, from: &rest) }
    totalSquares = Self.dot(rest, rest)
    for u in vectors.dropFirst() { Self.take(u, from: &rest) }
    self.rest = rest
    restSquares = Self.dot(rest, rest)
  }

  /// Takes the basis out of a column.
  func project(_ column: inout [Float]) {
    for u in vectors { Self.take(u, from: &column) }
  }

  static func take(_ u: [Float], from v: inout [Float]) {
    let part = Float(dot(u, v))
    v.withUnsafeMutableBufferPointer { v in
      u.withUnsafeBufferPointer { u in
        for i in v.indices { v[i] -= part * u[i] }
      }
    }
  }

  static func dot(_ a: [Float], _ b: [Float]) -> Double {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        // Sixteen lanes, summed in double precision by the block: quick and exact enough for R to 1e-6.
        var sum = 0.0
        var i = 0
        let count = a.count
        while i < count {
          let end = min(count, i + 512)
          var lanes = SIMD16<Float>.zero
          while i + 16 <= end {
            var x = SIMD16<Float>.zero
            var y = SIMD16<Float>.zero
            for k in 0..<16 {
              x[k] = a[i + k]
              y[k] = b[i + k]
            }
            lanes += x * y
            i += 16
          }
          while i < end {
            lanes[0] += a[i] * b[i]
            i += 1
          }
          sum += Double(lanes.sum())
        }
        return sum
      }
    }
  }
}
