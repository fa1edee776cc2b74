import Diffraction
import Foundation
import FrameFormats
import FrameScaling
import JSON
import Scattering
import Testing

/// A measured series, which is not in this checkout.
enum MeasuredQuartz {
  static let folder =
    (ProcessInfo.processInfo.environment["EWALD_SHARED"] ?? "../shared")
    + "/reference/scale3ded/quartz_crot_real"
  static let isThere = FileManager.default.fileExists(atPath: folder + "/quartz.cif_pets")

  static func series() throws -> ZoneSeries {
    let source = try FormatList.open(path: folder + "/quartz.cif_pets")
    return try #require(ZoneSeries(try source.frame(at: 0).pixels))
  }

  static func structure() throws -> StructureModel {
    try StructureModel(
      try AsymmetricUnit(cif: Array(Data(contentsOf: URL(filePath: folder + "/quartz_start.cif")))),
      factor: Reference.factor)
  }

  static func problem(hand: Hand = .given, model: ThicknessModel = .uniform) throws -> ScalingProblem {
    let series = try series()
    let structure = try structure()
    let orientation = try #require(OrientationMatrix(series.orientation, cell: structure.unit.cell))
    let goniometer = Goniometer(
      orientation: orientation.corrected, axisPosition: series.axisPosition, zones: series.zones
    ).smoothed(series.zones)
    return try ScalingProblem(
      series: series, goniometer: goniometer, structure: structure,
      wave: try #require(ElectronWave(wavelength: series.wavelength)),
      rocking: Rocking(geometry: series.geometry, steps: 42),
      selection: BeamSelection(beamLimit: 1.6, beamError: 0.008, limit: 1.6, share: 0.9, margin: 0.0015),
      model: model, hand: hand)
  }
}

@Suite(
  .enabled(
    if: MeasuredQuartz.isThere, "needs reference/scale3ded/quartz_crot_real under EWALD_SHARED or ../shared"),
  .timeLimit(.minutes(20)))
struct MeasuredQuartzTests {
  @Test func theMatrixContradictsTheStatedCellAndThisIsSaid() throws {
    let series = try MeasuredQuartz.series()
    #expect(series.zones.count == 99)
    #expect(series.reflections.count == 6666)
    #expect(Set(series.reflections.map(\.index)).count == 1505)
    let cell = try MeasuredQuartz.structure().unit.cell
    let orientation = try #require(OrientationMatrix(series.orientation, cell: cell))
    #expect((0.008...0.014).contains(orientation.mismatch))
  }

  @Test func sixZonesANodeAgreesAsTheReferenceDoes() throws {
    let problem = try MeasuredQuartz.problem()
    #expect((problem.rows.count - 1813).magnitude < 20)
    #expect((problem.measurements - 1047).magnitude < 12)
    let numbers = problem.zones.map { Double($0 + 1) }
    let placement = try #require(NodePlacement(first: 1, last: 99, spacing: 6, rule: .offset))
    let refinement = Refinement(
      problem, ScaleCurve(try #require(SplineWeights(abscissae: numbers, nodes: placement.nodes))))
    #expect(refinement.parameterCount == 33)
    let solution = try refinement.refine(problem.structure.start, thickness: 900)
    #expect((solution.agreement.rObserved - 5.76).magnitude < 0.2)
    #expect((solution.agreement.wrAll - 6.32).magnitude < 0.2)
    #expect((solution.thickness - 1178).magnitude < 30)
    let expected = ["Si1 x": 0.47119, "O1 x": 0.41443, "O1 y": 0.26752, "O1 z": 0.78623]
    let cell = problem.structure.unit.cell.lengths
    for (parameter, value) in zip(problem.structure.parameters, solution.values) {
      guard let told = expected[parameter.name] else { continue }
      #expect((value - told).magnitude * cell[parameter.place] < 0.004, "\(parameter.name) \(value)")
    }
    // The reference gave 6.04 for one partition and nominal tilts. With those four partitions here gave 6.16 to 6.34; the
    // tilts that are fitted here add to it.
    let left = refinement.leftOut(solution, folds: 5, seed: 1)
    // Each measurement once, though most stand in several zones.
    let merged = Agreement(
      merged: problem, amplitudes: refinement.amplitudes(solution.intensities, solution.nodes))
    #expect(merged.rows == problem.distinctMeasurements && merged.rows < 1100)
    #expect((merged.rObserved - 5.76).magnitude < 1)
    #expect((left.rObserved - 6.04).magnitude < 0.35)
  }
}
