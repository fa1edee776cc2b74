import Analysis
import Diffraction
import Glibc

/// What is told of a reconstruction as curves: every projection, measured and computed, the misfit from step to step, and
/// over the energy's weight.
struct TomographyCurves {
  let measured: Projections
  let expected: Projections
  let account: SearchAccount

  var profiles: [Profile] {
    let projections = measured
    var profiles: [Profile] = []
    for (index, angle) in projections.angles.enumerated() {
      for (word, row) in [("measured", projections.row(index)), ("predicted", expected.row(index))] {
        profiles.append(
          Profile(
            name: "projection at \(angle.short)°, \(word)", unit: "r0",
            start: (projections.start / account.bond).told,
            step: (projections.pitch / account.bond).told,
            values: row.map { $0.rounded(digits: 4, keepsWhole: false) }))
      }
    }
    func digits(_ value: Double) -> Double { value.rounded(digits: 4, keepsWhole: false) }
    let steps = account.history
    if steps.count > 1 {
      // Misfits fall by orders of magnitude.
      let stride = max(1, steps.count / 100)
      let kept = steps.enumerated().filter { $0.offset % stride == 0 || $0.offset == steps.count - 1 }
      func curve(_ word: String, _ values: [Double]) -> Profile {
        Profile(
          name: "log misfit by step, \(word)", unit: "step", start: 0, step: Double(stride), values: values)
      }
      profiles.append(curve("measured", kept.map { digits(log10(max(1e-12, $0.element.misfit))) }))
      profiles.append(curve("predicted", kept.map { _ in digits(log10(max(1e-12, account.floor))) }))
    }
    let alphaCurve = account.alphaCurve
    if alphaCurve.count > 1, let first = alphaCurve.first {
      // From the lightest to the heaviest.
      let points = Array(alphaCurve.reversed())
      let start = log10(first.alpha) - Settlement.logarithmicStep * Double(points.count - 1)
      func curve(_ word: String, _ values: [Double]) -> Profile {
        Profile(
          name: "misfit by log alpha, \(word)", unit: "log alpha", start: start.told,
          step: Settlement.logarithmicStep,
          values: values)
      }
      profiles.append(curve("measured", points.map { digits($0.misfit) }))
      profiles.append(curve("predicted", points.map { _ in digits(account.floor) }))
    }
    return profiles
  }
}
