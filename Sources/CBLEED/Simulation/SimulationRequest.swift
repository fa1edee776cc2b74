/// What `ewald simulate cbleed` asks for.
package struct SimulationRequest: Sendable, Equatable {
  package enum Method: Sendable, Equatable {
    /// Single scattering: milliseconds a pattern, wrong below about 60 eV.
    case kinematic
    /// Full multiple scattering: seconds a pattern.
    case dynamical(DynamicalSettings)
  }

  /// How samples fill the ranges.
  package enum Order: Sendable, Equatable {
    /// Evenly and in no order: for training.
    case scattered
    /// All ranges from their lower to their upper ends together: an acquisition during which things change.
    case ramp
  }

  package var surface: SurfaceModel
  package var order = Order.scattered
  /// In eV.
  package var energies: ClosedRange<Double>
  /// Ranges of parameters; what is not named has the surface's own range, a single value is kept fixed.
  package var ranges: [String: ClosedRange<Double>]
  package var samples: Int
  package var seed: UInt64
  package var method: Method
  /// Samples that share one energy and one misalignment, and with them lattice sums and the bulk.
  package var structuresPerEnergy: Int
  package var detector: Detector
  package var augmentation: Augmentation

  package init(
    surface: SurfaceModel, energies: ClosedRange<Double> = 30...100,
    ranges: [String: ClosedRange<Double>] = [:], samples: Int, seed: UInt64 = 1, method: Method = .kinematic,
    structuresPerEnergy: Int? = nil, detector: Detector? = nil, augmentation: Augmentation = .none
  ) {
    self.surface = surface
    self.energies = energies
    self.ranges = ranges
    self.samples = samples
    self.seed = seed
    self.method = method
    self.structuresPerEnergy = structuresPerEnergy ?? (method == .kinematic ? 1 : 8)
    self.detector = detector ?? Detector(commensurateWith: surface.cell)
    self.augmentation = augmentation
  }

  /// Phase shifts are tabulated to here, in eV inside the crystal.
  static let highestInnerEnergy = 140.0

  var potential: InnerPotential {
    switch method {
    case .kinematic: InnerPotential()
    case .dynamical(let settings): settings.potential
    }
  }

  func check() throws(CBLEEDError) {
    guard samples > 0 else { throw .request("samples must be positive") }
    guard structuresPerEnergy > 0 else { throw .request("structures per energy must be positive") }
    guard energies.lowerBound >= 5, energies.upperBound + potential.real <= Self.highestInnerEnergy else {
      throw .request(
        "energies must lie between 5 and \(Self.highestInnerEnergy - potential.real) eV, not \(energies)")
    }
    for name in ranges.keys.sorted() where surface.parameter(name) == nil {
      throw .request(
        "\(surface.name) has no parameter \"\(name)\"; it has "
          + surface.parameters.map(\.name).joined(separator: ", "))
    }
    guard detector.size > 0, detector.size <= 1024, detector.pixel > 0, detector.discRadius > 0 else {
      throw .request("a detector has 1 to 1024 pixels a side and discs of some size")
    }
    try augmentation.check()
  }
}

extension Detector {
  /// A detector of about `halfWidth` to either side on which beams are whole pixels apart, as far as the
  /// cell's shape allows: all discs then sample the same incident directions.
  package init(
    commensurateWith cell: PlaneCell, size: Int = 64, halfWidth: Double = 2.1, discRadius: Double = 0.38
  ) {
    let (u, v) = cell.reciprocal
    let shortest = min(u.length, v.length)
    let pixels = max(1, (shortest * Double(size) / (2 * halfWidth)).rounded())
    self.init(size: size, pixel: shortest / pixels, discRadius: discRadius, rim: .averaged)
  }
}
