import Arrays
import Glibc  // acos

/// A bright spot and the width of the Gaussian that fits it best.
package struct Blob: Sendable, Equatable {
  package var y: Int
  package var x: Int
  package var sigma: Double
  /// The scale-normalised response there.
  package var response: Float
}

/// How spots are looked for.
package struct BlobSearch: Sendable {
  package var sigmas: [Double]
  package var threshold: Float
  /// Of two spots whose discs share more than this part of the smaller, the narrower is dropped.
  package var overlap: Double

  /// Widths from `minimum` to `maximum` in `count` equal steps.
  package init(from minimum: Double, to maximum: Double, count: Int, threshold: Float, overlap: Double = 0.5)
  {
    precondition(minimum > 0 && maximum >= minimum && count > 0, "widths are positive and ascending")
    sigmas = (0..<count).map { minimum + (maximum - minimum) * Double($0) / Double(max(count - 1, 1)) }
    self.threshold = threshold
    self.overlap = overlap
  }
}

extension DenseMatrix where Element == Float {
  /// Bright spots as maxima over place and scale of -sigma^2 times the Laplacian of a Gaussian
  /// (Lindeberg 1998), strongest first.
  package func blobs(_ search: BlobSearch) -> [Blob] {
    precondition(zip(search.sigmas, search.sigmas.dropFirst()).allSatisfy { $0 < $1 }, "widths ascend")
    guard rows > 0 && columns > 0 else { return [] }
    var space = ScaleSpace(self, search)
    var found: [Blob] = []
    // A scale's maxima are known once the next scale is; beyond the first and the last nothing exceeds them.
    var last = -1
    while last + 1 < search.sigmas.count && space.compute(last + 1) {
      last += 1
      if last > 0 { space.collectMaxima(last - 1, last: last, into: &found) }
    }
    if last >= 0 { space.collectMaxima(last, last: last, into: &found) }
    found.sort { a, b in
      a.response != b.response ? a.response > b.response : (a.y, a.x, a.sigma) < (b.y, b.x, b.sigma)
    }
    return withoutOverlap(found, search.overlap)
  }
}

private func withoutOverlap(_ blobs: [Blob], _ overlap: Double) -> [Blob] {
  guard let widest = blobs.map(\.sigma).max() else { return [] }
  var dropped = [Bool](repeating: false, count: blobs.count)
  // Discs of radius sqrt(2) sigma meet only within this distance.
  let reach = 2 * widest * 2.0.squareRoot()
  for i in blobs.indices where !dropped[i] {
    for j in blobs.indices where j > i && !dropped[j] {
      let (dy, dx) = (Double(blobs[i].y - blobs[j].y), Double(blobs[i].x - blobs[j].x))
      guard abs(dy) <= reach && abs(dx) <= reach else { continue }
      let shared = sharedPart(
        (dy * dy + dx * dx).squareRoot(), blobs[i].sigma * 2.0.squareRoot(), blobs[j].sigma * 2.0.squareRoot()
      )
      guard shared > overlap else { continue }
      if blobs[i].sigma >= blobs[j].sigma {
        dropped[j] = true
      } else {
        dropped[i] = true
        break
      }
    }
  }
  return zip(blobs, dropped).filter { !$0.1 }.map(\.0)
}

/// The part of the smaller of two discs, of radii a and b at distance d, that the other covers.
private func sharedPart(_ d: Double, _ a: Double, _ b: Double) -> Double {
  if d > a + b { return 0 }
  if d <= abs(a - b) { return 1 }
  let alpha = acos(min(1, max(-1, (d * d + a * a - b * b) / (2 * d * a))))
  let beta = acos(min(1, max(-1, (d * d + b * b - a * a) / (2 * d * b))))
  let kite = 0.5 * abs((-d + a + b) * (d + a - b) * (d - a + b) * (d + a + b)).squareRoot()
  return (a * a * alpha + b * b * beta - kite) / (Double.pi * min(a, b) * min(a, b))
}
