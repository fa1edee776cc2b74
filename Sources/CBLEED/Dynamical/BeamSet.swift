import Arrays
import Glibc

/// The order of a beam in units of the surface cell's reciprocal vectors.
package struct BeamIndex: Sendable, Hashable {
  package var h: Int
  package var k: Int

  package init(_ h: Int, _ k: Int) {
    self.h = h
    self.k = k
  }
}

/// The plane waves exp(i (kappa + g).r) between layers and their expansions in spherical waves.
///
/// Beams are chosen by |kappa + g|, so that a wave and its reverse meet the same set: without that
/// reciprocity would hold only as well as the cut.
package struct BeamSet {
  package let indices: [BeamIndex]
  let kappa: PlaneVector
  /// g of every beam.
  let orders: [PlaneVector]
  package let normal: [ComplexDouble]
  /// Y_L of the waves going up and down, a row for every beam.
  let up: ComplexMatrix
  let down: ComplexMatrix
  let basis: AngularBasis
  let waveNumber: ComplexDouble

  package var count: Int { indices.count }
  package func position(_ beam: BeamIndex) -> Int? { indices.firstIndex(of: beam) }

  package init(
    kappa: PlaneVector, waveNumber k: ComplexDouble, cell: PlaneCell, harmonics: SphericalHarmonics,
    settings: DynamicalSettings
  ) {
    let decay = -log(settings.beamAmplitude) / settings.layerSpacing
    let limit = (k * k).re + decay * decay
    let reach = limit.squareRoot() + kappa.length
    // |h| |a*| <= reach |a| |a*| / 2 pi bounds the orders.
    let hMaximum = Int(reach * cell.a.length / (2 * .pi)) + 1
    let kMaximum = Int(reach * cell.b.length / (2 * .pi)) + 1
    var indices: [BeamIndex] = []
    for h in -hMaximum...hMaximum {
      for k in -kMaximum...kMaximum where (kappa + cell.beam(h, k)).squaredLength <= limit {
        indices.append(BeamIndex(h, k))
      }
    }
    let orders = indices.map { cell.beam($0.h, $0.k) }
    let normal = orders.map { (k * k - ComplexDouble((kappa + $0).squaredLength)).upperSquareRoot }
    func table(_ sign: Double) -> ComplexMatrix {
      ComplexMatrix(rows: indices.count, columns: harmonics.basis.count) { out in
        guard let base = out.baseAddress else { return }
        for beam in indices.indices {
          let p = kappa + orders[beam]
          let length = p.length
          harmonics.fill(
            base + beam * harmonics.basis.count, cosine: sign * normal[beam] / k,
            sine: ComplexDouble(length) / k,
            turn: length > 1e-12 ? ComplexDouble(p.x / length, p.y / length) : ComplexDouble(1))
        }
      }
    }
    self.indices = indices
    self.kappa = kappa
    self.orders = orders
    self.normal = normal
    up = table(1)
    down = table(-1)
    basis = harmonics.basis
    waveNumber = k
  }

  private init(
    indices: [BeamIndex], kappa: PlaneVector, orders: [PlaneVector], normal: [ComplexDouble],
    up: ComplexMatrix,
    down: ComplexMatrix, basis: AngularBasis, waveNumber: ComplexDouble
  ) {
    self.indices = indices
    self.kappa = kappa
    self.orders = orders
    self.normal = normal
    self.up = up
    self.down = down
    self.basis = basis
    self.waveNumber = waveNumber
  }

  /// Some of the beams, seen from kappa + origin: the ones that a plane of smaller cells mixes.
  func subset(_ chosen: [Int], origin: PlaneVector) -> BeamSet {
    BeamSet(
      indices: chosen.map { indices[$0] }, kappa: kappa + origin, orders: chosen.map { orders[$0] - origin },
      normal: chosen.map { normal[$0] }, up: up.selectingRows(chosen), down: down.selectingRows(chosen),
      basis: basis, waveNumber: waveNumber)
  }

  /// exp(i kz gap): how waves change over a height.
  func phases(_ gap: Double) -> [ComplexDouble] { normal.map { (gap * $0).wave } }

  /// Factors exp(i g.shift) of beams.
  func shift(_ shift: PlaneVector) -> [ComplexDouble] { orders.map { ComplexDouble(phase: $0.dot(shift)) } }
}

/// The two ways a wave can go.
enum Heading: Sendable {
  case up
  case down
  var sign: Double { self == .up ? 1 : -1 }
}
