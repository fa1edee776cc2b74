import Arrays
import CVectorLoops
import Diffraction
import Glibc

/// Reads one pattern after the other: direct beam, smoothing with the shape of a spot, radial background,
/// peaks, and the values at known vectors. Holds its buffers, so one reader serves one thread.
package final class SpotReader {
  let geometry: DetectorGeometry
  let width: Int
  let height: Int
  let stride: Int
  private let weights: [Float]
  /// Electrons, rows padded for the loops over columns.
  let pixels: UnsafeMutablePointer<Float>
  let smooth: UnsafeMutablePointer<Float>
  private let line: UnsafeMutablePointer<Float>
  private let lineMargin: Int
  private var rows: [UnsafePointer<Float>?]
  let table: RingTable
  let tableWidth: Int

  package init(_ geometry: DetectorGeometry, table: RingTable? = nil) {
    self.geometry = geometry
    width = geometry.width
    height = geometry.height
    stride = (width + 15) / 16 * 16 + 16
    let radius = max(1, Int((3 * geometry.filterSigma).rounded(.up)))
    let taps = (0...radius).map {
      exp(-0.5 * Double($0 * $0) / (geometry.filterSigma * geometry.filterSigma))
    }
    let sum = 2 * taps.reduce(0, +) - taps[0]
    weights = taps.map { Float($0 / sum) }
    pixels = .allocate(capacity: stride * height)
    pixels.initialize(repeating: 0, count: stride * height)
    smooth = .allocate(capacity: stride * height)
    smooth.initialize(repeating: 0, count: stride * height)
    lineMargin = radius + 16
    line = .allocate(capacity: stride + 2 * lineMargin + 64)
    line.initialize(repeating: 0, count: stride + 2 * lineMargin + 64)
    rows = Array(repeating: nil, count: 2 * radius + 1)
    self.table = table ?? RingTable(geometry)
    tableWidth = self.table.width
  }

  deinit {
    pixels.deallocate()
    smooth.deallocate()
    line.deallocate()
  }

  /// `expected` is where the direct beam was before; a pattern without one is taken to be centred there.
  package func read(
    _ frame: Pixels, expected: (x: Float, y: Float)? = nil, significance: Float
  ) -> PatternDigest {
    load(frame)
    blur()
    let beam = findBeam(expected)
    let background = radialBackground(Int(bounded: beam.x.rounded()), Int(bounded: beam.y.rounded()))
    var digest = PatternDigest(
      centreX: beam.x, centreY: beam.y, hasBeam: beam.found, peaks: [], background: background)
    digest.peaks = peaks(beam.x, beam.y, background, significance)
    return digest
  }

  /// The smoothed electrons per pixel at vectors, of a pattern whose centre is known: a weighted sum around
  /// each, without smoothing the rest.
  package func samples(_ frame: Pixels, beam: SIMD2<Float>, vectors: [SpotVector]) -> [Float] {
    load(frame)
    let reach = weights.count - 1
    let side = 2 * reach + 1
    let inverse = Float(-0.5 / (geometry.filterSigma * geometry.filterSigma))
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * side) { taps in
      vectors.map { vector in
        let (x, y) = (beam.x + vector.x, beam.y + vector.y)
        let (ix, iy) = (Int(bounded: x.rounded()), Int(bounded: y.rounded()))
        guard ix >= reach, iy >= reach, ix + reach < width, iy + reach < height else { return .nan }
        var (sumX, sumY): (Float, Float) = (0, 0)
        for k in 0..<side {
          let (dx, dy) = (Float(ix - reach + k) - x, Float(iy - reach + k) - y)
          taps[k] = expf(inverse * dx * dx)
          taps[side + k] = expf(inverse * dy * dy)
          sumX += taps[k]
          sumY += taps[side + k]
        }
        var total: Float = 0
        for v in 0..<side {
          let row = pixels + (iy - reach + v) * stride + ix - reach
          var line: Float = 0
          for u in 0..<side { line += taps[u] * row[u] }
          total += taps[side + v] * line
        }
        return total / (sumX * sumY)
      }
    }
  }

  /// Adds the electrons of a pattern, moved so that the direct beam is at the middle.
  package func addCentred(_ frame: Pixels, beam: SIMD2<Float>, into sums: UnsafeMutablePointer<Float>) {
    load(frame)
    let (dx, dy) = (beam.x - Float(width / 2), beam.y - Float(height / 2))
    let (ix, iy) = (Int(bounded: dx.rounded(.down)), Int(bounded: dy.rounded(.down)))
    let (fx, fy) = (dx - Float(ix), dy - Float(iy))
    let (w00, w01) = ((1 - fx) * (1 - fy), fx * (1 - fy))
    let (w10, w11) = ((1 - fx) * fy, fx * fy)
    let first = max(0, -ix)
    let end = min(width, width - 1 - ix)
    guard first < end else { return }
    for y in 0..<height {
      let from = y + iy
      guard from >= 0, from + 1 < height else { continue }
      let a = pixels + from * stride + ix
      let b = a + stride
      let out = sums + y * width
      for x in first..<end { out[x] += w00 * a[x] + w01 * a[x + 1] + w10 * b[x] + w11 * b[x + 1] }
    }
  }
}

extension SpotReader {
  /// Counts to electrons, binned; what is no number counts as nothing.
  private func load(_ frame: Pixels) {
    // The types of cameras here, in this module: through `Pixels.run` every pixel would be a call.
    frame.withBytes { bytes in
      switch frame.sample {
      case .uint8: load(bytes.assumingMemoryBound(to: UInt8.self), frame.width) { Float($0) }
      case .uint16: load(bytes.assumingMemoryBound(to: UInt16.self), frame.width) { Float($0) }
      case .uint32: load(bytes.assumingMemoryBound(to: UInt32.self), frame.width) { Float($0) }
      case .int16: load(bytes.assumingMemoryBound(to: Int16.self), frame.width) { Float($0) }
      case .float32: load(bytes.assumingMemoryBound(to: Float.self), frame.width) { $0 }
      default: frame.doubles().withUnsafeBufferPointer { load($0, frame.width) { Float($0) } }
      }
    }
  }

  @inline(__always)
  private func load<T>(_ values: UnsafeBufferPointer<T>, _ frameWidth: Int, _ number: (T) -> Float) {
    guard let base = values.baseAddress else { return }
    let scale = Float(1 / geometry.gain)
    let binning = geometry.binning
    for y in 0..<height {
      let row = pixels + y * stride
      if binning == 1 {
        let from = base + y * frameWidth
        for x in 0..<width {
          let value = number(from[x]) * scale
          // A comparison, not isFinite, so that the loop stays one of vectors.
          row[x] = value.magnitude < 1e12 ? value : 0
        }
      } else {
        for x in 0..<width {
          var sum: Float = 0
          for v in 0..<binning {
            let from = base + (y * binning + v) * frameWidth + x * binning
            for u in 0..<binning {
              let value = number(from[u])
              sum += value.magnitude < 1e12 ? value : 0
            }
          }
          row[x] = sum * scale
        }
      }
    }
  }

  private func blur() {
    let radius = weights.count - 1
    for y in 0..<height {
      for k in -radius...radius {
        // The edge pixel is repeated; spots at the edge are not used anyway.
        rows[k + radius] = UnsafePointer(pixels + min(max(y + k, 0), height - 1) * stride)
      }
      let start = line + lineMargin
      rows.withUnsafeBufferPointer { rows in
        weights.withUnsafeBufferPointer { w in
          rows.baseAddress?.withMemoryRebound(to: UnsafePointer<Float>?.self, capacity: rows.count) { list in
            if let w = w.baseAddress { vl_convolve_down(list, w, radius, width, start) }
          }
        }
      }
      for k in 1...radius {
        start[-k] = start[0]
        start[width - 1 + k] = start[width - 1]
      }
      weights.withUnsafeBufferPointer { w in
        if let w = w.baseAddress { vl_convolve_across(start, w, radius, width, smooth + y * stride) }
      }
    }
  }
}
