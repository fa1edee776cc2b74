import System
import Diffraction
import SPED

/// A small scan made in memory: even crystals with spots on a faint background, counted electrons.
final class SyntheticScan: FrameSource {
  struct Part {
    var columns: Range<Int>
    var rows: Range<Int>
    var spots: [(x: Double, y: Double, electrons: Double)]
  }

  let width = 24
  let height = 20
  let side = 64
  let parts: [Part]
  var frames: Int
  let summary: FileSummary
  private var made: [Int: Pixels] = [:]

  init(_ parts: [Part], frames: Int? = nil, statesScan: Bool = true) {
    self.parts = parts
    self.frames = frames ?? 24 * 20
    summary = FileSummary(
      format: "memory", width: 64, height: 64, sample: .uint16, frames: self.frames, declaredFrames: 24 * 20,
      scan: statesScan ? Sourced(ScanShape(width: 24, height: 20), source: "test") : nil,
      calibration: Calibration(x: Sourced(AxisCalibration(scale: 0.02, unit: "1/Å"), source: "test")))
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    let (px, py) = (index % width, index / width)
    var random = RandomNumbers(seed: 7).stream(index)
    // The beam wanders over the scan by two pixels.
    let cx = Double(side) / 2 + 2 * Double(px) / Double(width) - 1
    let cy = Double(side) / 2 + Double(py) / Double(height) - 0.5
    var spots = [(x: 0.0, y: 0.0, electrons: 4000.0)]
    for part in parts where part.columns.contains(px) && part.rows.contains(py) { spots += part.spots }
    var expected = [Double](repeating: 0, count: side * side)
    for y in 0..<side {
      for x in 0..<side {
        let (dx, dy) = (Double(x) - cx, Double(y) - cy)
        expected[y * side + x] = 0.1 + 2 / (1 + (dx * dx + dy * dy) / 60)
      }
    }
    for spot in spots {
      for y in max(0, Int(spot.y + cy) - 5)..<min(side, Int(spot.y + cy) + 7) {
        for x in max(0, Int(spot.x + cx) - 5)..<min(side, Int(spot.x + cx) + 7) {
          let (dx, dy) = (Double(x) - cx - spot.x, Double(y) - cy - spot.y)
          expected[y * side + x] += spot.electrons / 6.283 * gaussian((dx * dx + dy * dy) / 2)
        }
      }
    }
    let counts = expected.map { UInt16(min(65_535, random.poisson($0))) }
    return Frame(pixels: Pixels(width: side, height: side, values: counts), index: index)
  }

  private func gaussian(_ x: Double) -> Double {
    var (term, sum) = (1.0, 1.0)
    for n in 1..<12 { (term, sum) = (term * x / 8 / Double(n), sum + term * x / 8 / Double(n)) }
    let eighth = 1 / sum
    let quarter = eighth * eighth
    let half = quarter * quarter
    return half * half
  }

  /// Three crystals of different lattices, two of which overlap.
  static func threeCrystals(frames: Int? = nil, statesScan: Bool = true) -> SyntheticScan {
    SyntheticScan(
      [
        Part(
          columns: 2..<11, rows: 2..<11,
          spots: [(12, 3, 120), (-12, -3, 90), (-3, 12, 80), (3, -12, 70), (9, 15, 60), (-15, 9, 50)]),
        Part(
          columns: 8..<18, rows: 7..<17,
          spots: [(16, 0, 110), (-16, 0, 90), (0, 17, 60), (8, -17, 80), (-8, 18, 70)]),
        Part(columns: 19..<23, rows: 3..<8, spots: [(20, 8, 90), (-10, -20, 80), (-21, 10, 60)]),
      ], frames: frames, statesScan: statesScan)
  }

  func points(_ part: Int) -> PointSet {
    let part = parts[part]
    return PointSet(
      width: width, height: height,
      points: (0..<width * height).filter {
        part.columns.contains($0 % width) && part.rows.contains($0 / width)
      })
  }
}
