import Scattering

/// What a model knows: one crystal along one zone axis at one voltage, and how far each quantity may go.
package struct ModelDomain: Sendable, Hashable {
  package var crystal: Crystal
  package var zone: SIMD3<Int>
  package var kilovolts: Double
  /// mrad.
  package var convergence: ClosedRange<Double>
  /// nm.
  package var thickness: ClosedRange<Double>
  /// Magnitude in mrad.
  package var mistilt: ClosedRange<Double>

  package init(
    crystal: Crystal, zone: SIMD3<Int> = [0, 0, 1], kilovolts: Double, convergence: ClosedRange<Double>,
    thickness: ClosedRange<Double> = 0...100, mistilt: ClosedRange<Double> = 0...10
  ) {
    self.crystal = crystal
    self.zone = zone
    self.kilovolts = kilovolts
    self.convergence = convergence
    self.thickness = thickness
    self.mistilt = mistilt
  }

  /// The pattern's half width in units of the stated convergence angle: the disc and half its radius around
  /// it. So the disc always has one size in the image that the network reads.
  package static let field = 1.5
  /// How far the true angle of a pixel may be from the assumed one.
  package static let scale = 0.89...1.12
  /// Relative error of the stated convergence angle that is trained for.
  static let convergenceError = 0.03

  /// Whether the microscope's stated voltage is this one's.
  func isFor(kilovolts stated: Double?) -> Bool {
    stated.map { abs(kilovolts - $0) < 0.02 * $0 } ?? true
  }

  package func oriented() throws(PACBEDError) -> OrientedCrystal {
    do {
      return try OrientedCrystal(crystal, zone: zone)
    } catch {
      throw .crystal(error)
    }
  }

  /// What elastic scattering by atoms at rest leaves out.
  package struct ThermalScattering: Sendable, Hashable {
    /// Damps all atoms alike, in Å²; nil where nobody knows, and the pattern is asked.
    package var b: Double?
    /// What thermal scattering takes from the elastic waves, as a share of the potential.
    package var absorption: Double

    package init(b: Double? = 0, absorption: Double = 0) {
      self.b = b
      self.absorption = absorption
    }

    /// One for a known motion, else several to choose between.
    var motions: [(share: Double, motion: MultisliceSettings.Motion)] {
      guard let b else {
        return MotionTables.standardShares.map { ($0, $0 > 0 ? .independent(share: $0) : .none) }
      }
      return [(0, b > 0 ? .uniform(b: b) : .none)]
    }
  }

  /// The table that covers the domain, averaged over the pixels of the network's image; of an unknown motion the
  /// one of atoms at rest.
  package func tableRequest(_ specimen: ThermalScattering = .init()) throws(PACBEDError) -> TableRequest {
    try tableRequest(specimen.motions[0].motion, absorption: specimen.absorption)
  }

  /// What `MotionTables` are made of.
  func tableRequests(_ specimen: ThermalScattering) throws(PACBEDError) -> [(
    share: Double, request: TableRequest
  )] {
    var requests: [(share: Double, request: TableRequest)] = []
    for (share, motion) in specimen.motions {
      requests.append((share, try tableRequest(motion, absorption: specimen.absorption)))
    }
    return requests
  }

  private func tableRequest(
    _ motion: MultisliceSettings.Motion, absorption: Double
  ) throws(PACBEDError) -> TableRequest {
    let most = convergence.upperBound * (1 + Self.convergenceError)
    var request = TableRequest(
      crystal: try oriented(), kilovolts: kilovolts,
      multislice: MultisliceSettings(motion: motion, absorption: absorption),
      convergence: (most * 1.04 * 10).rounded(.up) / 10, mistilt: mistilt.upperBound,
      angle: (convergence.upperBound * Self.field * 1.22 * 10).rounded(.up) / 10,
      thickness: thickness.upperBound)
    request.pixel = pixel
    return request
  }

  /// The angle of a pixel of the image that the network reads, in mrad, in the middle of the range.
  var pixel: Double {
    let middle = (convergence.lowerBound * convergence.upperBound).squareRoot()
    return Self.field * middle / (Double(PatternNetwork.size) / 2)
  }

  /// Degrees after which a turned pattern looks the same again, screws along the beam included.
  package func rotationPeriod() throws(PACBEDError) -> Double {
    let turns = try oriented().symmetry(.screw).filter {
      $0.cartesian[0] * $0.cartesian[3] - $0.cartesian[1] * $0.cartesian[2] > 0
    }
    return 360 / Double(max(1, turns.count))
  }

  func check() throws(PACBEDError) {
    guard convergence.lowerBound > 0, convergence.upperBound <= 80 else {
      throw .parameter("convergence angles \(convergence) mrad: above 0 and up to 80 mrad are trained")
    }
    guard thickness.lowerBound >= 0, thickness.upperBound - thickness.lowerBound >= 2,
      thickness.upperBound <= 400
    else { throw .parameter("thicknesses \(thickness) nm: a range of 2 nm or more within 0 to 400 nm") }
    guard mistilt.lowerBound >= 0, mistilt.upperBound >= 0.5, mistilt.upperBound <= 60 else {
      throw .parameter("mistilts \(mistilt) mrad: 0 to between 0.5 and 60 mrad are trained")
    }
    guard zone != .zero else { throw .parameter("zone [0 0 0] is no direction") }
  }
}
