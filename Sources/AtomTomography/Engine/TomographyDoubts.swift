import Analysis
import Diffraction

/// What speaks against a reconstruction, in a plane or in space.
struct TomographyDoubts {
  let account: SearchAccount
  /// Of each projection, and of its pixels.
  let masses: [Double]
  let area: Double
  let pixels: Int
  /// What the atoms that were searched weigh.
  let weight: Double
  let doubts: [[AtomDoubt]]

  func note(in judgement: inout Judgement) {
    // In atoms, as is what noise does to that.
    let masses = masses.map { $0 / account.mass }
    let error = account.noise.deviation * area * Double(pixels).squareRoot() / account.mass
    let mean = masses.reduce(0, +) / Double(max(1, masses.count))
    if !account.isConverged {
      judgement.note(
        .notConverged,
        "not converged: the misfit is \(account.ratio.short) times what noise leaves, so atoms are wrong")
    }
    let (least, most) = (masses.min() ?? 0, masses.max() ?? 0)
    let told = masses.map(\.short).joined(separator: ", ")
    if most - least > max(0.5, 6 * error) {
      judgement.note(.masses, "the projections weigh \(told) atoms: they do not show the same ones")
    } else if (mean - weight).magnitude > max(0.4, 3 * error) {
      judgement.note(.masses, "the projections weigh \(told) atoms, \(weight.short) were searched")
    }
    let rivals = doubts.count { $0.contains(.restarts) }
    if rivals > 0 {
      judgement.note(
        .restarts,
        "restarts that explain the projections as well have \(rivals == 1 ? "an atom" : "\(rivals) atoms") elsewhere"
      )
    }
    let open = doubts.indices.filter { !doubts[$0].isEmpty }
    if account.isConverged, !open.isEmpty {
      let names = open.prefix(6).map { "\($0 + 1)" }.joined(separator: ", ")
      let what = open.count == 1 ? "one atom is" : "\(open.count) atoms are"
      judgement.note(
        .undetermined,
        "\(what) not determined by the projections: \(names)\(open.count > 6 ? " …" : "")")
    }
  }
}
