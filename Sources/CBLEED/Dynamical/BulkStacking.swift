import Arrays

extension SurfaceLayer {
  /// The shift along the surface that turns this layer into `other`, heights aside.
  func translation(to other: SurfaceLayer, in cell: PlaneCell) -> PlaneVector? {
    guard atoms.count == other.atoms.count, let first = atoms.first else { return nil }
    for target in other.atoms {
      let shift = target.position.plane - first.position.plane
      let fits = atoms.allSatisfy { atom in
        other.atoms.contains {
          $0.element == atom.element && $0.meanSquare == atom.meanSquare
            && abs(($0.position.z - other.plane) - (atom.position.z - plane)) < 1e-6
            && cell.contains($0.position.plane - atom.position.plane - shift)
        }
      }
      if fits { return shift }
    }
    return nil
  }
}

/// Which layers are others moved along the surface.
struct BulkKinds {
  /// For every layer the first one that it repeats, and by which shift.
  private(set) var kind: [Int] = []
  private(set) var shift: [PlaneVector] = []

  init(layers: [SurfaceLayer], cell: PlaneCell) {
    for layer in layers {
      let earlier = Set(kind).sorted().lazy.compactMap { first in
        layers[first].translation(to: layer, in: cell).map { (first, $0) }
      }.first
      kind.append(earlier?.0 ?? kind.count)
      shift.append(earlier?.1 ?? .zero)
    }
  }
}

/// Builds the reflection of many bulk planes by layer doubling. Planes that repeat others at another
/// place, and half stacks that do, are computed once and moved.
struct BulkStacking {
  let layers: [SurfaceLayer]
  let cell: PlaneCell
  let repeatVector: Position
  let beams: BeamSet
  /// The matrices of a layer, by its number in `layers`.
  let matrices: (Int) throws(CBLEEDError) -> LayerMatrices

  /// The reflection of `repeats` repeats, referred to the first plane.
  func reflection(repeats: Int) throws(CBLEEDError) -> ComplexMatrix {
    let unit = try stack(0..<layers.count)
    // Doubling stops a step early: the last steps need the reflection only, which costs a third.
    var blocks = [unit]
    var gaps = 1
    while gaps * 4 <= repeats {
      let last = blocks[blocks.count - 1]
      blocks.append(try last.over(moved(last, times: gaps), phases: beams.phases(gapBetweenRepeats)))
      gaps *= 2
    }
    var remaining = repeats - gaps
    var reflection = blocks[blocks.count - 1].reflectionAbove
    var covered = gaps
    // From below upwards; a block of 2^n repeats is lifted by keeping its waves relative to itself.
    for (power, block) in blocks.enumerated().reversed() {
      let count = 1 << power
      while remaining >= count {
        let shift = beams.shift(Double(count) * repeatVector.plane)
        let lower = reflection.scaled(rows: shift.map(\.conjugate), columns: shift)
        reflection = try block.reflection(over: lower, phases: beams.phases(gapBetweenRepeats))
        remaining -= count
        covered += count
      }
    }
    assert(covered == repeats, "all repeats are stacked")
    return reflection
  }

  private var gapBetweenRepeats: Double {
    guard let first = layers.first, let last = layers.last else { return 0 }
    return last.plane - (first.plane + repeatVector.z)
  }

  private func moved(_ block: LayerMatrices, times: Int) -> LayerMatrices {
    block.shifted(beams.shift(Double(times) * repeatVector.plane))
  }

  private func stack(_ range: Range<Int>) throws(CBLEEDError) -> LayerMatrices {
    guard range.count > 1 else { return try matrices(range.lowerBound) }
    let middle = range.lowerBound + range.count / 2
    let upper = try stack(range.lowerBound..<middle)
    let lower =
      if let shift = shiftOfHalves(range) { upper.shifted(beams.shift(shift)) } else {
        try stack(middle..<range.upperBound)
      }
    return try upper.over(lower, phases: beams.phases(layers[middle - 1].plane - layers[middle].plane))
  }

  /// The one shift that turns the upper half of the layers into the lower half.
  private func shiftOfHalves(_ range: Range<Int>) -> PlaneVector? {
    let half = range.count / 2
    guard range.count == 2 * half,
      let shift = layers[range.lowerBound].translation(to: layers[range.lowerBound + half], in: cell)
    else { return nil }
    let drop = layers[range.lowerBound + half].plane - layers[range.lowerBound].plane
    for i in range.lowerBound..<range.lowerBound + half {
      guard let other = layers[i].translation(to: layers[i + half], in: cell), cell.contains(other - shift),
        abs(layers[i + half].plane - layers[i].plane - drop) < 1e-6
      else { return nil }
    }
    return shift
  }
}
