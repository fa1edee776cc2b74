import Arrays
import CVectorLoops
import Glibc  // floor, sin, cos

/// What lies outside an image.
package enum Border: Sendable {
  /// The nearest edge pixel.
  case edge
  case constant(Float)
}

/// An image on a polar grid: row k is the angle 2 pi k / rows from +x towards +y, column j a radius.
package enum RadialSpacing: Sendable {
  /// Radius (j + 1/2) times maximum / columns.
  case linear
  /// Radii exp(j ln(maximum) / columns), from 1: a change of scale becomes a shift.
  case logarithmic
}

extension DenseMatrix where Element == Float {
  /// Bilinear interpolation at a place between pixels.
  @inline(__always)
  func bilinear(_ pixels: UnsafePointer<Float>, _ y: Double, _ x: Double, _ border: Border) -> Float {
    switch border {
    case .edge:
      let cy = Swift.min(Swift.max(y, 0), Double(rows - 1))
      let cx = Swift.min(Swift.max(x, 0), Double(columns - 1))
      let (iy, ix) = (Int(cy), Int(cx))
      let (fy, fx) = (Float(cy - Double(iy)), Float(cx - Double(ix)))
      let top = pixels + iy * columns + ix
      let right = ix + 1 < columns ? 1 : 0
      let down = iy + 1 < rows ? columns : 0
      let upper = top[0] + fx * (top[right] - top[0])
      let lower = top[down] + fx * (top[down + right] - top[down])
      return upper + fy * (lower - upper)
    case .constant(let outside):
      guard y > -1 && x > -1 && y < Double(rows) && x < Double(columns) else { return outside }
      let (iy, ix) = (Int(y.rounded(.down)), Int(x.rounded(.down)))
      let (fy, fx) = (Float(y - Double(iy)), Float(x - Double(ix)))
      if iy >= 0 && ix >= 0 && iy + 1 < rows && ix + 1 < columns {
        let top = pixels + iy * columns + ix
        let upper = top[0] + fx * (top[1] - top[0])
        let lower = top[columns] + fx * (top[columns + 1] - top[columns])
        return upper + fy * (lower - upper)
      }
      func at(_ r: Int, _ c: Int) -> Float {
        r >= 0 && c >= 0 && r < rows && c < columns ? pixels[r * columns + c] : outside
      }
      let upper = at(iy, ix) + fx * (at(iy, ix + 1) - at(iy, ix))
      let lower = at(iy + 1, ix) + fx * (at(iy + 1, ix + 1) - at(iy + 1, ix))
      return upper + fy * (lower - upper)
    }
  }

  /// Another size by bilinear interpolation, the outer edges of the corner pixels staying where they are.
  /// Interpolation alone aliases when an image shrinks by more than two: use `averaged` there.
  package func resized(rows newRows: Int, columns newColumns: Int) -> Image {
    precondition(newRows > 0 && newColumns > 0, "an image has pixels")
    let (rows, columns) = (self.rows, self.columns)
    func taps(_ count: Int, _ from: Int) -> [(low: Int, high: Int, part: Float)] {
      (0..<count).map { i in
        let x = (Double(i) + 0.5) * Double(from) / Double(count) - 0.5
        let clamped = Swift.min(Swift.max(x, 0), Double(from - 1))
        let low = Int(clamped)
        return (low, Swift.min(low + 1, from - 1), Float(clamped - Double(low)))
      }
    }
    let (down, across) = (taps(newRows, rows), taps(newColumns, columns))
    return Image(rows: newRows, columns: newColumns) { out in
      withElements { pixels in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { blend in
          guard let blend = blend.baseAddress, let out = out.baseAddress else { return }
          for r in 0..<newRows {
            let (a, b) = (pixels + down[r].low * columns, pixels + down[r].high * columns)
            let part = down[r].part
            for c in 0..<columns { blend[c] = a[c] + part * (b[c] - a[c]) }
            let row = out + r * newColumns
            across.withUnsafeBufferPointer { across in
              for c in 0..<newColumns {
                let tap = across[c]
                row[c] = blend[tap.low] + tap.part * (blend[tap.high] - blend[tap.low])
              }
            }
          }
        }
      }
    }
  }

  /// A smaller size by exact averaging: every new pixel is the mean of the area it covers, so intensity
  /// per area is kept and nothing aliases.
  package func averaged(rows newRows: Int, columns newColumns: Int) -> Image {
    precondition(newRows > 0 && newColumns > 0, "an image has pixels")
    precondition(newRows <= rows && newColumns <= columns, "averaging makes an image smaller")
    let (rows, columns) = (self.rows, self.columns)
    // For each new pixel, the old ones it covers and how much of each.
    func cover(_ count: Int, _ from: Int) -> [(first: Int, weights: [Float])] {
      let size = Double(from) / Double(count)
      return (0..<count).map { i in
        let (start, end) = (Double(i) * size, Double(i + 1) * size)
        let first = Int(start)
        let last = Swift.min(Swift.max(first, Int(end.rounded(.up)) - 1), from - 1)
        return (
          first,
          (first...last).map {
            Float((Swift.min(end, Double($0 + 1)) - Swift.max(start, Double($0))) / size)
          }
        )
      }
    }
    let (down, across) = (cover(newRows, rows), cover(newColumns, columns))
    return Image(rows: newRows, columns: newColumns) { out in
      withElements { pixels in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { sum in
          guard let sum = sum.baseAddress, let out = out.baseAddress else { return }
          for r in 0..<newRows {
            for (k, weight) in down[r].weights.enumerated() {
              let row = pixels + (down[r].first + k) * columns
              if k == 0 {
                for c in 0..<columns { sum[c] = weight * row[c] }
              } else {
                for c in 0..<columns { sum[c] += weight * row[c] }
              }
            }
            for c in 0..<newColumns {
              let first = across[c].first
              out[r * newColumns + c] = across[c].weights.withUnsafeBufferPointer { weights in
                var value: Float = 0
                for k in 0..<weights.count { value += weights[k] * sum[first + k] }
                return value
              }
            }
          }
        }
      }
    }
  }

  /// Sums of `factor` x `factor` pixels; what is left over at the right and bottom edges is dropped.
  package func binned(by factor: Int) -> Image {
    precondition(factor > 0 && rows >= factor && columns >= factor, "bins fit into the image")
    let (newRows, newColumns, columns) = (rows / factor, self.columns / factor, self.columns)
    return Image(rows: newRows, columns: newColumns) { out in
      withElements { pixels in
        guard let out = out.baseAddress else { return }
        for r in 0..<newRows {
          let row = out + r * newColumns
          row.update(repeating: 0, count: newColumns)
          for k in 0..<factor {
            let from = pixels + (r * factor + k) * columns
            if factor == 2 {
              for c in 0..<newColumns { row[c] += from[2 * c] + from[2 * c + 1] }
            } else {
              for c in 0..<newColumns {
                for j in 0..<factor { row[c] += from[c * factor + j] }
              }
            }
          }
        }
      }
    }
  }

  /// Bilinear samples at (y, x) = origin + row * perRow + column * perColumn.
  package func affine(
    rows newRows: Int, columns newColumns: Int, origin: Point, perRow: Point, perColumn: Point,
    border: Border = .constant(0)
  ) -> Image {
    Image(rows: newRows, columns: newColumns) { out in
      withElements { pixels in
        guard let out = out.baseAddress else { return }
        for r in 0..<newRows {
          let y0 = origin.y + Double(r) * perRow.y
          let x0 = origin.x + Double(r) * perRow.x
          let row = out + r * newColumns
          // Where all four neighbours exist, without any test a pixel.
          let safe = insideColumns(newColumns, y0, x0, perColumn)
          for c in 0..<safe.lowerBound {
            row[c] = bilinear(pixels, y0 + Double(c) * perColumn.y, x0 + Double(c) * perColumn.x, border)
          }
          vl_bilinear_row(
            pixels, columns, y0 + Double(safe.lowerBound) * perColumn.y, perColumn.y,
            x0 + Double(safe.lowerBound) * perColumn.x, perColumn.x, safe.count, row + safe.lowerBound)
          for c in safe.upperBound..<newColumns {
            row[c] = bilinear(pixels, y0 + Double(c) * perColumn.y, x0 + Double(c) * perColumn.x, border)
          }
        }
      }
    }
  }

  /// Output columns of one row whose four source pixels all exist: an interval, since the map is linear.
  private func insideColumns(_ count: Int, _ y0: Double, _ x0: Double, _ step: Point) -> Range<Int> {
    var (low, high) = (0.0, Double(count - 1))
    for (start, slope, size) in [(y0, step.y, rows), (x0, step.x, columns)] {
      // A single row or column has no neighbour anywhere.
      if size < 2 { return 0..<0 }
      let limit = Double(size - 1) - 1e-9
      if slope == 0 {
        if start < 0 || start >= limit { return 0..<0 }
      } else {
        let (a, b) = (-start / slope, (limit - start) / slope)
        (low, high) = (Swift.max(low, Swift.min(a, b)), Swift.min(high, Swift.max(a, b)))
      }
    }
    let (first, last) = (Int(low.rounded(.up)), Int(Swift.max(high, -1).rounded(.down)))
    // One column of slack at each end for rounding.
    let lower = first > 0 ? first + 1 : 0
    let upper = last < count - 1 ? last : count
    return lower < upper ? lower..<upper : 0..<0
  }

  /// The image turned by `angle` radians (from +x towards +y) about `centre` and enlarged by `scale`.
  package func rotated(
    by angle: Double, about centre: Point? = nil, scale: Double = 1, border: Border = .constant(0)
  ) -> Image {
    let centre = centre ?? Point(y: Double(rows - 1) / 2, x: Double(columns - 1) / 2)
    let (c, s) = (cos(angle) / scale, sin(angle) / scale)
    // A pixel's source lies at the inverse rotation of its place.
    let origin = Point(
      y: centre.y - c * centre.y + s * centre.x, x: centre.x - c * centre.x - s * centre.y)
    return affine(
      rows: rows, columns: columns, origin: origin, perRow: Point(y: c, x: s), perColumn: Point(y: -s, x: c),
      border: border)
  }

  /// The image on a polar grid of `angles` rows and `radii` columns out to `maximumRadius`.
  package func polar(
    about centre: Point, angles: Int, radii: Int, maximumRadius: Double,
    spacing: RadialSpacing = .linear, border: Border = .constant(0)
  ) -> Image {
    if spacing == .linear {
      let step = maximumRadius / Double(radii)
      return Image(rows: angles, columns: radii) { out in
        for k in 0..<angles {
          let angle = 2 * Double.pi * Double(k) / Double(angles)
          let direction = Point(y: sin(angle) * step, x: cos(angle) * step)
          // One ray is one row of an affine map.
          let ray = affine(
            rows: 1, columns: radii,
            origin: Point(y: centre.y + 0.5 * direction.y, x: centre.x + 0.5 * direction.x),
            perRow: Point(y: 0, x: 0), perColumn: direction, border: border)
          _ = UnsafeMutableBufferPointer(rebasing: out[k * radii..<(k + 1) * radii]).initialize(
            from: ray.values)
        }
      }
    }
    let distances = (0..<radii).map { exp(Double($0) * log(maximumRadius) / Double(radii)) }
    return Image(rows: angles, columns: radii) { out in
      withElements { pixels in
        for k in 0..<angles {
          let angle = 2 * Double.pi * Double(k) / Double(angles)
          let (s, c) = (sin(angle), cos(angle))
          for j in 0..<radii {
            out.initializeElement(
              at: k * radii + j,
              to: bilinear(pixels, centre.y + s * distances[j], centre.x + c * distances[j], border))
          }
        }
      }
    }
  }
}
