import Analysis
import Arrays
import Diffraction
import Imaging
import Scattering

/// A frame of any camera, made ready: defects found, reduced to a manageable size, the beam located.
package struct CameraFrame: Sendable {
  /// Background and defects still in it; edges of at most `largest` pixels.
  package let image: Matrix
  /// Pixels that must not count: not finite, saturated or defective.
  let isBad: [Bool]
  /// Pixels of the camera to one of `image`.
  package let reduction: Double
  /// Row and column of the pattern's middle in `image`, and the radius of the bright disc, as a first guess.
  package var centre: Vector2
  package var radius: Double
  package let census: PixelCensus
  package let repaired: Int

  static let largest = 384
  static let smallest = 16

  static let screening: FrameScreening = {
    var screening = FrameScreening()
    screening.smallestSide = smallest
    screening.tooSmall = { _, _ in "a pattern needs at least \(smallest) x \(smallest) pixels" }
    // Sums of squares are numbers in single precision, too.
    screening.limit = 1e15
    screening.full = .flatTop
    screening.allowance = .share(0.0005)
    screening.flatValue = { "\($0)" }
    return screening
  }()

  package init(_ pixels: Pixels) throws(FrameObstacle) {
    try Self.check(width: pixels.width, height: pixels.height)
    try self.init(pixels.matrix(), ceiling: pixels.sample.ceiling)
  }

  private static func check(width: Int, height: Int) throws(FrameObstacle) {
    if let reason = screening.obstacle(width: width, height: height) { throw FrameObstacle(reason) }
  }

  /// `ceiling` is the largest value that the camera's numbers can hold.
  package init(_ matrix: Matrix, ceiling: Double?) throws(FrameObstacle) {
    try Self.check(width: matrix.columns, height: matrix.rows)
    let census = Self.screening.census(matrix.values, ceiling: ceiling)
    if let reason = Self.screening.obstacle(census) { throw FrameObstacle(reason) }
    self.census = census
    var matrix = matrix
    let defects = Defects(&matrix, census)
    repaired = defects.repaired

    let longest = max(matrix.rows, matrix.columns)
    let factor = max(1, (longest + Self.largest - 1) / Self.largest)
    // A strip that is reduced by its length is left without a width.
    try Self.check(width: matrix.columns / factor, height: matrix.rows / factor)
    reduction = Double(factor)
    // Filled smoothly, so that neither the search for the disc nor a network sees an edge that is none; and left
    // out with their neighbours, which share in what went wrong.
    var isBad = defects.marks(rows: matrix.rows, columns: matrix.columns)
    SmoothFill.apply(&matrix.values, rows: matrix.rows, columns: matrix.columns, isSeen: isBad.map { !$0 })
    if factor > 1 {
      let rows = matrix.rows / factor
      let columns = matrix.columns / factor
      image = matrix.binned(by: factor).mapValues { $0 / Float(factor * factor) }
      var spoilt = [Int](repeating: 0, count: rows * columns)
      for index in isBad.indices where isBad[index] {
        let r = index / matrix.columns / factor
        let c = index % matrix.columns / factor
        if r < rows, c < columns { spoilt[r * columns + c] += 1 }
      }
      isBad = spoilt.map { $0 > 0 }
    } else {
      image = matrix
    }
    self.isBad = isBad
    guard let disc = Self.locate(image) else {
      throw FrameObstacle(Reason(.blank, "no disc rises above the background"))
    }
    (centre, radius) = disc
  }

  /// The bright disc: Otsu's threshold on a small smoothed copy, centre of mass and area of what is above.
  static func locate(_ image: Matrix) -> (centre: Vector2, radius: Double)? {
    let factor = max(1, max(image.rows, image.columns) / 96)
    let small = (factor > 1 ? image.binned(by: factor) : image).gaussian(sigma: 1.2)
    // A few bright discs inside the pattern must not stand for all of it.
    let ceiling = small.percentile(90)
    let floor = small.percentile(2)
    let flattened = small.mapValues { min(max($0, floor), ceiling) }
    guard ceiling > floor else { return nil }
    let threshold = flattened.otsuThreshold()
    // The disc's edge rather than its bright half.
    let mask = flattened.brighter(than: floor + 0.7 * (threshold - floor))
    var (sum, rows, columns) = (0.0, 0.0, 0.0)
    for r in 0..<mask.rows {
      for c in 0..<mask.columns where mask[r, c] {
        sum += 1
        rows += Double(r)
        columns += Double(c)
      }
    }
    guard sum >= 9, sum < 0.98 * Double(mask.count) else { return nil }
    let scale = Double(factor)
    let centre = Vector2(rows / sum, columns / sum) * scale + Vector2(1, 1) * (scale - 1) / 2
    return (centre, (sum / .pi).squareRoot() * scale)
  }

  /// Finds the disc's edge: within 6 % of a known radius, or anywhere near the first guess.
  package mutating func findDisc(radius known: Double?) {
    let radii = known.map { $0 * 0.94...$0 * 1.06 } ?? radius * 0.68...radius * 1.2
    guard radii.upperBound < 0.75 * Double(max(image.rows, image.columns)), radii.lowerBound > 3 else {
      return
    }
    (centre, radius) = DiscSearch(image).run(from: centre, radii: radii)
  }

  /// Cuts out the network's image around `centre`, `step` pixels of `image` to one of its own: each is the
  /// mean over the area that it covers.
  package func view(centre: Vector2, step: Double, pitch: Double) -> FitImage {
    let size = FitImage.size
    let middle = Double(size - 1) / 2
    let samples = Self.samples(step)
    var pixels = [Float](repeating: 0, count: size * size)
    var isCounted = [Bool](repeating: true, count: size * size)
    let (rows, columns) = (image.rows, image.columns)
    image.withElements { from in
      isBad.withUnsafeBufferPointer { bad in
        for r in 0..<size {
          for c in 0..<size {
            var sum: Float = 0
            var number: Float = 0
            for a in 0..<samples {
              let y =
                centre.x + Self.sample(Double(r) - middle, a, samples) * step
              let iy = Int(bounded: y.rounded(.down))
              let fy = Float(y - Double(iy))
              guard iy >= 0, iy + 1 < rows else { continue }
              for b in 0..<samples {
                let x =
                  centre.y + Self.sample(Double(c) - middle, b, samples) * step
                let ix = Int(bounded: x.rounded(.down))
                guard ix >= 0, ix + 1 < columns else { continue }
                let at = iy * columns + ix
                if bad[at] || bad[at + 1] || bad[at + columns] || bad[at + columns + 1] { continue }
                let fx = Float(x - Double(ix))
                let top = from[at] + fx * (from[at + 1] - from[at])
                let below = from[at + columns] + fx * (from[at + columns + 1] - from[at + columns])
                sum += top + fy * (below - top)
                number += 1
              }
            }
            let i = r * size + c
            if number * 4 >= Float(samples * samples) {
              pixels[i] = sum / number
            } else {
              isCounted[i] = false
            }
          }
        }
      }
    }
    SmoothFill.apply(&pixels, rows: size, columns: size, isSeen: isCounted)
    return FitImage(pixels: pixels, isCounted: isCounted, pitch: pitch)
  }
}

/// Pixels that say nothing about the specimen.
private struct Defects {
  var bad: [Int] = []
  var repaired = 0

  /// Lone bright pixels are replaced by their neighbours' mean in place; the others are listed. What is not
  /// a number becomes the floor.
  init(_ matrix: inout Matrix, _ census: PixelCensus) {
    let (rows, columns) = (matrix.rows, matrix.columns)
    let (low, high) = (Float(census.lowest), Float(census.highest))
    if census.notFinite > 0 {
      let limit = Float(CameraFrame.screening.limit)
      for i in matrix.values.indices where !(matrix.values[i].magnitude < limit) { bad.append(i) }
      for i in bad { matrix.values[i] = low }
    }
    bad += Self.deadLines(matrix)
    // One pixel in many tells where most of them lie.
    let sample = stride(from: 0, to: matrix.count, by: max(1, matrix.count / 8192)).map { matrix.values[$0] }
      .sorted()
    let floor = sample[sample.count / 100]
    let span = sample[sample.count - 1 - sample.count / 250] - floor
    var lone: [(index: Int, value: Float)] = []
    var dead: [Int] = []
    var fullPixels: [Int] = []
    matrix.withElements { m in
      for r in 0..<rows {
        for c in 0..<columns {
          let i = r * columns + c
          let v = m[i]
          if v >= high { fullPixels.append(i) }
          if v - floor < 0.1 * span, r > 0, c > 0, r + 1 < rows, c + 1 < columns {
            let least = min(min(m[i - columns], m[i + columns]), min(m[i - 1], m[i + 1]))
            if v - floor < 0.25 * (least - floor), least - floor > 0.3 * span { dead.append(i) }
          }
          guard v - floor > 0.3 * span else { continue }
          // Twice as bright as the brightest of its four neighbours.
          let up = r > 0 ? m[i - columns] : floor
          let down = r + 1 < rows ? m[i + columns] : floor
          let left = c > 0 ? m[i - 1] : floor
          let right = c + 1 < columns ? m[i + 1] : floor
          let most = max(max(up, down), max(left, right))
          if v - floor > 2 * (most - floor) + 0.1 * span {
            lone.append((i, (up + down + left + right) / 4))
          }
        }
      }
    }
    if census.saturated > 0 { bad += fullPixels }
    // Where there are many of them it is noise, and belongs to the pattern.
    if dead.count * 200 < rows * columns { bad += dead }
    guard lone.count * 200 < rows * columns else { return }
    repaired = lone.count
    for (index, value) in lone { matrix.values[index] = value }
  }

  /// Rows and columns of one value throughout: the gaps between a detector's parts, and lines that are not read.
  private static func deadLines(_ matrix: Matrix) -> [Int] {
    let (rows, columns) = (matrix.rows, matrix.columns)
    guard rows > 1, columns > 1 else { return [] }
    return matrix.withElements { m in
      let deadRows = (0..<rows).filter { r in
        (1..<columns).allSatisfy { m[r * columns + $0] == m[r * columns] }
      }
      let deadColumns = (0..<columns).filter { c in
        (1..<rows).allSatisfy { m[$0 * columns + c] == m[c] }
      }
      // Where most lines are so the frame is dark around its pattern.
      guard deadRows.count * 8 < rows, deadColumns.count * 8 < columns else { return [] }
      return deadRows.flatMap { r in (0..<columns).map { r * columns + $0 } }
        + deadColumns.flatMap { c in (0..<rows).map { $0 * columns + c } }
    }
  }

  /// The bad pixels and the four beside each.
  func marks(rows: Int, columns: Int) -> [Bool] {
    var marks = [Bool](repeating: false, count: rows * columns)
    for i in bad {
      marks[i] = true
      if i >= columns { marks[i - columns] = true }
      if i + columns < marks.count { marks[i + columns] = true }
      if i % columns > 0 { marks[i - 1] = true }
      if i % columns + 1 < columns { marks[i + 1] = true }
    }
    return marks
  }
}
