import Glibc

/// The inner potential that electrons meet: real and absorptive part, both positive, in eV.
package struct InnerPotential: Sendable, Hashable {
  package var real: Double
  package var absorptive: Double

  package init(real: Double = 12, absorptive: Double = 4) {
    self.real = real
    self.absorptive = absorptive
  }
}

/// Where the infinite sums of multiple scattering are cut.
package struct DynamicalSettings: Sendable, Hashable {
  package enum LatticeRadius: Sendable, Hashable {
    /// Lattice sums run to this radius, in Angstrom.
    case fixed(Double)
    /// To where absorption has reduced an in-plane wave to this fraction.
    case untilAmplitude(Double)
  }

  package var maximumDegree: Int
  /// A beam counts while it keeps this fraction of its amplitude over `layerSpacing`.
  package var beamAmplitude: Double
  /// The smallest spacing between layers, in Angstrom.
  package var layerSpacing: Double
  package var latticeRadius: LatticeRadius
  /// Bulk planes below the surface layers; rounded up to whole repeats.
  package var bulkLayers: Int
  package var potential: InnerPotential
  /// Which incident directions of a pattern are solved.
  package var cone: ConeSampling

  package init(
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
