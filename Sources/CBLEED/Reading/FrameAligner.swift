import Arrays

/// A pattern as models see it: background removed, on the common raster, with a mean of one.
package struct AlignedPattern: Sendable {
  package var values: [Double]
  /// Mean brightness of a pixel in the discs, in the frame's units.
  package var brightness: Double
  /// Variance of a raster value of one, were it read from as many pixels as the aligned camera has.
  package var noise: Double
  /// Of the frame, after binning by `binning`.
  package var geometry: FrameGeometry
  package var binning: Int
  /// Mean background of a pixel in units of the brightness.
  package var background: Double
  /// Likeness of the frame to discs at these places, from 0 to 1.
  package var contrast: Double
}

/// Finds the discs of a frame: their common place and, where nobody knows it, their scale.
package struct FrameAligner: Sendable {
  package enum Scale: Sendable, Equatable {
    /// Momentum of one pixel, in 1/Angstrom.
    case known(Double)
    case searched
  }

  package let smoother: DiscSmoother
  private var raster: DiscRaster { smoother.raster }
  /// How far the middle may lie from the frame's, in units of its shorter side.
  private let reach = 0.08

  package init(_ smoother: DiscSmoother) { self.smoother = smoother }

  /// Nil for a frame that shows no discs at such places.
  package func align(_ frame: Matrix, scale: Scale = .searched) -> AlignedPattern? {
    let size = raster.detector.size
    // Sums of pixels lose nothing where the discs hold more of them than the raster does.
    let binning = max(1, min(frame.rows, frame.columns) * 10 / (size * 9))
    let image = frame.binned(binning)
    guard min(image.rows, image.columns) >= 24, image.values.allSatisfy(\.isFinite),
      let peak = image.values.max(), peak > 0
    else { return nil }
    let middle = PlaneVector(Double(image.columns - 1) / 2, Double(image.rows - 1) / 2)
    let nominal =
      raster.detector.pixel * Double(size) / Double(min(image.rows, image.columns))
    var geometry = FrameGeometry(
      rows: image.rows, columns: image.columns, pixel: nominal, middle: middle)
    if case .known(let pixel) = scale { geometry.pixel = pixel * Double(binning) }
    guard geometry.pixel > nominal / 4, geometry.pixel < nominal * 4 else { return nil }
    let mask = DiscMask(image)
    var (best, score) = mask.search(around: geometry, raster, reach: reach)
    let fit = DiscFit(raster, rows: image.rows, columns: image.columns)
    best = fit.refined(best, image)
    // The nominal scale is kept where scales beside it are worse: most frames are taken at it.
    if scale == .searched, score < 0.25 || !fit.isRightScale(best, image) || !mask.isRightScale(best, raster)
    {
      (best, score) = searched(image, geometry, mask, fit)
    }
    guard score > 0.1 else { return nil }
    return read(image, best, binning: binning, contrast: score)
  }

  /// The scale whose discs are most like the image: whole-pixel correlations choose a few, fits decide.
  private func searched(
    _ image: Matrix, _ nominal: FrameGeometry, _ mask: DiscMask, _ fit: DiscFit
  ) -> (FrameGeometry, Double) {
    var found: [(geometry: FrameGeometry, score: Double)] = []
    var factor = 0.76
    while factor < 1.32 {
      var trial = nominal
      trial.pixel *= factor
      found.append(mask.search(around: trial, raster, reach: reach))
      factor *= 1.012
    }
    // Peaks only: neighbours in scale would all lead to the same place.
    var candidates = found.indices.filter { index in
      (index == 0 || found[index - 1].score <= found[index].score)
        && (index + 1 == found.count || found[index + 1].score < found[index].score)
    }
    candidates.sort { found[$0].score > found[$1].score }
    var best = (nominal, -Double.infinity)
    for index in candidates.prefix(4) {
      let refined = fit.refinedWithScale(found[index].geometry, image)
      let score = mask.score(refined, raster)
      if score > best.1 { best = (refined, score) }
    }
    return best
  }

  /// With the discs where `geometry` says.
  package func read(
    _ image: Matrix, _ geometry: FrameGeometry, binning: Int = 1, contrast: Double = 1
  ) -> AlignedPattern? {
    let (clean, level) = Background(raster).removed(from: image, geometry)
    guard let reading = smoother.read(clean, geometry) else { return nil }
    let brightness = reading.values.reduce(0, +) / Double(reading.values.count)
    guard brightness > 0, brightness.isFinite else { return nil }
    // A raster value averages over more or fewer pixels than on the aligned camera.
    let density = raster.detector.pixel / geometry.pixel
    return AlignedPattern(
      values: reading.values.map { $0 / brightness }, brightness: brightness,
      noise: reading.gain / brightness / (density * density), geometry: geometry, binning: binning,
      background: level / brightness, contrast: contrast)
  }
}

/// Correlation of an image with discs at given places.
struct DiscMask {
  let image: Matrix
  private let mean: Double
  private let deviation: Double
  /// Roots: a few bright discs would otherwise decide alone.
  private let roots: [Float]

  init(_ image: Matrix) {
    self.image = image
    roots = image.values.map { max(0, $0).squareRoot() }
    let count = Double(roots.count)
    let mean = roots.reduce(0.0) { $0 + Double($1) } / count
    let square = roots.reduce(0.0) { $0 + Double($1) * Double($1) } / count
    self.mean = mean
    deviation = max(square - mean * mean, 1e-300).squareRoot()
  }

  /// The best whole-pixel shift around a geometry, and its correlation.
  func search(
    around geometry: FrameGeometry, _ raster: DiscRaster, reach: Double
  ) -> (FrameGeometry, Double) {
    let far = max(1, Int((reach * Double(min(image.rows, image.columns))).rounded()))
    let spans = spans(geometry, raster, margin: far)
    var best = (geometry, -Double.infinity)
    let area = spans.reduce(0) { $0 + $1.columns.count }
    guard area > 0, area < roots.count else { return (geometry, 0) }
    for y in -far...far {
      for x in -far...far {
        var sum: Float = 0
        roots.withUnsafeBufferPointer { roots in
          for span in spans {
            let start = (span.row + y) * image.columns + x
            for c in span.columns { sum += roots[start + c] }
          }
        }
        let share = Double(area) / Double(roots.count)
        let score =
          (Double(sum) / Double(area) - mean) * (share / (1 - share)).squareRoot() / deviation
        if score > best.1 { best = (geometry.moved(PlaneVector(Double(x), Double(y))), score) }
      }
    }
    return best
  }

  /// Whether discs of other scales about the same middle are less like the image.
  func isRightScale(_ geometry: FrameGeometry, _ raster: DiscRaster) -> Bool {
    let here = score(geometry, raster)
    return [0.96, 1.04].allSatisfy { factor in
      var trial = geometry
      trial.pixel *= factor
      return score(trial, raster) < here
    }
  }

  /// Correlation with discs whose rims fall between pixels.
  func score(_ geometry: FrameGeometry, _ raster: DiscRaster) -> Double {
    let radius = raster.detector.discRadius / geometry.pixel
    var cover = [Float](repeating: 0, count: roots.count)
    for order in geometry.orders(raster.cell, radius: raster.detector.discRadius) {
      let place = geometry.place(order)
      let rows = span(of: image.rows, around: place.y, reach: radius + 1)
      let columns = span(of: image.columns, around: place.x, reach: radius + 1)
      for row in rows {
        for column in columns {
          let length = (PlaneVector(Double(column), Double(row)) - place).length
          let part = Float(min(1, max(0, radius - length + 0.5)))
          if part > 0 { cover[row * image.columns + column] = max(part, cover[row * image.columns + column]) }
        }
      }
    }
    let count = Double(roots.count)
    let average = cover.reduce(0.0) { $0 + Double($1) } / count
    var (product, square) = (0.0, 0.0)
    for (root, part) in zip(roots, cover) {
      product += Double(root) * Double(part)
      square += Double(part) * Double(part)
    }
    let spread = max(square / count - average * average, 1e-300).squareRoot()
    return (product / count - mean * average) / (deviation * spread)
  }

  private struct Span {
    var row: Int
    var columns: Range<Int>
  }

  /// The rows of the discs that stay in the image wherever the pattern may lie.
  private func spans(_ geometry: FrameGeometry, _ raster: DiscRaster, margin: Int) -> [Span] {
    let radius = raster.detector.discRadius / geometry.pixel
    var spans: [Span] = []
    for order in geometry.orders(raster.cell, radius: raster.detector.discRadius) {
      let place = geometry.place(order)
      let top = Int(bounded: (place.y - radius).rounded(.up))
      let bottom = max(top, Int(bounded: (place.y + radius).rounded(.down)))
      for row in within(margin..<max(margin, image.rows - margin), top, bottom + 1) {
        let height = Double(row) - place.y
        let half = max(0, radius * radius - height * height).squareRoot()
        let low = max(margin, Int(bounded: (place.x - half).rounded(.up)))
        let high = min(image.columns - margin - 1, Int(bounded: (place.x + half).rounded(.down)))
        if low <= high { spans.append(Span(row: row, columns: low..<high + 1)) }
      }
    }
    return spans
  }
}

/// The light between the discs, as a smooth hill.
private struct Background {
  let raster: DiscRaster

  init(_ raster: DiscRaster) { self.raster = raster }

  /// The image without it, and its mean.
  func removed(from image: Matrix, _ geometry: FrameGeometry) -> (Matrix, Double) {
    let radius = raster.detector.discRadius / geometry.pixel + 1.2
    var isDisc = [Bool](repeating: false, count: image.values.count)
    for order in geometry.orders(raster.cell, radius: raster.detector.discRadius + geometry.pixel) {
      let place = geometry.place(order)
      for row in span(of: image.rows, around: place.y, reach: radius) {
        for column in span(of: image.columns, around: place.x, reach: radius) {
          let offset = PlaneVector(Double(column), Double(row)) - place
          if offset.squaredLength <= radius * radius { isDisc[row * image.columns + column] = true }
        }
      }
    }
    // 1, x, y, r^2, r^4 about the middle, in halves of the frame.
    let extent = Double(max(image.rows, image.columns)) / 2
    func terms(_ row: Int, _ column: Int) -> (Double, Double, Double, Double, Double) {
      let x = (Double(column) - geometry.middle.x) / extent
      let y = (Double(row) - geometry.middle.y) / extent
      let r = x * x + y * y
      return (1, x, y, r, r * r)
    }
    var normal = DoubleMatrix(rows: 5, columns: 5)
    var right = [Double](repeating: 0, count: 5)
    var (free, sum) = (0, 0.0)
    normal.withMutableElements { normal in
      for row in 0..<image.rows {
        for column in 0..<image.columns where !isDisc[row * image.columns + column] {
          let value = Double(image.values[row * image.columns + column])
          free += 1
          sum += value
          withUnsafeBytes(of: terms(row, column)) { bytes in
            let t = bytes.assumingMemoryBound(to: Double.self)
            for i in 0..<5 {
              right[i] += t[i] * value
              for j in 0...i { normal[i * 5 + j] += t[i] * t[j] }
            }
          }
        }
      }
    }
    guard free > 100, sum != 0 else { return (image, 0) }
    for i in 0..<5 {
      normal[i, i] += 1e-6 * Double(free)
      for j in 0..<i { normal[j, i] = normal[i, j] }
    }
    guard let solved = try? Cholesky(normal) else { return (image, 0) }
    let c = solved.solve(right)
    var clean = image
    var mean = 0.0
    for row in 0..<image.rows {
      for column in 0..<image.columns {
        let t = terms(row, column)
        let level = c[0] + c[1] * t.1 + c[2] * t.2 + c[3] * t.3 + c[4] * t.4
        clean.values[row * image.columns + column] -= Float(level)
        mean += level
      }
    }
    return (clean, mean / Double(image.values.count))
  }
}
