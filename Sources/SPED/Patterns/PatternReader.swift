import CVectorLoops
import Diffraction
import Glibc

/// A spot of a pattern, measured from the direct beam.
package struct PatternPeak: Sendable, Equatable {
  package var x: Float
  package var y: Float
  /// Electrons of the whole spot, less the background.
  package var intensity: Float
  /// Poisson standard deviations above the background.
  package var significance: Float
}

/// What one pass over a pattern leaves behind: a few hundred numbers instead of twenty thousand pixels.
package struct PatternDigest: Sendable {
  package var centreX: Float
  package var centreY: Float
  package var hasBeam: Bool
  package var peaks: [PatternPeak]
  /// Background in electrons per pixel on rings of one pixel around the direct beam.
  package var background: [Float]
}

/// Reads one pattern after the other: direct beam, smoothing with the shape of a spot, radial background,
/// peaks, and the values at known vectors. Holds its buffers, so one reader serves one thread.
package final class PatternReader {
  let geometry: DetectorGeometry
  private let width: Int
  private let height: Int
  private let stride: Int
  private let weights: [Float]
  /// Electrons, rows padded for the loops over columns.
  private let pixels: UnsafeMutablePointer<Float>
  private let smooth: UnsafeMutablePointer<Float>
  private let line: UnsafeMutablePointer<Float>
  private let lineMargin: Int
  private var rows: [UnsafePointer<Float>?]
  private let table: RingTable
  private let tableWidth: Int

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
    let background = radialBackground(Int(beam.x.rounded()), Int(beam.y.rounded()))
    var digest = PatternDigest(
      centreX: beam.x, centreY: beam.y, hasBeam: beam.found, peaks: [], background: background)
    digest.peaks = peaks(beam.x, beam.y, background, significance)
    return digest
  }

  /// The smoothed electrons per pixel at vectors, of a pattern whose centre is known: a weighted sum around
  /// each, without smoothing the rest.
  package func samples(_ frame: Pixels, centre: (x: Float, y: Float), vectors: [SpotVector]) -> [Float] {
    load(frame)
    let reach = weights.count - 1
    let side = 2 * reach + 1
    let inverse = Float(-0.5 / (geometry.filterSigma * geometry.filterSigma))
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * side) { taps in
      vectors.map { vector in
        let (x, y) = (centre.x + vector.x, centre.y + vector.y)
        let (ix, iy) = (Int(x.rounded()), Int(y.rounded()))
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
  package func addCentred(
    _ frame: Pixels, centreX: Float, centreY: Float, into sums: UnsafeMutablePointer<Float>
  ) {
    load(frame)
    let (dx, dy) = (centreX - Float(width / 2), centreY - Float(height / 2))
    let (ix, iy) = (Int(dx.rounded(.down)), Int(dy.rounded(.down)))
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

extension PatternReader {
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

  /// The brightest smoothed pixel near where the beam is expected, refined by the centre of mass of what
  /// rises above a fifth of it.
  private func findBeam(_ expected: (x: Float, y: Float)?) -> (x: Float, y: Float, found: Bool) {
    let middle = expected ?? (Float(width) / 2, Float(height) / 2)
    let reach = expected == nil ? max(width, height) / 3 : max(8, width / 10)
    let (mx, my) = (Int(middle.x), Int(middle.y))
    let columns = within(0..<width, mx - reach, mx + reach + 1)
    var best: (value: Float, x: Int, y: Int) = (0, mx, my)
    for y in within(0..<height, my - reach, my + reach + 1) {
      let row = smooth + y * stride
      for x in columns where row[x] > best.value { best = (row[x], x, y) }
    }
    // Five electrons over the area of a spot are no beam.
    guard best.value * Float(geometry.effectiveArea) > 5, best.value.isFinite else {
      return (middle.x, middle.y, false)
    }
    var (x, y) = (Float(best.x), Float(best.y))
    let radius = max(3, Int((3.5 * geometry.spotSigma).rounded(.up)))
    for _ in 0..<2 {
      let (cx, cy) = (Int(x.rounded()), Int(y.rounded()))
      var (sum, sx, sy): (Float, Float, Float) = (0, 0, 0)
      let threshold = 0.2 * best.value
      for v in max(0, cy - radius)..<min(height, cy + radius + 1) {
        let row = smooth + v * stride
        for u in max(0, cx - radius)..<min(width, cx + radius + 1) where row[u] > threshold {
          let weight = row[u] - threshold
          sum += weight
          sx += weight * Float(u)
          sy += weight * Float(v)
        }
      }
      guard sum > 0 else { break }
      (x, y) = (sx / sum, sy / sum)
    }
    return (x, y, true)
  }

  /// Electrons per pixel on rings, spots left out: a low rank of the sectors' means first, then twice the
  /// mean of what lies within four standard deviations.
  private func radialBackground(_ cx: Int, _ cy: Int) -> [Float] {
    let rings = geometry.rings
    let sectors = RingTable.sectors
    var sums = [Float](repeating: 0, count: rings * sectors)
    var counts = [Int32](repeating: 0, count: rings * sectors)
    let (cx, cy) = (min(max(cx, 0), width), min(max(cy, 0), height))
    table.rings.withUnsafeBufferPointer { ringOf in
      table.sectorsOf.withUnsafeBufferPointer { sectorOf in
        sums.withUnsafeMutableBufferPointer { sums in
          counts.withUnsafeMutableBufferPointer { counts in
            for y in 0..<height {
              let from = (y - cy + height) * tableWidth + width - cx
              let row = smooth + y * stride
              for x in 0..<width {
                let at = min(Int(ringOf[from + x]), rings - 1) * sectors + Int(sectorOf[from + x])
                sums[at] += row[x]
                counts[at] &+= 1
              }
            }
          }
        }
      }
    }
    var level = [Float](repeating: 0, count: rings)
    var means: [Float] = []
    for ring in 0..<rings {
      means.removeAll(keepingCapacity: true)
      for at in ring * sectors..<(ring + 1) * sectors where counts[at] > 0 {
        means.append(sums[at] / Float(counts[at]))
      }
      guard !means.isEmpty else {
        level[ring] = ring > 0 ? level[ring - 1] : 0
        continue
      }
      means.sort()
      level[ring] = means[means.count * 2 / 5]
    }
    let area = Float(geometry.effectiveArea)
    for _ in 0..<2 {
      let limits = level.map { $0 + 4 * (max($0, 0) / area).squareRoot() + 2 / area }
      var total = [Float](repeating: 0, count: rings)
      var number = [Int32](repeating: 0, count: rings)
      table.rings.withUnsafeBufferPointer { ringOf in
        limits.withUnsafeBufferPointer { limits in
          total.withUnsafeMutableBufferPointer { total in
            number.withUnsafeMutableBufferPointer { number in
              for y in 0..<height {
                let from = (y - cy + height) * tableWidth + width - cx
                let row = smooth + y * stride
                for x in 0..<width {
                  let ring = min(Int(ringOf[from + x]), rings - 1)
                  if row[x] < limits[ring] {
                    total[ring] += row[x]
                    number[ring] &+= 1
                  }
                }
              }
            }
          }
        }
      }
      for ring in 0..<rings where number[ring] > 0 { level[ring] = max(0, total[ring] / Float(number[ring])) }
    }
    return level
  }

  private func peaks(
    _ centreX: Float, _ centreY: Float, _ background: [Float], _ significance: Float
  ) -> [PatternPeak] {
    let area = Float(geometry.effectiveArea)
    let spot = Float(geometry.spotArea)
    // n - m > z sqrt(m) + z^2/4 is close to the deviance's own limit and needs no logarithm.
    let z = significance
    let limits = background.map { $0 + (z * ($0 * area).squareRoot() + z * z / 4) / area }
    let (cx, cy) = (Int(centreX.rounded()), Int(centreY.rounded()))
    let margin = geometry.margin
    let inner = Int32((geometry.innerRadius * geometry.innerRadius).rounded())
    let ringOf = table.rings
    var found: [PatternPeak] = []
    guard height > 2 * margin, width > 2 * margin else { return found }
    let tx = min(max(cx, 0), width)
    let ty = min(max(cy, 0), height)
    for y in margin..<height - margin {
      let row = smooth + y * stride
      let (above, below) = (row - stride, row + stride)
      let from = (y - ty + height) * tableWidth + width - tx
      for x in margin..<width - margin {
        let value = row[x]
        guard value > row[x - 1], value >= row[x + 1], value > above[x], value >= below[x] else { continue }
        let ring = min(Int(ringOf[from + x]), limits.count - 1)
        guard value > limits[ring], value > above[x - 1], value > above[x + 1], value >= below[x - 1],
          value >= below[x + 1]
        else { continue }
        let (dx, dy) = (Int32(x - cx), Int32(y - cy))
        guard dx * dx + dy * dy > inner else { continue }
        let level = background[ring]
        let px = Float(x) + Self.vertex(row[x - 1] - level, value - level, row[x + 1] - level)
        let py = Float(y) + Self.vertex(above[x] - level, value - level, below[x] - level)
        found.append(
          PatternPeak(
            x: px - centreX, y: py - centreY, intensity: (value - level) * spot,
            significance: poissonSignificance(value * area, expected: level * area)))
      }
    }
    return found
  }

  /// The top of the parabola through three values: of their logarithms where all are positive, which is
  /// exact for a Gaussian.
  private static func vertex(_ a: Float, _ b: Float, _ c: Float) -> Float {
    var (a, b, c) = (a, b, c)
    if a > 0, c > 0 { (a, b, c) = (logf(a), logf(b), logf(c)) }
    let curvature = a - 2 * b + c
    guard curvature < 0 else { return 0 }
    return min(0.5, max(-0.5, 0.5 * (a - c) / curvature))
  }

  /// The second moment of a spot's electrons over its background, along one axis; nil when faint.
  package func spotWidth(at peak: PatternPeak, _ digest: PatternDigest, reach: Int) -> Double? {
    let (px, py) = (peak.x + digest.centreX, peak.y + digest.centreY)
    let (ix, iy) = (Int(px.rounded()), Int(py.rounded()))
    guard ix >= reach, iy >= reach, ix + reach < width, iy + reach < height else { return nil }
    let ring = Int(hypotf(peak.x, peak.y).rounded())
    let level = digest.background[min(ring, digest.background.count - 1)]
    var (sum, moment) = (0.0, 0.0)
    for y in iy - reach...iy + reach {
      for x in ix - reach...ix + reach {
        let (dx, dy) = (Double(Float(x) - px), Double(Float(y) - py))
        let value = Double(pixels[y * stride + x] - level)
        sum += value
        moment += value * (dx * dx + dy * dy) / 2
      }
    }
    guard sum > 0, moment > 0 else { return nil }
    return (moment / sum).squareRoot()
  }

  /// Sums for the gain: squared differences of neighbours and their means, where no spot stands out.
  package func noise(_ digest: PatternDigest) -> (squares: Double, sum: Double) {
    var (squares, sum) = (0.0, 0.0)
    let (cx, cy) = (digest.centreX, digest.centreY)
    for y in 0..<height {
      let row = pixels + y * stride
      let blurred = smooth + y * stride
      for x in Swift.stride(from: 0, to: width - 1, by: 2) {
        let r = hypotf(Float(x) - cx, Float(y) - cy)
        guard Double(r) > geometry.innerRadius else { continue }
        let level = digest.background[min(Int(r.rounded()), digest.background.count - 1)]
        guard level > 0, blurred[x] < 2 * level, blurred[x + 1] < 2 * level else { continue }
        let difference = Double(row[x] - row[x + 1])
        squares += difference * difference / 2
        sum += Double(row[x] + row[x + 1]) / 2
      }
    }
    return (squares, sum)
  }
}

/// Ring and sector of a pixel by its distance from the direct beam, for twice the detector along each axis.
package final class RingTable: Sendable {
  static let sectors = 16
  let rings: [UInt16]
  let sectorsOf: [UInt16]
  let width: Int

  package init(_ geometry: DetectorGeometry) {
    let (w, h) = (geometry.width, geometry.height)
    width = 2 * w + 1
    var ring = [UInt16](repeating: 0, count: (2 * h + 1) * width)
    var sector = ring
    for y in -h...h {
      for x in -w...w {
        let at = (y + h) * width + x + w
        ring[at] = UInt16(min(60_000, (Double(x * x + y * y).squareRoot() + 0.5).rounded(.down)))
        let angle = atan2(Double(y), Double(x)) / (2 * .pi) + 0.5
        sector[at] = UInt16(min(Self.sectors - 1, Int(angle * Double(Self.sectors))))
      }
    }
    rings = ring
    sectorsOf = sector
  }
}
