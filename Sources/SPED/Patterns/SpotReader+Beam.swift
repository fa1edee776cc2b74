import Arrays
import Glibc

extension SpotReader {
  /// The brightest smoothed pixel near where the beam is expected, refined by the centre of mass of what
  /// rises above a fifth of it.
  func findBeam(_ expected: (x: Float, y: Float)?) -> (x: Float, y: Float, found: Bool) {
    let middle = expected ?? (Float(width) / 2, Float(height) / 2)
    let reach = expected == nil ? max(width, height) / 3 : max(8, width / 10)
    let (mx, my) = (Int(bounded: middle.x), Int(bounded: middle.y))
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
      let (cx, cy) = (Int(bounded: x.rounded()), Int(bounded: y.rounded()))
      var (sum, sx, sy): (Float, Float, Float) = (0, 0, 0)
      let threshold = 0.2 * best.value
      for v in within(0..<height, cy - radius, cy + radius + 1) {
        let row = smooth + v * stride
        for u in within(0..<width, cx - radius, cx + radius + 1) where row[u] > threshold {
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
  func radialBackground(_ cx: Int, _ cy: Int) -> [Float] {
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
}
