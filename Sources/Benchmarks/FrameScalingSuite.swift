import Diffraction
import FrameFormats
import FrameScaling
import Glibc
import Scattering

/// Tilt series refined with spline scales: what an iteration and a whole study take and how they agree, on the two
/// simulated references and, where it is at hand, on measured quartz; growth with frames and beams.
enum FrameScalingSuite {
  private static let references =
    String(#filePath.dropLast("Sources/Benchmarks/FrameScalingSuite.swift".count))
    + "Tests/FrameScalingTests/Reference/"
  private static let measured =
    (getenv("EWALD_SHARED").map { String(cString: $0) } ?? "../shared")
    + "/reference/scale3ded/quartz_crot_real/"

  private struct Conditions {
    var name: String
    var file: String
    var structure: String?
    var steps: Int
    var selection: BeamSelection
    var spacings: [Double]
    var goal: String
  }

  static func run() async -> [Measurement] {
    let all = [
      Conditions(
        name: "54 frames", file: references + "crot54_dyn.cif_pets", steps: 40,
        selection: BeamSelection(beamLimit: 1.5, beamError: 0.006, limit: 1.4, share: 0.66, margin: 0.0015),
        spacings: [6, 1, 18], goal: "5"),
      Conditions(
        name: "250 frames", file: references + "pedt250_dyn.cif_pets", steps: 24,
        selection: BeamSelection(beamLimit: 1.25, beamError: 0.006, limit: 1.2, share: 0.66, margin: 0.0015),
        spacings: [40, 1, 100], goal: ""),
      Conditions(
        name: "measured quartz, 99 frames", file: measured + "quartz.cif_pets",
        structure: measured + "quartz_start.cif", steps: 42,
        selection: BeamSelection(beamLimit: 1.6, beamError: 0.008, limit: 1.6, share: 0.9, margin: 0.0015),
        spacings: [6, 1, 3, 11, 20, 33], goal: "60"),
    ]
    return all.flatMap { (try? study($0)) ?? [Measurement("\($0.name): not at hand", .nan, "")] } + growth()
  }

  private static func problem(_ conditions: Conditions) throws -> (ScalingProblem, ZoneSeries)? {
    let source = try FormatList.open(path: conditions.file)
    guard let series = ZoneSeries(try source.frame(at: 0).pixels),
      let wave = ElectronWave(wavelength: series.wavelength),
      let cell = UnitCell(lengths: series.lengths, anglesDegrees: series.angles),
      let orientation = OrientationMatrix(series.orientation, cell: cell)
    else { return nil }
    let text = try conditions.structure.map { try DiskFile(path: $0) }
    var unit = try AsymmetricUnit(
      cif: try text.map { try $0.bytes(at: 0, upTo: $0.size) }
        ?? Array((Crystal.knownText("quartz") ?? "").utf8))
    unit.cell = cell
    let goniometer = Goniometer(
      orientation: orientation.corrected, axisPosition: series.axisPosition, zones: series.zones)
    let problem = try ScalingProblem(
      series: series, goniometer: goniometer.smoothed(series.zones), structure: try StructureModel(unit),
      wave: wave, rocking: Rocking(geometry: series.geometry, steps: conditions.steps),
      selection: conditions.selection, model: .single, hand: .given)
    return (problem, series)
  }

  private static func study(_ conditions: Conditions) throws -> [Measurement] {
    guard let (problem, series) = try problem(conditions) else { return [] }
    let beams = problem.frames.map { Double($0.indices.count) }
    let thickness = 400.0
    let before = (seconds(), processorSeconds())
    _ = try problem.response(problem.structure.start, thickness: thickness)
    let one = (seconds() - before.0, processorSeconds() - before.1)
    let start = (seconds(), processorSeconds())
    let study = try ScalingStudy(
      problem, series: series, request: StudyRequest(spacings: conditions.spacings))
    let whole = (seconds() - start.0, processorSeconds() - start.1)
    var figures = [
      Measurement("\(conditions.name): beams of a frame", median(beams), ""),
      Measurement("\(conditions.name): intensities and derivatives", one.0, "s"),
      Measurement("\(conditions.name): intensities and derivatives, processor time", one.1, "s"),
      Measurement("\(conditions.name): whole study", whole.0, "s", goal: conditions.goal),
      Measurement("\(conditions.name): whole study, processor time", whole.1, "s"),
      Measurement(
        "\(conditions.name): thickness, \(study.problem.model.rawValue)",
        study.rows[study.recommended].solution.thickness, "Å"),
      Measurement(
        "\(conditions.name): recommended spacing", study.rows[study.recommended].placement.spacing, ""),
    ]
    for row in study.rows {
      let name = "\(conditions.name), h = \(Int(row.placement.spacing)), \(row.parameters) parameters"
      let agreement = row.solution.agreement
      figures += [
        Measurement("\(name): R(obs)", agreement.rObserved, "%"),
        Measurement("\(name): R(all)", agreement.rAll, "%"),
        Measurement("\(name): wR(all)", agreement.wrAll, "%"),
        Measurement("\(name): left-out R(obs)", row.leftOut.rObserved, "%"),
      ]
    }
    if let hands = study.hands {
      figures.append(Measurement("\(conditions.name): other hand, R(obs)", hands.other.rObserved, "%"))
    }
    figures.append(Measurement("\(conditions.name): memory held", residentMegabytes(), "MB"))
    return figures
  }

  /// One evaluation of all derivatives, for more frames and for more beams.
  private static func growth() -> [Measurement] {
    [(20, 1.2, 0.006), (40, 1.2, 0.006), (80, 1.2, 0.006), (20, 1.6, 0.008), (20, 2.0, 0.012)].compactMap {
      frames, limit, error in
      var simulation = SeriesSimulation()
      (simulation.frames, simulation.first, simulation.step, simulation.steps) = (
        frames, -50, 100 / Double(frames), 12
      )
      guard let unit = try? AsymmetricUnit(cif: Array((Crystal.knownText("quartz") ?? "").utf8)),
        let made = try? simulation.result(unit), let structure = try? StructureModel(unit),
        let wave = ElectronWave(wavelength: made.series.wavelength),
        let orientation = OrientationMatrix(made.series.orientation, cell: unit.cell),
        let problem = try? ScalingProblem(
          series: made.series,
          goniometer: Goniometer(
            orientation: orientation.corrected, axisPosition: 0, zones: made.series.zones),
          structure: structure, wave: wave, rocking: Rocking(geometry: .rotation, steps: 20),
          selection: BeamSelection(
            beamLimit: limit, beamError: error, limit: 1.1, share: 0.66, margin: 0.0015),
          model: .single, hand: .given)
      else { return nil }
      let before = processorSeconds()
      _ = try? problem.response(structure.start, thickness: 480)
      let beams = median(problem.frames.map { Double($0.indices.count) })
      return Measurement(
        "\(frames) frames of \(Int(beams)) beams, 20 steps: processor time", processorSeconds() - before, "s")
    }
  }
}
