import Arrays
import CVectorLoops

/// The normalised Laplacian responses of an image, scale after scale, three of them kept.
///
/// Narrow scales are convolved with the sampled Laplacian of a Gaussian itself. From the width on at which
/// Gaussians add up exactly enough, each blur is made from the one before with a short kernel, and its Laplacian
/// by seven-point differences: a few dozen operations a pixel where the whole kernel takes hundreds.
///
/// Of an image without negative pixels the response is at most twice the blur, since -sigma^2 times the Laplacian
/// of a Gaussian is (2 - r^2/sigma^2) times the Gaussian. Where twice the blur is below the threshold there is
/// nothing to find and nothing to compute, and once that holds everywhere it holds for all wider scales.
struct ScaleSpace: ~Copyable {
  /// A blur narrower than this is made directly, and so is the first one wider.
  private static let firstCascaded = 1.6

  private let image: Image
  private let search: BlobSearch
  /// What the blur must exceed for a response to exceed the threshold.
  private let limit: Float
  private let direct: SeparableFilter
  private let row: MirroredRow
  private var blur: Plane
  private var spare: Plane
  private var blurredTo: Double?
  private var responses: [Image]
  /// Per kept response and row the largest value.
  private var largest: [[Float]]

  init(_ image: Image, _ search: BlobSearch) {
    self.image = image
    self.search = search
    limit = image.extent.smallest >= 0 ? search.threshold / 2 : -.infinity
    let (rows, columns) = (image.rows, image.columns)
    // The widest kernel that is applied to the image itself: the first cascaded one.
    let widest = search.sigmas.first { $0 >= Self.firstCascaded } ?? search.sigmas.last ?? 1
    direct = SeparableFilter(image, margin: HalfKernel.gaussian(widest).radius)
    let steps = zip(search.sigmas, search.sigmas.dropFirst()).map { Self.increment($0, $1) }
    row = MirroredRow(columns: columns, margin: steps.map { HalfKernel.gaussian($0).radius }.max() ?? 0)
    blur = Plane(rows: rows, columns: columns)
    spare = Plane(rows: rows, columns: columns)
    let stride = (columns + 15) / 16 * 16
    responses = [Image](repeating: Image(rows: rows, columns: stride), count: 3)
    largest = [[Float]](repeating: [Float](repeating: -.infinity, count: rows), count: 3)
  }

  /// The width that takes a Gaussian of width `from` to one of width `to`.
  private static func increment(_ from: Double, _ to: Double) -> Double {
    (to * to - from * from).squareRoot()
  }

  /// False when neither this scale nor a wider one can hold a maximum above the threshold.
  mutating func compute(_ index: Int) -> Bool {
    let sigma = search.sigmas[index]
    if sigma < Self.firstCascaded {
      computeDirectly(index, sigma)
      return true
    }
    if let before = blurredTo {
      blur.convolve(.gaussian(Self.increment(before, sigma)), row, into: &spare)
      swap(&blur, &spare)
    } else {
      blur.fill(image.gaussian(sigma: sigma))
    }
    blurredTo = sigma
    return blur.laplace(
      scale: Float(-sigma * sigma), limit: limit, into: &responses[index % 3], largest: &largest[index % 3])
  }

  private mutating func computeDirectly(_ index: Int, _ sigma: Double) {
    let (rows, columns) = (image.rows, image.columns)
    var response = Image(rows: rows, columns: columns)
    direct.laplace(sigma: sigma, scale: Float(-sigma * sigma), into: &response)
    response.withElements { from in
      let stride = responses[index % 3].columns
      responses[index % 3].withMutableElements { to in
        for r in 0..<rows {
          (to + r * stride).update(from: from + r * columns, count: columns)
          var (low, high): (Float, Float) = (0, 0)
          vl_extent(from + r * columns, columns, &low, &high)
          largest[index % 3][r] = high
        }
      }
    }
  }

  /// Pixels of a scale above the threshold that none of their 26 neighbours exceeds.
  func collectMaxima(_ index: Int, last: Int, into found: inout [Blob]) {
    let (rows, columns) = (image.rows, image.columns)
    let stride = responses[0].columns
    let (before, after) = (index > 0 ? (index - 1) % 3 : nil, index < last ? (index + 1) % 3 : nil)
    responses[index % 3].withElements { pixels in
      for r in 0..<rows where largest[index % 3][r] > search.threshold {
        let row = pixels + r * stride
        for x in 0..<columns where row[x] > search.threshold {
          let value = row[x]
          // Most pixels of a spot end at a neighbour in their own row.
          if x > 0 && row[x - 1] > value || x + 1 < columns && row[x + 1] > value { continue }
          if exceeded(value, pixels, r, x) { continue }
          if let before, responses[before].withElements({ exceeded(value, $0, r, x) }) { continue }
          if let after, responses[after].withElements({ exceeded(value, $0, r, x) }) { continue }
          found.append(Blob(y: r, x: x, sigma: search.sigmas[index], response: value))
        }
      }
    }
  }

  /// Whether a pixel of the three by three around (r, x) exceeds the value.
  @inline(__always)
  private func exceeded(_ value: Float, _ response: UnsafePointer<Float>, _ r: Int, _ x: Int) -> Bool {
    let stride = (image.columns + 15) / 16 * 16
    for y in max(r - 1, 0)...min(r + 1, image.rows - 1) {
      for c in max(x - 1, 0)...min(x + 1, image.columns - 1) where response[y &* stride &+ c] > value {
        return true
      }
    }
    return false
  }
}

/// An image whose rows are readable a block beyond both ends, three places of it mirrored.
private struct Plane: ~Copyable {
  private static let margin = 16
  let rows: Int
  let columns: Int
  private let stride: Int
  private let storage: UnsafeMutablePointer<Float>

  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    stride = (columns + 15) / 16 * 16 + 2 * Self.margin
    storage = .allocate(capacity: rows * stride)
    storage.initialize(repeating: 0, count: rows * stride)
  }

  deinit { storage.deallocate() }

  private func row(_ index: Int) -> UnsafeMutablePointer<Float> { storage + index * stride + Self.margin }

  private func mirrorEnds(_ index: Int) {
    let row = row(index)
    for k in 0..<3 {
      row[-1 - k] = row[mirrored(-1 - k, columns)]
      row[columns + k] = row[mirrored(columns + k, columns)]
    }
  }

  func fill(_ image: Image) {
    image.withElements { pixels in
      for r in 0..<rows {
        row(r).update(from: pixels + r * columns, count: columns)
        mirrorEnds(r)
      }
    }
  }

  func convolve(_ kernel: HalfKernel, _ buffer: borrowing MirroredRow, into out: inout Plane) {
    let radius = kernel.radius
    let start = buffer.start
    withRows(radius) { neighbours in
      kernel.weights.withUnsafeBufferPointer { weights in
        for r in 0..<rows {
          vl_convolve_down(neighbours + r, weights.baseAddress, radius, columns, start)
          buffer.mirror(radius)
          vl_convolve_across(start, weights.baseAddress, radius, columns, out.row(r))
          out.mirrorEnds(r)
        }
      }
    }
  }

  /// Returns whether anything exceeded the limit.
  func laplace(scale: Float, limit: Float, into out: inout Image, largest: inout [Float]) -> Bool {
    let outStride = out.columns
    var exceeded = false
    withRows(3) { neighbours in
      out.withMutableElements { out in
        for r in 0..<rows {
          largest[r] = vl_laplace_row(neighbours + r, columns, scale, limit, out + r * outStride)
          if largest[r] > -.infinity { exceeded = true }
        }
      }
    }
    return exceeded
  }

  /// Pointers to the rows from `radius` above the image to `radius` below it, mirrored.
  private func withRows(_ radius: Int, _ body: (UnsafePointer<UnsafePointer<Float>?>) -> Void) {
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: rows + 2 * radius) { pointers in
      for r in -radius..<rows + radius {
        pointers.initializeElement(at: r + radius, to: UnsafePointer(row(mirrored(r, rows))))
      }
      if let base = pointers.baseAddress { body(base) }
    }
  }
}
