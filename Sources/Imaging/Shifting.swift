import Arrays
import Glibc  // sin, cos

/// How a shift by a fraction of a pixel interpolates.
package enum ShiftMethod: Sendable {
  case bilinear
  /// Keys' cubic convolution (1981, a = -1/2), exact for parabolas.
  case cubic
  /// A phase ramp in Fourier space: no blur, but periodic.
  case fourier
}

extension DenseMatrix where Element == Float {
  /// The image moved by (y, x) pixels; what enters from outside is `border` (except for `.fourier`).
  package func shifted(by shift: Point, method: ShiftMethod = .bilinear, border: Border = .constant(0))
    -> Image
  {
    switch method {
    case .bilinear: convolutionShift(shift, border) { [1 - $0, $0] }
    case .cubic:
      convolutionShift(shift, border) { t in
        let (t2, t3) = (t * t, t * t * t)
        return [
          -0.5 * t + t2 - 0.5 * t3, 1 - 2.5 * t2 + 1.5 * t3, 0.5 * t + 2 * t2 - 1.5 * t3,
          -0.5 * t2 + 0.5 * t3,
        ]
      }
    case .fourier: fourierShift(shift)
    }
  }

  /// All pixels move by the same fraction, so interpolation is a convolution with constant weights.
  private func convolutionShift(_ shift: Point, _ border: Border, _ weights: (Double) -> [Double]) -> Image {
    func split(_ shift: Double) -> (offset: Int, weights: [Float]) {
      let low = (-shift).rounded(.down)
      let weights = weights(-shift - low).map(Float.init)
      return (Int(low) - (weights.count / 2 - 1), weights)
    }
    let (down, across) = (split(shift.y), split(shift.x))
    let taps = down.weights.count
    let (rows, columns) = (self.rows, self.columns)
    var outside: Float?
    if case .constant(let value) = border { outside = value }
    return Image(rows: rows, columns: columns) { out in
      withElements { pixels in
        // The blended row, with room for the columns that the taps reach beyond the edges.
        withUnsafeTemporaryAllocation(of: Float.self, capacity: columns + taps) { row in
          withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { blend in
            guard let row = row.baseAddress, let blend = blend.baseAddress, let out = out.baseAddress else {
              return
            }
            for r in 0..<rows {
              for k in 0..<taps {
                let (source, weight) = (r + down.offset + k, down.weights[k])
                if let outside, source < 0 || source >= rows {
                  let add = outside * weight
                  for c in 0..<columns { blend[c] = (k == 0 ? 0 : blend[c]) + add }
                } else {
                  let from = pixels + Swift.min(Swift.max(source, 0), rows - 1) * columns
                  if k == 0 {
                    for c in 0..<columns { blend[c] = weight * from[c] }
                  } else {
                    for c in 0..<columns { blend[c] += weight * from[c] }
                  }
                }
              }
              // row[c] is source column c + offset.
              let first = Swift.min(Swift.max(-across.offset, 0), columns + taps)
              let last = Swift.max(first, Swift.min(columns - across.offset, columns + taps))
              (row).update(repeating: outside ?? blend[0], count: first)
              if last > first {
                (row + first).update(from: blend + first + across.offset, count: last - first)
              }
              (row + last).update(repeating: outside ?? blend[columns - 1], count: columns + taps - last)
              let target = out + r * columns
              let w = across.weights
              if taps == 2 {
                let (w0, w1) = (w[0], w[1])
                for c in 0..<columns { target[c] = w0 * row[c] + w1 * row[c + 1] }
              } else {
                let (w0, w1, w2, w3) = (w[0], w[1], w[2], w[3])
                for c in 0..<columns {
                  target[c] = w0 * row[c] + w1 * row[c + 1] + w2 * row[c + 2] + w3 * row[c + 3]
                }
              }
            }
          }
        }
      }
    }
  }

  private func fourierShift(_ shift: Point) -> Image {
    let plan = RealFFT2D.shared(rows: rows, columns: columns)
    var spectrum = plan.forward(values)
    let width = plan.spectrumColumns
    let scale = 1 / Float(count)
    let across = phaseRamp(-shift.x, length: columns, count: width)
    let down = phaseRamp(-shift.y, length: rows, count: rows)
    spectrum.withUnsafeMutableBufferPointer { spectrum in
      across.withUnsafeBufferPointer { across in
        for r in 0..<rows {
          let factor = down[r] * scale
          for c in 0..<width { spectrum[r &* width &+ c] *= factor * across[c] }
        }
      }
    }
    return Image(rows: rows, columns: columns, values: plan.inverse(spectrum))
  }
}

/// exp(2 pi i k shift / length) for the signed frequencies k of a transform's first `count` places.
func phaseRamp(_ shift: Double, length: Int, count: Int) -> [ComplexFloat] {
  (0..<count).map { index in
    let k = index <= length / 2 ? index : index - length
    // The Nyquist term of an even length has no sign: its real part alone keeps the image real.
    let phase = 2 * Double.pi * Double(k) * shift / Double(length)
    return 2 * index == length ? Complex(Float(cos(phase)), 0) : Complex(Float(cos(phase)), Float(sin(phase)))
  }
}
