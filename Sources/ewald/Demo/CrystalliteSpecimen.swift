import AtomTomography
import FrameFormats
import System

/// A nanocrystal after the other, each with another defect: projected along the rows of its lattice, and now and then a
/// cluster in space, of which there are images.
struct CrystalliteSpecimen: DemoSpecimen {
  private let seed: UInt64

  init(seed: UInt64) { self.seed = seed }

  func exposure(_ number: Int, _ accident: Accident?) -> Exposure {
    number % 5 == 0 ? cluster(number, accident) : crystallite(number, accident)
  }

  private func crystallite(_ number: Int, _ accident: Accident?) -> Exposure {
    var crystallite = Crystallite()
    crystallite.kind = LatticeKind.allCases[number / 2 % LatticeKind.allCases.count]
    crystallite.defect = [.vacancy, .interstitial, .dislocation][number % 3]
    crystallite.angles = Crystallite.standardAngles(crystallite.kind, count: 2 + number % 2)
    // At even steps a file can state them.
    crystallite.angles.sort()
    crystallite.seed = seed &+ UInt64(number)
    var projections = crystallite.projections(of: crystallite.atoms())
    Self.suffer(accident, &projections.values)
    return Exposure(file: frameName("crystal", number), bytes: TomographyRequest.tiff(projections))
  }

  private func cluster(_ number: Int, _ accident: Accident?) -> Exposure {
    var crystal = NanoCluster()
    crystal.atoms = 55
    crystal.structure = NanoCluster.Structure.allCases[number / 5 % NanoCluster.Structure.allCases.count]
    crystal.defect = number % 2 == 0 ? .vacancy : .none
    crystal.noise = 0.02
    crystal.seed = seed &+ UInt64(number)
    crystal.euler = SIMD3(Double(37 * number % 90), Double(17 * number % 60), Double(29 * number % 90))
    var images = crystal.images(of: crystal.cluster())
    Self.suffer(accident, &images.values)
    return Exposure(
      file: frameName("cluster", number), bytes: ClusterImages.tiff(images, images.angles.indices))
  }

  private static func suffer(_ accident: Accident?, _ values: inout [Double]) {
    switch accident {
    case .blanked: values = values.map { _ in 0 }
    case .saturated:
      let limit = 0.3 * (values.max() ?? 1)
      values = values.map { min($0, limit) }
    case nil: break
    }
  }
}
