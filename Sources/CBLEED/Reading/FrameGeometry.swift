import Arrays

/// How a frame lies in the diffraction plane: what a pixel means and where the beam (0, 0) is.
package struct FrameGeometry: Sendable, Hashable {
  package var rows: Int
  package var columns: Int
  /// Momentum of one pixel, in 1/Angstrom.
  package var pixel: Double
  /// Where k = 0 lies: column, then row; whole numbers are the middles of pixels.
  package var middle: PlaneVector

  package init(rows: Int, columns: Int, pixel: Double, middle: PlaneVector) {
    self.rows = rows
    self.columns = columns
    self.pixel = pixel
    self.middle = middle
  }

  package init(_ detector: Detector) {
    let half = Double(detector.size) / 2 - detector.centre
    self.init(
      rows: detector.size, columns: detector.size, pixel: detector.pixel,
      middle: PlaneVector(
        half + (detector.shift.x + detector.tilt.x) / detector.pixel,
        half - (detector.shift.y + detector.tilt.y) / detector.pixel))
  }

  /// Column and row of a momentum; y points up the image.
  func place(_ momentum: PlaneVector) -> PlaneVector {
    PlaneVector(middle.x + momentum.x / pixel, middle.y - momentum.y / pixel)
  }

  func moved(_ shift: PlaneVector) -> FrameGeometry {
    var moved = self
    moved.middle = middle + shift
    return moved
  }

  /// Whether the image shows a circle wholly.
  func shows(_ place: PlaneVector, radius: Double) -> Bool {
    place.x - radius > -0.5 && place.y - radius > -0.5 && place.x + radius < Double(columns) - 0.5
      && place.y + radius < Double(rows) - 0.5
  }

  /// The beams whose discs the image shows at least in part.
  func orders(_ cell: PlaneCell, radius: Double) -> [PlaneVector] {
    let reach =
      pixel
      * (Double(max(rows, columns)) + max(abs(middle.x), abs(middle.y))) + radius
    let hMaximum = min(1000, Int(bounded: reach * cell.a.length / (2 * .pi)) + 1)
    let kMaximum = min(1000, Int(bounded: reach * cell.b.length / (2 * .pi)) + 1)
    let inPixels = radius / pixel
    var orders: [PlaneVector] = []
    for h in -hMaximum...hMaximum {
      for k in -kMaximum...kMaximum {
        let order = cell.beam(h, k)
        let p = place(order)
        if p.x + inPixels > -0.5, p.y + inPixels > -0.5, p.x - inPixels < Double(columns) - 0.5,
          p.y - inPixels < Double(rows) - 0.5
        {
          orders.append(order)
        }
      }
    }
    return orders
  }
}

extension Matrix {
  /// Sums of factor x factor pixels: counts stay counts. Pixels that do not fill a last one are left out.
  func binned(_ factor: Int) -> Matrix {
    guard factor > 1 else { return self }
    let (rows, columns) = (self.rows / factor, self.columns / factor)
    let width = self.columns
    var sums = [Float](repeating: 0, count: rows * columns)
    values.withUnsafeBufferPointer { pixels in
      for r in 0..<rows * factor {
        let out = r / factor * columns
        let line = r * width
        for c in 0..<columns {
          for i in 0..<factor { sums[out + c] += pixels[line + c * factor + i] }
        }
      }
    }
    return Matrix(rows: rows, columns: columns, values: sums)
  }
}
