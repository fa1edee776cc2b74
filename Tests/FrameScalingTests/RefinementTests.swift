import Arrays
import Diffraction
import Foundation
import FrameScaling
import JSON
import Scattering
import Testing

/// One of the simulated series, with the conditions that it was made under.
struct SimulatedSeries {
  let series: ZoneSeries
  let truth: JSONValue
  let baseline: JSONValue
  let problem: ScalingProblem
  let truthValues: [Double]

  /// `zones`: only so many from the first.
  init(
    _ name: String, zones: Int = .max, absorption: Double = 0, refinesAbsorption: Bool = false,
    change: (inout ZoneSeries) -> Void = { _ in }
  ) throws {
    var series = try PETSTests.read(try Reference.text("\(name)_dyn.cif_pets")).0
    series.reflections.removeAll { $0.zone >= zones }
    change(&series)
    self.series = series
    let truth = try Reference.json("\(name)_truth.json")
    self.truth = truth
    baseline = (try? Reference.json("\(name)_refinement_baseline.json")) ?? .null
    func number(_ key: String) throws -> Double { try #require(truth[key]?.double) }
    let structure = try Reference.quartz().with(absorption: absorption, isRefined: refinesAbsorption)
    let orientation = try #require(
      OrientationMatrix(series.orientation, cell: structure.unit.cell))
    let rocking = Rocking(geometry: series.geometry, steps: Int(try number("steps_per_frame")))
    let selection = BeamSelection(
      beamLimit: try number("gmax_beams"), beamError: try number("sgmax_beams"),
      limit: try number("gmax_measured"), share: try number("RSg_max"), margin: try number("DSg_min"))
    problem = try ScalingProblem(
      series: series,
      goniometer: Goniometer(
        orientation: orientation.corrected, axisPosition: series.axisPosition, zones: series.zones),
      structure: structure, wave: try Reference.wave(), rocking: rocking, selection: selection,
      model: .single, hand: .other)
    truthValues = structure.parameters.map { parameter in
      if parameter.kind == .absorption { return absorption }
      let name = parameter.name.replacing("Si1", with: "Si").replacing("O1", with: "O").replacing(
        " ", with: "_")
      return truth["parameters"]?[name]?.double ?? .nan
    }
  }

  func curve(_ spacing: Double) throws -> ScaleCurve {
    let numbers = series.zones.map { Double($0.id) }
    let placement = try #require(
      NodePlacement(first: numbers[0], last: numbers[numbers.count - 1], spacing: spacing, rule: .offset))
    return ScaleCurve(try #require(SplineWeights(abscissae: numbers, nodes: placement.nodes)))
  }
}

@Suite struct RefinementTests {
  /// Of the first forty zones of a series that another program made, against what three more did bring.
  @Test func theAdviceForeseesWhatMoreTiltsBring() throws {
    func refined(_ zones: Int) throws -> (SimulatedSeries, Refinement, ScalingSolution) {
      let simulated = try SimulatedSeries("crot54", zones: zones)
      let numbers = simulated.problem.zones.map { Double($0 + 1) }
      let placement = try #require(
        NodePlacement(first: 1, last: Double(zones), spacing: 6, rule: .offset))
      let curve = ScaleCurve(try #require(SplineWeights(abscissae: numbers, nodes: placement.nodes)))
      let refinement = Refinement(simulated.problem, curve)
      return (simulated, refinement, try refinement.refine(simulated.truthValues, thickness: 480))
    }
    /// Without what chi² and repeated measurements make of them.
    func deviations(_ refinement: Refinement, _ solution: ScalingSolution) -> ArraySlice<Double> {
      let problem = refinement.problem
      let goodness = solution.agreement.chi2 / Double(problem.rows.count - refinement.parameterCount)
      let repeats = Double(problem.rows.count) / Double(problem.distinctMeasurements)
      return refinement.uncertainties(solution).parameters.prefix(solution.values.count)
        .map { $0 / (goodness * repeats).squareRoot() }[...]
    }
    let (before, first, solution) = try refined(40)
    let (_, second, later) = try refined(43)
    let (old, new) = (deviations(first, solution), deviations(second, later))
    let gained = 1 - zip(new, old).reduce(0) { $0 + $1.0 / $1.1 } / Double(old.count)

    var series = before.series
    series.zones = Array(series.zones.prefix(40))
    let orientation = try #require(
      OrientationMatrix(series.orientation, cell: before.problem.structure.unit.cell))
    let selection = BeamSelection(
      beamLimit: try #require(before.truth["gmax_beams"]?.double),
      beamError: try #require(before.truth["sgmax_beams"]?.double),
      limit: try #require(before.truth["gmax_measured"]?.double),
      share: try #require(before.truth["RSg_max"]?.double),
      margin: try #require(before.truth["DSg_min"]?.double))
    let advice = try #require(
      TiltAdvice(
        before.problem, first.curve, solution, series: series,
        goniometer: Goniometer(
          orientation: orientation.corrected, axisPosition: series.axisPosition, zones: series.zones),
        selection: selection))
    let middle = before.series.zones[41].alpha
    let place = try #require(
      advice.tilts.indices.min { abs(advice.tilts[$0] - middle) < abs(advice.tilts[$1] - middle) })
    let step = before.series.zones[1].alpha - before.series.zones[0].alpha
    let foreseen = advice.gains[place] * 3 * step / TiltAdvice.width
    #expect(gained > 0.01)
    #expect(abs(foreseen - gained) < 0.4 * gained, "foreseen \(foreseen), gained \(gained)")
    // What lies beyond brings more than once more of what is there.
    #expect(advice.best.map { abs($0.tilt) >= 35 } == true, "\(advice.gains)")
  }

  @Test func theModelGivesTheIntensitiesItWasMadeFrom() throws {
    let simulated = try SimulatedSeries("crot54")
    #expect(simulated.problem.rows.count == 637)
    #expect(simulated.problem.zones.count == 54)
    let intensities = try simulated.problem.intensities(simulated.truthValues, thickness: 480)
    let (_, table) = try Reference.table("crot54_frames.csv")
    let (_, frames) = try Reference.table("crot54_frames_beams.csv")
    for (frame, beams) in simulated.problem.frames.enumerated() {
      #expect(Double(beams.indices.count) == frames[frame][2])
    }
    for (row, expected) in zip(simulated.problem.rows.indices, table) {
      #expect(
        simulated.problem.rows[row].index == SIMD3(Int(expected[1]), Int(expected[2]), Int(expected[3])))
      #expect((intensities[row] - expected[6]).magnitude < 1e-8)
    }
  }

  @Test func derivativesAreThoseOfFiniteDifferences() throws {
    let simulated = try SimulatedSeries("crot54", zones: 3)
    let problem = simulated.problem
    for model in ThicknessModel.allCases {
      let seen = problem.with(model: model)
      let response = try seen.response(simulated.truthValues, thickness: 480)
      let (intensities, derivatives) = (response.intensities, response.derivatives)
      let plain = try seen.intensities(simulated.truthValues, thickness: 480)
      for (a, b) in zip(intensities, plain) { #expect((a - b).magnitude < 1e-12) }
      for column in 0..<derivatives.columns where model == .single || column % 7 == 0 {
        func moved(_ step: Double) throws -> [Double] {
          var values = simulated.truthValues
          if column < values.count { values[column] += step }
          return try seen.intensities(values, thickness: column < values.count ? 480 : 480 + step)
        }
        let step = column < 14 ? 1e-5 : 1e-2
        let (up, down) = (try moved(step), try moved(-step))
        let largest = (0..<derivatives.rows).map { derivatives[$0, column].magnitude }.max() ?? 0
        var worst = 0.0
        for row in up.indices {
          let expected = (up[row] - down[row]) / (2 * step)
          worst = max(worst, (expected - derivatives[row, column]).magnitude / largest)
        }
        #expect(worst < 1e-6, "\(model), parameter \(column)")
      }
    }
  }

  @Test func aTurnOfTheCrystalChangesIntensitiesAsItsDerivativesSay() throws {
    let simulated = try SimulatedSeries("crot54", zones: 3)
    let slopes = try simulated.problem.turns(simulated.truthValues, thickness: 480, frame: 2)
    let step = 1e-6
    for (axis, slope) in [slopes.x, slopes.y].enumerated() {
      func moved(_ steps: Double) throws -> [Double] {
        let turn = axis == 0 ? SIMD2(steps * step, 0) : SIMD2(0, steps * step)
        return try simulated.problem.intensities(
          simulated.truthValues, thickness: 480, frame: 2, turned: turn)
      }
      // A turn of a microradian moves phases by a thousandth: the quotient of fourth order.
      let (up, down, far, near) = (try moved(1), try moved(-1), try moved(2), try moved(-2))
      let largest = slope.map(\.magnitude).max() ?? 0
      for row in slope.indices {
        let quotient = (8 * (up[row] - down[row]) - far[row] + near[row]) / (12 * step)
        #expect((quotient - slope[row]).magnitude < 1e-6 * largest)
      }
    }
  }

  @Test(arguments: [(6.0, 25), (1.0, 69), (18.0, 19)])
  func theSeriesOfFiftyFourFramesRefinesAsPublished(_ spacing: Double, _ parameters: Int) throws {
    let simulated = try SimulatedSeries("crot54")
    let refinement = Refinement(simulated.problem, try simulated.curve(spacing))
    #expect(refinement.parameterCount == parameters)
    var start = simulated.truthValues
    for (at, parameter) in simulated.problem.structure.parameters.enumerated()
    where parameter.kind == .coordinate {
      start[at] += at % 2 == 0 ? 0.008 : -0.008
    }
    let solution = try refinement.refine(start, thickness: 500)
    #expect(solution.hasConverged)
    let reference = try #require(simulated.baseline["h\(Int(spacing))"])
    #expect((solution.agreement.rAll - (reference["R_all"]?.double ?? 0)).magnitude < 0.02)
    #expect((solution.agreement.rObserved - (reference["R_obs"]?.double ?? 0)).magnitude < 0.02)
    #expect((solution.agreement.wrAll - (reference["wR_all"]?.double ?? 0)).magnitude < 0.02)
    #expect((solution.thickness - 480).magnitude < 12)
    let cell = simulated.problem.structure.unit.cell
    for atom in 0..<2 {
      let off = cell.cartesian(
        simulated.problem.structure.position(of: atom, solution.values)
          - simulated.problem.structure.position(of: atom, simulated.truthValues))
      #expect(off.length < 0.006)
    }
    let scales = refinement.curve.scales(solution.nodes)
    let expected = Reference.numbers(simulated.truth["scale_true"])
    let error = (zip(scales, expected).reduce(0) { $0 + ($1.0 / $1.1 - 1) * ($1.0 / $1.1 - 1) } / 54)
      .squareRoot()
    if spacing > 1 { #expect(error < 0.032) }
    #expect((100 * error - (reference["scale_rms_pct"]?.double ?? 0)).magnitude < 0.3)
    let deviations = refinement.uncertainties(solution)
    for (found, told) in zip(deviations.parameters, Reference.numbers(reference["esd"])) {
      #expect((found / told - 1).magnitude < 0.15)
    }
  }

  @Test func aSplineThatIsTooStiffOrTooLooseIsSeenByWhatIsLeftOut() throws {
    let simulated = try SimulatedSeries("crot54")
    var leftOut: [Double] = []
    let folds = Folds(simulated.problem, count: 5, seed: 1)
    #expect(Set(folds.ofRow) == Set(0..<5))
    for spacing in [1.0, 6, 53] {
      let refinement = Refinement(simulated.problem, try simulated.curve(spacing))
      let solution = try refinement.refine(simulated.truthValues, thickness: 480)
      leftOut.append(refinement.leftOut(solution, folds: 5, seed: 1).rObserved)
    }
    #expect(leftOut[1] < leftOut[0])
    #expect(leftOut[1] < leftOut[2])
  }
}

/// What more than one program counts, and how sure the numbers are.
@Suite struct ReportedNumbersTests {
  @Test func theMergedRCountsWhatIsRepeatedOnce() throws {
    let problem = try SimulatedSeries("crot54", zones: 4).problem
    let amplitudes = problem.rows.map { $0.amplitude * 1.1 }
    let plain = Agreement(problem, amplitudes: amplitudes)
    let merged = Agreement(merged: problem, amplitudes: amplitudes)
    // Nothing repeats here.
    #expect(merged == plain && merged.rows == problem.rows.count)
    #expect((merged.rAll - 10).magnitude < 1e-9)
    // Every row again, one of both calculated too low, the other too high.
    let twice = try SimulatedSeries("crot54", zones: 4) { series in
      series.reflections = series.reflections.flatMap { [$0, $0] }
    }.problem
    let uneven = twice.rows.indices.map { twice.rows[$0].amplitude * ($0 % 2 == 0 ? 0.9 : 1.1) }
    #expect((Agreement(twice, amplitudes: uneven).rAll - 10).magnitude < 1e-9)
    let once = Agreement(merged: twice, amplitudes: uneven)
    #expect(once.rows == problem.rows.count && once.rAll < 1e-9)
  }

  @Test func blocksOfFramesThatAreLeftOutKnowOfErrorsThatNeighboursShare() throws {
    let simulated = try SimulatedSeries("crot54")
    let refinement = Refinement(simulated.problem, try simulated.curve(6))
    let solution = try refinement.refine(simulated.truthValues, thickness: 480)
    let plain = refinement.uncertainties(solution)
    // Independent errors: both ways say the same.
    #expect(plain.blocks.count == 15)
    let ratios = zip(plain.blocks, plain.parameters).map { $0 / $1 }.sorted()
    #expect((0.6...1.7).contains(ratios[7]), "\(ratios)")
    for (cautious, alone) in zip(plain.cautious, plain.parameters) { #expect(cautious >= alone) }
  }
}
