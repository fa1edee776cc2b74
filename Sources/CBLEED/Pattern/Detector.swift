import Arrays

/// What the camera sees of the diffraction plane. Behind a cathode lens a pixel is a momentum along the
/// surface, whatever the energy: discs keep their place and their size.
///
/// Column c and row r are k = ((c + centre - n/2) p - shift.x, (n/2 - centre - r) p - shift.y), with
/// centre = 1/2 unless the detector says otherwise; y points up the image.
package struct Detector: Sendable, Hashable {
  package var size: Int
  /// Momentum of one pixel, in 1/Angstrom.
  package var pixel: Double
  /// Radius of the discs: the half-width of the illuminating cone.
  package var discRadius: Double
  /// Where the cone points.
  package var tilt: PlaneVector
  /// How far the image lies from the middle.
  package var shift: PlaneVector
  /// Which point of a pixel is sampled; 0 puts the middle of the image on a pixel.
  package var centre: Double
  package var rim: Rim

  /// What pixels that the rim of a disc crosses show.
  package enum Rim: Sendable, Hashable {
    /// All or nothing, by the pixel's centre.
    case sharp
    /// The part of the pixel that the disc covers, as a camera does.
    case averaged
  }

  package init(
    size: Int = 64, pixel: Double, discRadius: Double = 0.38, tilt: PlaneVector = .zero,
    shift: PlaneVector = .zero, centre: Double = 0.5, rim: Rim = .sharp
  ) {
    self.size = size
    self.pixel = pixel
    self.discRadius = discRadius
    self.tilt = tilt
    self.shift = shift
    self.centre = centre
    self.rim = rim
  }

  /// A detector whose field of view reaches `halfWidth` to either side.
  package init(
    size: Int = 64, halfWidth: Double, discRadius: Double = 0.38, tilt: PlaneVector = .zero,
    shift: PlaneVector = .zero
  ) {
    self.init(
      size: size, pixel: 2 * halfWidth / Double(size), discRadius: discRadius, tilt: tilt, shift: shift)
  }

  package func momentum(column: Int, row: Int) -> PlaneVector {
    let half = Double(size) / 2
    return PlaneVector(
      (Double(column) + centre - half) * pixel - shift.x, (half - centre - Double(row)) * pixel - shift.y)
  }

  /// Whether beams are whole numbers of pixels apart, so that all discs sample the same kappa.
  package func isCommensurate(with cell: PlaneCell) -> Bool {
    let (u, v) = cell.reciprocal
    return [u.x, u.y, v.x, v.y].allSatisfy { abs($0 / pixel - ($0 / pixel).rounded()) < 1e-9 }
  }
}

/// A pixel that beam `beam` lights, coming from the incident direction `kappa`.
struct LitPixel {
  var pixel: Int
  var beam: BeamIndex
  var order: PlaneVector
  var kappa: PlaneVector
  /// The part of the pixel that the disc covers.
  var coverage: Double
}

extension Detector {
  /// Every pixel of every disc that the vacuum lets out, beam after beam, rows from the top.
  func litPixels(cell: PlaneCell, energy: Double) -> [LitPixel] {
    let squaredVacuum = energy / Physics.halfSquaredPlanckOverMass
    let far = (0..<4).map { momentum(column: $0 & 1 == 0 ? 0 : size - 1, row: $0 & 2 == 0 ? 0 : size - 1) }
    let reach = (far.map(\.length).max() ?? 0) + discRadius + tilt.length
    let hMaximum = Int(bounded: reach * cell.a.length / (2 * .pi)) + 1
    let kMaximum = Int(bounded: reach * cell.b.length / (2 * .pi)) + 1
    let half = Double(size) / 2
    var lit: [LitPixel] = []
    for h in -hMaximum...hMaximum {
      for k in -kMaximum...kMaximum {
        let order = cell.beam(h, k)
        let middle = order + tilt
        // Only the rows and columns that the disc can touch are visited.
        let column = (middle.x + shift.x) / pixel - centre + half
        let row = half - centre - (middle.y + shift.y) / pixel
        let span = discRadius / pixel + 1
        guard column + span >= 0, row + span >= 0, column - span <= Double(size), row - span <= Double(size)
        else { continue }
        for r in within(0..<size, Int(bounded: row - span), Int(bounded: row + span) + 1) {
          for c in within(0..<size, Int(bounded: column - span), Int(bounded: column + span) + 1) {
            let momentum = momentum(column: c, row: r)
            let coverage = coverage((momentum - middle).squaredLength)
            guard coverage > 0 else { continue }
            let kappa = momentum - order
            guard kappa.squaredLength < squaredVacuum, momentum.squaredLength < squaredVacuum else {
              continue
            }
            lit.append(
              LitPixel(
                pixel: r * size + c, beam: BeamIndex(h, k), order: order, kappa: kappa, coverage: coverage))
          }
        }
      }
    }
    return lit
  }

  private func coverage(_ squaredDistance: Double) -> Double {
    switch rim {
    case .sharp: squaredDistance <= discRadius * discRadius ? 1 : 0
    // The rim is straight on the scale of a pixel.
    case .averaged: min(1, max(0, (discRadius - squaredDistance.squareRoot()) / pixel + 0.5))
    }
  }
}
