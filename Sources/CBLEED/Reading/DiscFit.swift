import Arrays

/// Finds how far a pattern lies off its place by fitting all discs at once.
///
/// Where discs lie and how large they are is known; only their common shift is not. Every disc is modelled
/// as a smooth brightness (a quadratic in x and y) times the part of each pixel that the disc covers. The
/// quadratics are linear and solved for at every trial, so that brightness inside cannot pull on the rim.
public struct DiscFit: Sendable {
  private let size: Int
  /// Radius in pixels.
  private let radius: Double
  /// Disc centres of the aligned pattern, in pixel coordinates: column, then row.
  private let centres: [PlaneVector]
  /// How far a pattern may lie off, in pixels.
  private let reach: Double

  public init(detector: Detector, cell: PlaneCell, reach: Double = 2) {
    size = detector.size
    radius = detector.discRadius / detector.pixel
    self.reach = reach
    centres = detector.discCentres(cell)
  }

  /// The shift of the image in pixels along columns and rows.
  public func shift(of image: Matrix) -> PlaneVector {
    precondition(image.rows == size && image.columns == size, "the image fits the detector")
    var best = PlaneVector.zero
    var bestScore = explained(image, best)
    var step = reach / 2
    while step > 0.004 {
      var moved = false
      for (x, y) in [(-1.0, 0.0), (1, 0), (0, -1), (0, 1)] {
        let trial = best + PlaneVector(step * x, step * y)
        guard abs(trial.x) <= reach, abs(trial.y) <= reach else { continue }
        let score = explained(image, trial)
        if score > bestScore {
          (best, bestScore, moved) = (trial, score, true)
        }
      }
      if !moved { step /= 2 }
    }
    return best
  }

  /// How much of the discs' squared intensity the models explain, each disc in units of its brightness:
  /// counting noise grows like it.
  private func explained(_ image: Matrix, _ shift: PlaneVector) -> Double {
    var total = 0.0
    for centre in centres {
      let fit = explained(image, around: centre, middle: centre + shift)
      if fit.brightness > 0 { total += fit.explained / fit.brightness }
    }
    return total
  }

  private func explained(
    _ image: Matrix, around centre: PlaneVector, middle: PlaneVector
  ) -> (explained: Double, brightness: Double) {
    // The same pixels for every trial, or sums could not be compared.
    let margin = radius + reach + 1
    let rows = max(0, Int(centre.y - margin))..<min(size, Int(centre.y + margin) + 2)
    let columns = max(0, Int(centre.x - margin))..<min(size, Int(centre.x + margin) + 2)
    let outer = radius + 0.5
    // Normal equations of the six basis functions, upper triangle, and their products with the image.
    var normal = [Double](repeating: 0, count: 36)
    var right = [Double](repeating: 0, count: 6)
    var sum = 0.0
    image.values.withUnsafeBufferPointer { pixels in
      for r in rows {
        for c in columns {
          let (dx, dy) = ((Double(c) - middle.x) / radius, (Double(r) - middle.y) / radius)
          let inside = outer - radius * (dx * dx + dy * dy).squareRoot()
          guard inside > 0 else { continue }
          let coverage = min(1, inside)
          let value = Double(pixels[r * size + c])
          sum += value
          let basis = (1.0, dx, dy, dx * dx, dx * dy, dy * dy)
          withUnsafeBytes(of: basis) { bytes in
            let b = bytes.assumingMemoryBound(to: Double.self)
            for i in 0..<6 {
              right[i] += coverage * b[i] * value
              for j in 0...i { normal[i * 6 + j] += coverage * coverage * b[i] * b[j] }
            }
          }
        }
      }
    }
    guard sum > 0 else { return (0, 0) }
    return (solvedProduct(&normal, right), sum)
  }

  /// right . normal^-1 right, by the Cholesky factor of a 6 x 6 matrix; 0 where there are too few pixels.
  private func solvedProduct(_ normal: inout [Double], _ right: [Double]) -> Double {
    var product = 0.0
    var solved = right
    for i in 0..<6 {
      for j in 0..<i {
        for k in 0..<j { normal[i * 6 + j] -= normal[i * 6 + k] * normal[j * 6 + k] }
        normal[i * 6 + j] /= normal[j * 6 + j]
        normal[i * 6 + i] -= normal[i * 6 + j] * normal[i * 6 + j]
        solved[i] -= normal[i * 6 + j] * solved[j]
      }
      guard normal[i * 6 + i] > 1e-9 else { return 0 }
      normal[i * 6 + i] = normal[i * 6 + i].squareRoot()
      solved[i] /= normal[i * 6 + i]
      product += solved[i] * solved[i]
    }
    return product
  }
}

extension Detector {
  /// Where the discs' centres lie, in pixels: column and row of those that the image shows wholly.
  func discCentres(_ cell: PlaneCell) -> [PlaneVector] {
    let half = Double(size) / 2
    let reach = half * pixel * 2.0.squareRoot()
    let hMaximum = Int(reach * cell.a.length / (2 * .pi)) + 1
    let kMaximum = Int(reach * cell.b.length / (2 * .pi)) + 1
    let radius = discRadius / pixel
    var centres: [PlaneVector] = []
    for h in -hMaximum...hMaximum {
      for k in -kMaximum...kMaximum {
        let p = cell.beam(h, k) + tilt
        let place = PlaneVector(
          (p.x + shift.x) / pixel - centre + half, half - centre - (p.y + shift.y) / pixel)
        let fits = [place.x, place.y].allSatisfy { $0 - radius > -0.5 && $0 + radius < Double(size) - 0.5 }
        if fits { centres.append(place) }
      }
    }
    return centres
  }
}
