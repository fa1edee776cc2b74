import Glibc

/// The inner potential that electrons meet: real and absorptive part, both positive, in eV.
public struct InnerPotential: Sendable, Hashable {
  public var real: Double
  public var absorptive: Double

  public init(real: Double = 12, absorptive: Double = 4) {
    self.real = real
    self.absorptive = absorptive
  }
}

/// Where the infinite sums of multiple scattering are cut.
public struct DynamicalSettings: Sendable, Hashable {
  public enum LatticeRadius: Sendable, Hashable {
    /// Lattice sums run to this radius, in Angstrom.
    case fixed(Double)
    /// To where absorption has reduced an in-plane wave to this fraction.
    case untilAmplitude(Double)
  }

  public var maximumDegree: Int
  /// A beam counts while it keeps this fraction of its amplitude over `layerSpacing`.
  public var beamAmplitude: Double
  /// The smallest spacing between layers, in Angstrom.
  public var layerSpacing: Double
  public var latticeRadius: LatticeRadius
  /// Bulk planes below the surface layers; rounded up to whole repeats.
  public var bulkLayers: Int
  public var potential: InnerPotential
  /// Which incident directions of a pattern are solved.
  public var cone: ConeSampling

  public init(
    maximumDegree: Int = 6, beamAmplitude: Double = 0.003, layerSpacing: Double = 1.24,
    latticeRadius: LatticeRadius = .untilAmplitude(0.001), bulkLayers: Int = 16,
    potential: InnerPotential = InnerPotential(), cone: ConeSampling = .everyPixel
  ) {
    self.maximumDegree = maximumDegree
    self.beamAmplitude = beamAmplitude
    self.layerSpacing = layerSpacing
    self.latticeRadius = latticeRadius
    self.bulkLayers = bulkLayers
    self.potential = potential
    self.cone = cone
  }

  func radius(absorption: Double) -> Double {
    switch latticeRadius {
    case .fixed(let radius): radius
    case .untilAmplitude(let amplitude): -log(amplitude) / absorption
    }
  }
}
