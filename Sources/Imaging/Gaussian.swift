import Arrays
import Glibc  // exp

/// Half of a symmetric kernel: element k weighs the two pixels k away.
struct HalfKernel {
  var weights: [Float]
  var radius: Int { weights.count - 1 }

  /// A sampled Gaussian of unit sum, cut at `truncate` standard deviations.
  static func gaussian(_ sigma: Double, truncate: Double = 4) -> HalfKernel {
    HalfKernel(weights: samples(sigma, truncate).map(Float.init))
  }

  /// Its second derivative, sampled from the analytic form: (x^2/sigma^4 - 1/sigma^2) g(x).
  static func gaussianSecondDerivative(_ sigma: Double, truncate: Double = 4) -> HalfKernel {
    let s2 = sigma * sigma
    let g = samples(sigma, truncate)
    return HalfKernel(
      weights: g.enumerated().map { x, g in Float((Double(x * x) / (s2 * s2) - 1 / s2) * g) })
  }

  private static func samples(_ sigma: Double, _ truncate: Double) -> [Double] {
    precondition(sigma > 0, "a Gaussian has a width")
    let radius = Int(truncate * sigma + 0.5)
    let g = (0...radius).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
    let sum = 2 * g.reduce(0, +) - 1
    return g.map { $0 / sum }
  }
}

/// An image copied to rows of a width that SIMD loops can run over without a rest.
struct PaddedRows: ~Copyable {
  static let block = 16
  let rows: Int
  let columns: Int
  let stride: Int
  let base: UnsafeMutablePointer<Float>

  init(_ image: Image) {
    rows = image.rows
    columns = image.columns
    stride = (columns + Self.block - 1) / Self.block * Self.block
    base = .allocate(capacity: rows * stride)
    image.withElements { pixels in
      for r in 0..<rows {
        (base + r * stride).initialize(from: pixels + r * columns, count: columns)
        (base + r * stride + columns).initialize(repeating: 0, count: stride - columns)
      }
    }
  }

  deinit { base.deallocate() }
}

/// A row with room for mirrored pixels on both sides.
struct MirroredRow: ~Copyable {
  let columns: Int
  let margin: Int
  let base: UnsafeMutablePointer<Float>

  init(columns: Int, margin: Int) {
    self.columns = columns
    // Blocks may read up to a block beyond the last pixel's right neighbours.
    self.margin = margin
    let capacity = columns + 2 * margin + 2 * PaddedRows.block
    base = .allocate(capacity: capacity)
    base.initialize(repeating: 0, count: capacity)
  }

  /// Where pixel 0 lies.
  var start: UnsafeMutablePointer<Float> { base + margin }

  /// Fills the margins from the pixels.
  func mirror() {
    let start = self.start
    if margin <= columns {
      for k in 0..<margin {
        start[-1 - k] = start[k]
        start[columns + k] = start[columns - 1 - k]
      }
    } else {
      for k in 0..<margin {
        start[-1 - k] = start[mirrored(-1 - k, columns)]
        start[columns + k] = start[mirrored(columns + k, columns)]
      }
    }
  }

  deinit { base.deallocate() }
}

@inline(__always)
func load16(_ pointer: UnsafePointer<Float>) -> SIMD16<Float> {
  UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<Float>.self)
}

@inline(__always)
func store16(_ value: SIMD16<Float>, _ pointer: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: SIMD16<Float>.self)
}

/// One output row of a vertical convolution: `rows[radius + k]` is the row k below.
@inline(__always)
private func convolveDown(
  _ rows: UnsafePointer<UnsafePointer<Float>>, _ weights: UnsafePointer<Float>, radius: Int, columns: Int,
  into out: UnsafeMutablePointer<Float>
) {
  var c = 0
  while c < columns {
    var sum = load16(rows[radius] + c) * weights[0]
    for k in stride(from: 1, through: radius, by: 1) {
      sum += (load16(rows[radius - k] + c) + load16(rows[radius + k] + c)) * weights[k]
    }
    store16(sum, out + c)
    c += 16
  }
}

@inline(__always)
private func convolveAcross(
  _ row: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, radius: Int, at c: Int
) -> SIMD16<Float> {
  var sum = load16(row + c) * weights[0]
  for k in stride(from: 1, through: radius, by: 1) {
    sum += (load16(row + c - k) + load16(row + c + k)) * weights[k]
  }
  return sum
}

extension DenseMatrix where Element == Float {
  /// Convolution with a Gaussian, the image mirrored at its edges.
  public func gaussian(sigma: Double, truncate: Double = 4) -> Image {
    let kernel = HalfKernel.gaussian(sigma, truncate: truncate)
    return separable([(kernel, kernel)])
  }

  /// The Laplacian of a Gaussian, as the sum of the two second derivatives of the Gaussian.
  public func gaussianLaplace(sigma: Double, truncate: Double = 4) -> Image {
    let smooth = HalfKernel.gaussian(sigma, truncate: truncate)
    let curved = HalfKernel.gaussianSecondDerivative(sigma, truncate: truncate)
    return separable([(smooth, curved), (curved, smooth)])
  }

  /// Background removal by a difference of Gaussians: where the narrow blur exceeds the wide one, the
  /// pixel less the wide blur, nowhere negative.
  public func subtractingBackground(smallSigma: Double = 1.7, largeSigma: Double = 13.2) -> Image {
    let small = gaussian(sigma: smallSigma)
    var out = gaussian(sigma: largeSigma)
    let count = self.count
    withElements { z in
      small.withElements { g1 in
        out.withMutableElements { g2 in
          for i in 0..<count {
            let value = (g1[i] > g2[i] ? z[i] : 0) - g2[i]
            g2[i] = value > 0 ? value : 0
          }
        }
      }
    }
    return out
  }

  /// The sum over terms of (down, across) convolutions; kernels of one term count have one radius.
  func separable(_ terms: [(down: HalfKernel, across: HalfKernel)]) -> Image {
    let source = PaddedRows(self)
    var out = Image(rows: rows, columns: columns, filledBy: { $0.initialize(repeating: 0) })
    let widest = terms.map { Swift.max($0.down.radius, $0.across.radius) }.max() ?? 0
    let row = MirroredRow(columns: columns, margin: widest)
    let (rows, columns) = (self.rows, self.columns)
    out.withMutableElements { out in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: columns + 16) { sum in
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 2 * widest + 1) { neighbours in
          guard let sum = sum.baseAddress, let neighbours = neighbours.baseAddress else { return }
          for r in 0..<rows {
            for k in -widest...widest {
              (neighbours + widest + k).initialize(
                to: UnsafePointer(source.base + mirrored(r + k, rows) * source.stride))
            }
            for (index, term) in terms.enumerated() {
              term.down.weights.withUnsafeBufferPointer { down in
                term.across.weights.withUnsafeBufferPointer { across in
                  guard let down = down.baseAddress, let across = across.baseAddress else { return }
                  let (dr, ar) = (term.down.radius, term.across.radius)
                  convolveDown(
                    neighbours + widest - dr, down, radius: dr, columns: columns, into: row.start)
                  row.mirror()
                  var c = 0
                  while c < columns {
                    var value = convolveAcross(row.start, across, radius: ar, at: c)
                    if index > 0 { value += load16(sum + c) }
                    store16(value, sum + c)
                    c += 16
                  }
                }
              }
            }
            (out + r * columns).update(from: sum, count: columns)
          }
        }
      }
    }
    return out
  }
}
