import Diffraction
import Scattering

/// Everything that a table of rocking curves depends on. Equal requests have equal tables.
package struct TableRequest: Sendable, Hashable {
  /// The distance of incidences.
  package enum Step: Sendable, Hashable {
    /// As wide as linear interpolation between incidences allows: its root mean square error, relative to
    /// the intensities, measured at a few places before the table is made.
    case adaptive(error: Double)
    /// In mrad.
    case fixed(Double)
  }

  package var crystal: OrientedCrystal
  package var kilovolts: Double
  package var multislice: MultisliceSettings
  /// Largest angle of the aperture (half of a soft edge included), mistilt and scattering angle that
  /// patterns may have, in mrad.
  package var convergence: Double
  package var mistilt: Double
  package var angle: Double
  /// Largest thickness in nm.
  package var thickness: Double
  package var symmetry: SymmetryUse
  package var step: Step
  /// Rocking curves are averaged over pixels of so many mrad, see `averaged(over:)`; 0 keeps them as
  /// they are, point by point.
  package var pixel = 0.0
  /// Bytes that the table may take in memory while it is made; afterwards it is half as large.
  package var memoryLimit: Int

  /// `angle` is twice the convergence angle where it is not given.
  package init(
    crystal: OrientedCrystal, kilovolts: Double, multislice: MultisliceSettings = .init(),
    convergence: Double,
    mistilt: Double, angle: Double? = nil, thickness: Double, symmetry: SymmetryUse = .exact,
    step: Step = .adaptive(error: 0.025), memoryLimit: Int = 1 << 30
  ) {
    self.crystal = crystal
    self.kilovolts = kilovolts
    self.multislice = multislice
    self.convergence = convergence
    self.mistilt = mistilt
    self.angle = angle ?? 2 * convergence
    self.thickness = thickness
    self.symmetry = symmetry
    self.step = step
    self.memoryLimit = memoryLimit
  }

  package var beam: ElectronBeam { ElectronBeam(kilovolts: kilovolts) }

  func check() throws(PACBEDError) {
    func check(_ name: String, _ value: Double, _ range: ClosedRange<Double>, _ unit: String)
      throws(PACBEDError)
    {
      guard range.contains(value) else {
        throw .parameter(
          "\(name) \(value) \(unit) is outside \(range.lowerBound) to \(range.upperBound) \(unit)")
      }
    }
    try check("voltage", kilovolts, 10...3000, "kV")
    try check("convergence angle", convergence, 0.1...100, "mrad")
    try check("mistilt", mistilt, 0...100, "mrad")
    try check("scattering angle", angle, 0.1...300, "mrad")
    try check("thickness", thickness, 0.01...1000, "nm")
    try check("pixel", pixel, 0...20, "mrad")
    switch step {
    case .adaptive(let error): try check("interpolation error", error, 1e-5...0.5, "of the intensity")
    case .fixed(let step): try check("step of incidences", step, 0.01...20, "mrad")
    }
  }
}
