import Testing

@Suite(.serialized) struct ReferenceTests {
  @Test(arguments: ReferencePattern.selection)
  func `patterns agree with abTEM's as well as its grid allows`(reference: ReferencePattern) throws {
    let pattern = try reference.simulate(imitating: false, step: reference.thicknessA > 300 ? 0.5 : 0.8)
    let threshold =
      switch reference.crystal {
      case "sto": 0.9995
      case "beryl_orth": 0.999
      default: reference.thicknessA < 210 ? 0.999 : 0.996
      }
    let match = correlation(pattern, try reference.pixels())
    #expect(match >= threshold, "\(match)")
  }

  // Thick ones need a finer step of incidences and take minutes: not every day.
  @Test(
    arguments: ReferencePattern.selection.filter { $0.thicknessA < 450 || ReferencePattern.more != nil })
  func `with abTEM's grid imitated patterns are the same`(reference: ReferencePattern) throws {
    let pattern = try reference.simulate(
      imitating: true, step: reference.thicknessA < 450 ? 0.8 : 0.4)
    let match = correlation(pattern, try reference.pixels())
    #expect(match >= 0.9999, "\(match)")
    let sum = pattern.reduce(0.0) { $0 + Double($1) }
    #expect(abs(sum / reference.totalIntensity - 1) < 0.006, "\(sum) \(reference.totalIntensity)")
  }
}
