import Diffraction

extension AxisCalibration {
  /// Metres, their inverse and radians are no sizes for a pattern: the same in the field's units. `nil` without a
  /// unit, or for pixels.
  var inUnitsOfTheField: AxisCalibration? {
    func times(_ factor: Double, _ unit: String) -> AxisCalibration {
      AxisCalibration(scale: scale * factor, origin: origin * factor, unit: unit)
    }
    guard scale.isFinite, origin.isFinite, scale != 0 else { return nil }
    switch unit {
    case "m": return times(1e9, "nm")
    case "1/m": return times(1e-9, "1/nm")
    case "rad": return times(1e3, "mrad")
    case "", "px", "pixel", "pixels", "null": return nil
    default: return self
    }
  }
}
