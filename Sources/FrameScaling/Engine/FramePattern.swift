import Arrays
import Diffraction

/// One frame's reflections as a pattern: a disc each where it stands on the detector, as bright as its amplitude.
struct FramePattern {
  let observed: Exhibit.Image
  let expected: Exhibit.Image
  let difference: Exhibit.Image

  private static let side = 128
  private static let radius = 2.2

  init(_ problem: ScalingProblem, frame: Int, amplitudes: [Double], name: String, limit: Double) {
    let beams = problem.frames[frame]
    let rows = problem.starts[frame]..<problem.starts[frame + 1]
    let side = Self.side
    let pixel = 2.1 * limit / Double(side)
    var observed = [Float](repeating: 0, count: side * side)
    var calculated = observed
    for (row, place) in zip(rows, beams.places) {
      let column = 0.5 * Double(side) + place.x / pixel
      let line = 0.5 * Double(side) - place.y / pixel
      for i in span(of: side, around: line, reach: Self.radius) {
        for j in span(of: side, around: column, reach: Self.radius) {
          let (dx, dy) = (Double(j) + 0.5 - column, Double(i) + 0.5 - line)
          guard dx * dx + dy * dy <= Self.radius * Self.radius else { continue }
          observed[i * side + j] = Float(problem.rows[row].amplitude)
          calculated[i * side + j] = Float(amplitudes[row])
        }
      }
    }
    let axis = AxisCalibration(scale: pixel, origin: -0.5 * Double(side) * pixel, unit: "1/Å")
    func image(_ word: String, _ values: [Float], _ role: Exhibit.Role) -> Exhibit.Image {
      Exhibit.Image(
        "\(name), \(word)", Pixels(width: side, height: side, values: values), unit: "amplitude", role: role,
        signal: .spots, pixel: axis)
    }
    self.observed = image("observed", observed, .measured)
    expected = image("calculated", calculated, .expected)
    difference = image("observed less calculated", zip(observed, calculated).map { $0 - $1 }, .difference)
  }
}
