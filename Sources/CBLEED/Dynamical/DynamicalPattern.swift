import Arrays

/// Whether directions that a mirror plane exchanges are solved once.
///
/// Lattice sums are cut around the origin, which mirror planes that pass between atoms do not respect: with
/// mirrors, intensities differ by as much as the cut itself changes them (1e-4 of the maximum).
package enum MirrorUse: Sendable {
  case shared
  case ignored
}

extension DynamicalModel {
  /// Patterns of several structures at one energy. Every incident direction is solved once for all discs
  /// that it lights and for all structures; mirror planes that all of them share halve the work again.
  package func patterns(
    energy: Double, structures: [SurfaceStructure], detector: Detector, mirrors use: MirrorUse = .shared,
    isCancelled: @Sendable () -> Bool = { false }, progress: @Sendable (Int) -> Void = { _ in }
  ) throws(CBLEEDError) -> [Matrix] {
    guard let first = structures.first else { return [] }
    if case .interpolated(let degree) = settings.cone {
      return try interpolatedPatterns(
        energy: energy, structures: structures, detector: detector,
        mirrors: use == .shared ? .shared(by: structures, throughOrigin: true) : .none, degree: degree,
        isCancelled: isCancelled, progress: progress)
    }
    let lit = detector.litPixels(cell: first.cell, energy: energy)
    let mirrors = use == .shared ? MirrorPlanes.shared(by: structures) : .none
    var kappas: [PlaneVector] = []
    var numbers: [KappaKey: Int] = [:]
    var direct: [Int] = []
    for pixel in lit {
      let folded = mirrors.fold(pixel.kappa, pixel.order).kappa
      let key = KappaKey(folded)
      if let number = numbers[key] {
        direct.append(number)
      } else {
        numbers[key] = kappas.count
        direct.append(kappas.count)
        kappas.append(folded)
      }
    }
    let reflections = try reflections(
      energy: energy, kappas: kappas, structures: structures, isCancelled: isCancelled, progress: progress)
    return reflections.map { angles in
      let intensities = angles.map { Dictionary($0.map { ($0.beam, $0.intensity) }) { a, _ in a } }
      var sums = [Double](repeating: 0, count: detector.size * detector.size)
      for (pixel, number) in zip(lit, direct) {
        let order = mirrors.fold(pixel.kappa, pixel.order).order
        let (h, k) = first.cell.orders(of: order)
        sums[pixel.pixel] += pixel.coverage * (intensities[number][BeamIndex(h, k)] ?? 0)
      }
      return Matrix(rows: detector.size, columns: detector.size, values: sums.map(Float.init))
    }
  }

  /// How many incident directions such patterns need.
  package func incidentDirections(
    energy: Double, structures: [SurfaceStructure], detector: Detector, mirrors use: MirrorUse = .shared
  ) -> Int {
    guard let first = structures.first else { return 0 }
    if case .interpolated(let degree) = settings.cone {
      return ConeNodes(
        degree: degree, centre: detector.tilt, radius: detector.discRadius,
        mirrors: use == .shared ? .shared(by: structures, throughOrigin: true) : .none
      ).directions.count
    }
    let mirrors = use == .shared ? MirrorPlanes.shared(by: structures) : .none
    let lit = detector.litPixels(cell: first.cell, energy: energy)
    return Set(lit.map { KappaKey(mirrors.fold($0.kappa, $0.order).kappa) }).count
  }
}

/// Incident directions that differ by rounding only are the same.
private struct KappaKey: Hashable {
  var x: Int
  var y: Int

  init(_ kappa: PlaneVector) {
    x = Int((kappa.x * 1e9).rounded())
    y = Int((kappa.y * 1e9).rounded())
  }
}

extension PlaneCell {
  /// The orders (h, k) of a reciprocal lattice vector: g.a / 2 pi and g.b / 2 pi.
  func orders(of g: PlaneVector) -> (Int, Int) {
    (Int((g.dot(a) / (2 * .pi)).rounded()), Int((g.dot(b) / (2 * .pi)).rounded()))
  }
}
