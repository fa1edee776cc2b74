/// A beam of electrons, relativistic: CODATA 2018 in Å, V and eV.
public struct ElectronBeam: Sendable, Hashable {
  /// Accelerating voltage in V.
  public let volts: Double

  /// hc in eV Å.
  static let hc = 12_398.419_843_320_026
  /// Rest energy in eV.
  static let restEnergy = 510_998.950_00
  /// h² / (2 pi m e) in V Å²: takes a scattering factor in Å to a potential in V Å³.
  public static let potentialPerScattering = hc * hc / (2 * .pi * restEnergy)

  public init(volts: Double) { self.volts = volts }
  public init(kilovolts: Double) { volts = kilovolts * 1e3 }

  /// The beam of a wavelength in Å; nil for one that no microscope has.
  public init?(wavelength: Double) {
    guard wavelength > 1e-4, wavelength < 10 else { return nil }
    let momentum = Self.hc / wavelength
    let total = (momentum * momentum + Self.restEnergy * Self.restEnergy).squareRoot()
    // E - mc² without the loss of digits of a slow beam.
    volts = momentum * momentum / (total + Self.restEnergy)
  }

  /// lambda = hc / sqrt(eU (2 mc² + eU)), in Å.
  public var wavelength: Double { Self.hc / (volts * (2 * Self.restEnergy + volts)).squareRoot() }

  /// The relativistic mass over the rest mass.
  public var massRatio: Double { 1 + volts / Self.restEnergy }

  /// sigma = 2 pi m e lambda / h² with the relativistic mass, in 1/(V Å): the phase of a beam behind a
  /// projected potential V, in V Å, is sigma V.
  public var interactionConstant: Double {
    2 * .pi * massRatio * Self.restEnergy * wavelength / (Self.hc * Self.hc)
  }
}
