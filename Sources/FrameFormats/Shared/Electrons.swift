import Glibc

/// The wavelength of electrons, for calibrations that a file gives as a length on the detector.
enum Electrons {
  /// Relativistic: lambda = h c / sqrt(E (E + 2 m c^2)), in ångström.
  static func wavelength(volts: Double) -> Double? {
    guard volts.isFinite, volts > 0 else { return nil }
    let rest = 510_998.950  // electron-volt
    return 12_398.419_843 / (volts * (volts + 2 * rest)).squareRoot()
  }
}
