import Arrays
import Glibc  // sin, cos, log, exp

/// Where one image lies relative to another.
package struct ImageShift: Sendable {
  /// The move that brings the moving image onto the fixed one.
  package var shift: Point
  /// Height of the correlation peak; for phase correlation 1 is a perfect match.
  package var peak: Double
}

/// How the cross-power spectrum is weighted.
package enum CrossPower: Sendable {
  /// Every frequency alike: a sharp peak, sensitive to noise.
  case phase
  /// As it is: plain cross-correlation, broad and robust.
  case amplitude
}

extension DenseMatrix where Element == Float {
  /// The move that brings `self` onto `fixed`, to about a hundredth of a pixel: cross-correlation by Fourier
  /// transform, then the transform evaluated on a fine grid around its peak (Guizar-Sicairos et al. 2008).
  package func displacement(onto fixed: Image, _ weighting: CrossPower = .phase) -> ImageShift {
    precondition(rows == fixed.rows && columns == fixed.columns, "images of one size")
    let plan = RealFFT2D.shared(rows: rows, columns: columns)
    var power = plan.forward(fixed.values)
    let moving = plan.forward(values)
    let tiny = 1e-12 * (power.first?.modulus ?? 0) * (moving.first?.modulus ?? 0) + .leastNormalMagnitude
    power.withUnsafeMutableBufferPointer { power in
      moving.withUnsafeBufferPointer { moving in
        for i in 0..<power.count {
          let product = power[i] * moving[i].conjugate
          let scale = weighting == .phase ? 1 / (product.modulus + tiny) : 1
          power[i] = product * scale
        }
      }
    }
    let best = indexOfLargest(plan.inverse(power))
    let coarse = GridPoint(y: best / columns, x: best % columns)
    let spectrum = HalfSpectrum(values: power, rows: rows, columns: columns)
    let (fine, peak) = spectrum.peak(near: coarse)
    return ImageShift(
      shift: Point(y: wrapped(fine.y, rows), x: wrapped(fine.x, columns)), peak: peak / Double(count))
  }

  /// The rotation (radians, from +x towards +y) about the centre that brings `self` onto `fixed`: both on polar
  /// grids, correlated along the angle over all radii at once.
  package func rotation(
    onto fixed: Image, about centre: Point? = nil, maximumRadius: Double? = nil, angles: Int = 720
  ) -> Double {
    let centre = centre ?? Point(y: Double(rows - 1) / 2, x: Double(columns - 1) / 2)
    let radius = maximumRadius ?? Double(Swift.min(rows, columns)) / 2
    let radii = Swift.max(1, Int(radius))
    // Angles along the rows, so that each radius is one transform; weighted by radius, as area is.
    func rings(_ image: Image) -> [ComplexFloat] {
      var polar = image.polar(about: centre, angles: angles, radii: radii, maximumRadius: radius).transposed()
      for j in 0..<radii {
        let row = polar.row(j)
        let mean = row.reduce(0, +) / Float(angles)
        for k in 0..<angles { polar[j, k] = (polar[j, k] - mean) * Float(j + 1).squareRoot() }
      }
      return RealFFT2D(rows: 1, columns: angles, batch: radii).forward(polar.values)
    }
    let (a, b) = (rings(fixed), rings(self))
    let width = angles / 2 + 1
    var power = [ComplexFloat](repeating: .zero, count: width)
    for j in 0..<radii {
      for k in 0..<width { power[k] += a[j * width + k] * b[j * width + k].conjugate }
    }
    let correlation = RealFFT2D(rows: 1, columns: angles).inverse(power)
    let best = indexOfLargest(correlation)
    let (fine, _) = HalfSpectrum(values: power, rows: 1, columns: angles).peak(near: GridPoint(y: 0, x: best))
    return wrapped(fine.x, angles) * 2 * Double.pi / Double(angles)
  }

  /// Rotation (radians) and enlargement about the centre that bring `self` onto `fixed`, by phase
  /// correlation on log-polar grids.
  package func rotationAndScale(
    onto fixed: Image, about centre: Point? = nil, maximumRadius: Double? = nil
  ) -> (angle: Double, scale: Double) {
    let centre = centre ?? Point(y: Double(rows - 1) / 2, x: Double(columns - 1) / 2)
    let radius = maximumRadius ?? Double(Swift.min(rows, columns)) / 2
    let (angles, radii) = (720, 2 * Swift.max(8, Int(radius)))
    func grid(_ image: Image) -> Image {
      var polar = image.polar(
        about: centre, angles: angles, radii: radii, maximumRadius: radius, spacing: .logarithmic)
      // Scale moves rings off the end of the grid: fade both ends out, so that the wrap-around has no edge.
      let mean = polar.values.reduce(0, +) / Float(polar.count)
      for k in 0..<angles {
        for j in 0..<radii {
          let window = sin(Double.pi * (Double(j) + 0.5) / Double(radii))
          polar[k, j] = (polar[k, j] - mean) * Float(window * window)
        }
      }
      return polar
    }
    let move = grid(self).displacement(onto: grid(fixed), .amplitude).shift
    return (
      move.y * 2 * Double.pi / Double(angles), exp(move.x * log(radius) / Double(radii))
    )
  }
}

private func indexOfLargest(_ values: [Float]) -> Int {
  let image = Image(rows: 1, columns: values.count, values: values)
  return values.firstIndex(of: image.extent.largest) ?? 0
}

/// A move within half the length either way.
private func wrapped(_ value: Double, _ length: Int) -> Double {
  let half = Double(length) / 2
  return value > half ? value - Double(length) : value < -half ? value + Double(length) : value
}

/// The half of a real image's spectrum that is stored; values between pixels follow from its definition.
private struct HalfSpectrum {
  let values: [ComplexFloat]
  let rows: Int
  let columns: Int

  /// The highest place within 3/4 of a pixel of a pixel, from a grid of tenths and a parabola through it.
  func peak(near pixel: GridPoint) -> (Point, Double) {
    let step = 0.1
    let reach = 8
    let offsets = (-reach...reach).map { Double($0) * step }
    let ys = rows > 1 ? offsets.map { Double(pixel.y) + $0 } : [0]
    let xs = offsets.map { Double(pixel.x) + $0 }
    let grid = evaluate(ys, xs)
    var best = 0
    for i in grid.indices where grid[i] > grid[best] { best = i }
    let (by, bx) = (best / xs.count, best % xs.count)
    func vertex(_ a: Double, _ b: Double, _ c: Double) -> Double {
      let curvature = a - 2 * b + c
      return curvature < 0 ? 0.5 * (a - c) / curvature : 0
    }
    var (y, x) = (ys[by], xs[bx])
    if by > 0 && by < ys.count - 1 {
      y += step * vertex(grid[best - xs.count], grid[best], grid[best + xs.count])
    }
    if bx > 0 && bx < xs.count - 1 { x += step * vertex(grid[best - 1], grid[best], grid[best + 1]) }
    return (Point(y: y, x: x), grid[best])
  }

  /// The inverse transform (without scaling) at every pair of places: first along the rows, then down.
  private func evaluate(_ ys: [Double], _ xs: [Double]) -> [Double] {
    let width = columns / 2 + 1
    // Columns other than the first (and the middle one of an even width) stand for two.
    let phases = DenseMatrix(
      rows: xs.count, columns: width,
      values: xs.flatMap { x in
        phaseRamp(x, length: columns, count: width).enumerated().map { c, phase in
          c == 0 || 2 * c == columns ? phase : phase * 2
        }
      })
    let partial = DenseMatrix.product(
      DenseMatrix(rows: rows, columns: width, values: values), phases, right: .transposed
    ).values
    let down = ys.map { phaseRamp($0, length: rows, count: rows) }
    var grid = [Double](repeating: 0, count: ys.count * xs.count)
    for i in ys.indices {
      for j in xs.indices {
        var sum = 0.0
        for r in 0..<rows {
          let (a, b) = (partial[r * xs.count + j], down[i][r])
          sum += Double(a.re * b.re - a.im * b.im)
        }
        grid[i * xs.count + j] = sum
      }
    }
    return grid
  }
}
