import Arrays
import CVectorLoops

extension DenseMatrix where Element == Float {
  /// The largest pixel within `radius` rows and columns of every pixel.
  package func maximumFilter(radius: Int) -> Image {
    precondition(radius >= 0, "a window has a radius")
    let window = WindowMaximum(self, radius: radius)
    return Image(rows: rows, columns: columns) { out in
      for r in 0..<rows {
        (out.baseAddress.unsafelyUnwrapped + r * columns).initialize(
          from: window.base + r * window.stride, count: columns)
      }
    }
  }

  /// Pixels above `threshold` (by default the image's smallest value) that no pixel within
  /// `minimumDistance` rows and columns exceeds, brightest first; of equal ones closer than
  /// `minimumDistance` the first in reading order stays. Those within `border` of the edge are left out.
  package func localMaxima(minimumDistance: Int = 1, threshold: Float? = nil, border: Int = 0) -> [GridPoint]
  {
    precondition(minimumDistance >= 1, "maxima lie at least a pixel apart")
    let threshold = threshold ?? extent.smallest
    let window = WindowMaximum(self, radius: minimumDistance)
    var found: [(value: Float, index: Int)] = []
    withElements { pixels in
      for r in Swift.min(border, rows)..<Swift.max(Swift.min(border, rows), rows - border) {
        let (row, highest) = (pixels + r * columns, window.base + r * window.stride)
        var c = border
        let end = columns - border
        while c < end {
          // Sixteen at a time until one of them is a maximum: few are.
          if c + 16 <= end {
            let v = load16(row + c)
            if !any((v .== load16(highest + c)) .& (v .> threshold)) {
              c += 16
              continue
            }
          }
          let stop = Swift.min(c + 16, end)
          while c < stop {
            if row[c] == highest[c] && row[c] > threshold { found.append((row[c], r * columns + c)) }
            c += 1
          }
        }
      }
    }
    found.sort { $0.value > $1.value || ($0.value == $1.value && $0.index < $1.index) }
    let points = found.map { GridPoint(y: $0.index / columns, x: $0.index % columns) }
    guard minimumDistance > 1 else { return points }
    return spaced(points, by: minimumDistance)
  }

  /// Keeps points in order, each at least `distance` rows or columns from all kept before it.
  private func spaced(_ points: [GridPoint], by distance: Int) -> [GridPoint] {
    // Cells of that size: a point can only collide with those in its own cell and the eight around it.
    let across = columns / distance + 1
    var cells: [Int: [GridPoint]] = [:]
    var kept: [GridPoint] = []
    for point in points {
      let (cy, cx) = (point.y / distance, point.x / distance)
      var free = true
      for y in cy - 1...cy + 1 where free {
        for x in cx - 1...cx + 1 where free && x >= 0 {
          free = !(cells[y * across + x] ?? []).contains {
            Swift.max(abs($0.y - point.y), abs($0.x - point.x)) < distance
          }
        }
      }
      if free {
        kept.append(point)
        cells[cy * across + cx, default: []].append(point)
      }
    }
    return kept
  }
}

/// Maxima of all windows, computed by doubling: windows of 1, 2, 4 ... then two overlapping ones of the size
/// wanted, first along the rows, then down the columns.
struct WindowMaximum: ~Copyable {
  let stride: Int
  /// Row r, column c of the result is at `base[r * stride + c]`.
  let base: UnsafeMutablePointer<Float>

  init(_ image: Image, radius: Int) {
    let (rows, columns) = (image.rows, image.columns)
    let width = 2 * radius + 1
    stride = (columns + 2 * radius + 15) / 16 * 16
    let height = rows + 2 * radius
    // Reading ahead runs past the last row.
    let capacity = (height + 1) * stride + 2 * width + 32
    base = .allocate(capacity: capacity)
    base.initialize(repeating: -.infinity, count: capacity)
    let (base, stride) = (self.base, self.stride)
    image.withElements { pixels in
      for r in 0..<rows {
        (base + (r + radius) * stride + radius).update(from: pixels + r * columns, count: columns)
      }
    }
    for r in radius..<rows + radius {
      let row = base + r * stride
      Self.double(width) { step in
        var c = 0
        while c < stride {
          let (a, b) = (load16(row + c), load16(row + c + step))
          store16(a.replacing(with: b, where: b .> a), row + c)
          c += 16
        }
      }
    }
    Self.double(width) { step in
      for r in 0..<height - step {
        vl_maximum(base + r * stride, base + (r + step) * stride, stride)
      }
    }
  }

  deinit { base.deallocate() }

  /// Steps by which windows grow from one pixel to `width`.
  @inline(__always)
  private static func double(_ width: Int, _ body: (Int) -> Void) {
    var size = 1
    while size < width {
      let step = Swift.min(size, width - size)
      body(step)
      size += step
    }
  }
}
