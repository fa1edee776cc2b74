import AtomTomography
import FrameFormats
import System

/// A nanocrystal after the other, each with another defect, projected along the rows of its lattice.
struct CrystalliteSpecimen: DemoSpecimen {
  private let seed: UInt64

  init(seed: UInt64) { self.seed = seed }

  func exposure(_ number: Int, _ accident: Accident?) -> Exposure {
    var crystallite = Crystallite()
    crystallite.kind = LatticeKind.allCases[number / 2 % LatticeKind.allCases.count]
    crystallite.defect = [.vacancy, .interstitial, .dislocation][number % 3]
    crystallite.angles = Crystallite.standardAngles(crystallite.kind, count: 2 + number % 2)
    // At even steps a file can state them.
    crystallite.angles.sort()
    crystallite.seed = seed &+ UInt64(number)
    var projections = crystallite.projections(of: crystallite.atoms())
    switch accident {
    case .blanked: projections.values = projections.values.map { _ in 0 }
    case .saturated:
      let limit = 0.3 * (projections.values.max() ?? 1)
      projections.values = projections.values.map { min($0, limit) }
    case nil: break
    }
    return Exposure(file: frameName("crystal", number), bytes: TomographyRequest.tiff(projections))
  }
}
