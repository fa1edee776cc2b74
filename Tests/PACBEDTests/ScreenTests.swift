import Arrays
import Glibc
import PACBED
import Scattering
import System
import Testing

@Suite struct ScreenTests {
  private static let convergence = 5.5

  /// What a camera sees of a crystal, where `isCounted` says that it does.
  private func image(
    _ truth: PatternParameters, isCounted: (Int) -> Bool = { _ in true }
  ) -> FitImage {
    let size = FitImage.size
    let pitch = ModelDomain.field * Self.convergence / Double(size / 2)
    let blank = FitImage(
      pixels: [Float](repeating: 0, count: size * size),
      isCounted: (0..<size * size).map(isCounted), pitch: pitch)
    var image = blank
    image.pixels =
      PatternFit(table: SmallModel.table, image: blank, statedConvergence: Self.convergence)
      .render(truth).map { 300 + 1000 * $0 }
    return image
  }

  @Test(arguments: [0, 1, 2, 3, 4, 5])
  func `a screen finds crystals that nobody thought of`(_ number: Int) throws {
    let domain = try SmallModel.domain()
    let screen = PatternScreen(SmallModel.table, domain, convergence: Self.convergence)
    let period = try domain.rotationPeriod()
    var random = RandomNumbers(seed: 11).stream(number)
    var truth = PatternParameters(thickness: 3 + Double(number) * 0.8, convergence: Self.convergence)
    truth.rotationDegrees = random.uniform(in: 0...90)
    let direction = random.uniform(in: 0...2 * .pi)
    truth.mistilt = Vector2(cos(direction), sin(direction)) * random.uniform(in: 0.3...1.8)
    // The whole pattern, and the upper half of it.
    for rows in [FitImage.size, FitImage.size / 2] {
      let starts = screen.starts(
        image(truth) { $0 / FitImage.size < rows },
        PatternParameters(thickness: 1, convergence: Self.convergence), holdsGeometry: false,
        holdsScale: false, limit: 6)
      #expect(starts.count > 1)
      let isFound = starts.contains { start in
        abs(start.thickness - truth.thickness) < 0.9
          && abs(start.mistilt.length - truth.mistilt.length) < 0.6
          && abs((start.rotationDegrees - truth.rotationDegrees).remainder(dividingBy: period)) < 15
      }
      #expect(isFound, "\(rows) rows, \(truth): \(starts)")
    }
  }
}
