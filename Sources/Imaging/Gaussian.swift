import Arrays
import CVectorLoops
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
    let capacity = columns + 2 * margin + 4 * PaddedRows.block
    base = .allocate(capacity: capacity)
    base.initialize(repeating: 0, count: capacity)
  }

  /// Where pixel 0 lies.
  var start: UnsafeMutablePointer<Float> { base + margin }

  /// Fills `margin` pixels to each side.
  func mirror(_ margin: Int) {
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

extension DenseMatrix where Element == Float {
  /// Convolution with a Gaussian, the image mirrored at its edges.
  package func gaussian(sigma: Double, truncate: Double = 4) -> Image {
    let kernel = HalfKernel.gaussian(sigma, truncate: truncate)
    var out = Image(rows: rows, columns: columns)
    SeparableFilter(self, margin: kernel.radius).gaussian(kernel, into: &out)
    return out
  }

  /// The Laplacian of a Gaussian, as the sum of the two second derivatives of the Gaussian.
  package func gaussianLaplace(sigma: Double, truncate: Double = 4) -> Image {
    var out = Image(rows: rows, columns: columns)
    SeparableFilter(self, margin: HalfKernel.gaussian(sigma, truncate: truncate).radius)
      .laplace(sigma: sigma, truncate: truncate, scale: 1, into: &out)
    return out
  }

  /// Background removal by a difference of Gaussians: where the narrow blur exceeds the wide one, the
  /// pixel less the wide blur, nowhere negative.
  package func subtractingBackground(smallSigma: Double = 1.7, largeSigma: Double = 13.2) -> Image {
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
}

/// Convolutions of one image with separable kernels: first down the columns into one row, then along that
/// row, so that nothing but a row leaves the nearest cache.
struct SeparableFilter: ~Copyable {
  private let source: PaddedRows
  private let margin: Int
  private let first: MirroredRow
  private let second: MirroredRow
  private let result: UnsafeMutablePointer<Float>
  /// Where the rows from `margin` above to `margin` below the image lie, mirrored.
  private let neighbours: UnsafeMutablePointer<UnsafePointer<Float>?>

  /// `margin` is the largest radius of a kernel that will be used.
  init(_ image: Image, margin: Int) {
    source = PaddedRows(image)
    self.margin = margin
    first = MirroredRow(columns: image.columns, margin: margin)
    second = MirroredRow(columns: image.columns, margin: margin)
    result = .allocate(capacity: source.stride)
    neighbours = .allocate(capacity: image.rows + 2 * margin)
    for r in -margin..<image.rows + margin {
      (neighbours + margin + r).initialize(
        to: UnsafePointer(source.base + mirrored(r, image.rows) * source.stride))
    }
  }

  deinit {
    result.deallocate()
    neighbours.deallocate()
  }

  func gaussian(_ kernel: HalfKernel, into out: inout Image) {
    let (columns, radius) = (source.columns, kernel.radius)
    out.withMutableElements { out in
      kernel.weights.withUnsafeBufferPointer { weights in
        for r in 0..<source.rows {
          vl_convolve_down(
            neighbours + margin + r - radius, weights.baseAddress, radius, columns, first.start)
          first.mirror(radius)
          vl_convolve_across(first.start, weights.baseAddress, radius, columns, result)
          (out + r * columns).update(from: result, count: columns)
        }
      }
    }
  }

  /// `scale` times the Laplacian of the image convolved with a Gaussian.
  func laplace(sigma: Double, truncate: Double = 4, scale: Float, into out: inout Image) {
    let smooth = HalfKernel.gaussian(sigma, truncate: truncate)
    let curved = HalfKernel.gaussianSecondDerivative(sigma, truncate: truncate)
    let (columns, radius) = (source.columns, smooth.radius)
    out.withMutableElements { out in
      smooth.weights.withUnsafeBufferPointer { smooth in
        curved.weights.withUnsafeBufferPointer { curved in
          for r in 0..<source.rows {
            vl_convolve_down2(
              neighbours + margin + r - radius, smooth.baseAddress, curved.baseAddress, radius, columns,
              first.start, second.start)
            first.mirror(radius)
            second.mirror(radius)
            vl_convolve_across2(
              first.start, curved.baseAddress, second.start, smooth.baseAddress, radius, columns, scale,
              result)
            (out + r * columns).update(from: result, count: columns)
          }
        }
      }
    }
  }
}
