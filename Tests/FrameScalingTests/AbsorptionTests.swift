import Arrays
import Diffraction
import FrameScaling
import JSON
import Scattering
import Testing

@Suite struct AbsorptionTests {
  /// exp(i pi t (A + i kappa U) / K) e_0 by the series of the exponential over short slices: no eigenvectors.
  private func plain(
    _ frame: FrameBeams, _ potentials: [ComplexDouble], diagonals: [Double], wave: ElectronWave,
    share: Double,
    thickness: Double
  ) -> [Double] {
    let count = diagonals.count
    let slices = 400
    let path = ComplexDouble(0, .pi * thickness / wave.wavenumber / Double(slices))
    var places: [SIMD3<Int>: Int] = [:]
    for (place, difference) in frame.differences.enumerated() { places[difference] = place }
    func coupling(_ g: Int, _ h: Int) -> ComplexDouble {
      potentials[places[frame.indices[g] &- frame.indices[h]] ?? 0]
    }
    let matrix = (0..<count).map { g in
      (0..<count).map { h -> ComplexDouble in
        let u = coupling(g, h)
        let elastic = g == h ? ComplexDouble(diagonals[g]) : u
        return (elastic + ComplexDouble(0, share) * u) * path
      }
    }
    var psi = [ComplexDouble](repeating: .zero, count: count)
    psi[0] = .one
    for _ in 0..<slices {
      var term = psi
      for order in 1...12 {
        term = matrix.map { row in
          zip(row, term).reduce(ComplexDouble.zero) { $0 + $1.0 * $1.1 } * (1 / Double(order))
        }
        for g in psi.indices { psi[g] += term[g] }
      }
    }
    return psi.map(\.squaredModulus)
  }

  @Test func wavesFadeAsTheExactExponentialDoes() throws {
    let items = try #require(try Reference.json("bloch_reference.json")["cases"]?.items)
    let model = try Reference.quartz()
    let wave = try Reference.wave()
    for reference in items.prefix(2) {
      let beams = (reference["hkl"]?.items ?? []).map { item in
        let n = Reference.numbers(item)
        return SIMD3(Int(n[0]), Int(n[1]), Int(n[2]))
      }
      let diagonals = Reference.numbers(reference["s_g_invA"]).map { 2 * wave.wavenumber * $0 }
      let frame = FrameBeams(beams: beams, diagonals: diagonals, wave: wave)
      let (potentials, _) = model.potentials(
        model.start, indices: frame.differences, wave: wave, hand: .other, withDerivatives: false)
      func off(_ share: Double) throws -> (error: Double, effect: Double) {
        let found = try FrameWaves(frame, potentials: potentials, absorption: share)
          .intensities(thicknesses: [300]).column(0)
        let none = try FrameWaves(frame, potentials: potentials).intensities(thicknesses: [300]).column(0)
        let exact = plain(
          frame, potentials, diagonals: diagonals, wave: wave, share: share, thickness: 300)
        func largest(_ other: [Double]) -> Double { zip(found, other).map { abs($0 - $1) }.max() ?? 0 }
        return (largest(exact), largest(none))
      }
      // Bloch waves fade, and do not change: that leaves out a hundredth of what absorption does.
      for share in [0.02, 0.1] {
        let found = try off(share)
        #expect(found.error < 0.01 * found.effect, "\(share): \(found)")
      }
      #expect(try off(0).error < 1e-10)
    }
  }

  @Test func derivativesByThicknessAndAbsorptionAreThoseOfFiniteDifferences() throws {
    let simulated = try SimulatedSeries("crot54", zones: 3, absorption: 0.05, refinesAbsorption: true)
    let last = simulated.truthValues.count - 1
    #expect(simulated.problem.structure.parameters[last].name == "absorption")
    for model in ThicknessModel.allCases {
      let seen = simulated.problem.with(model: model)
      let response = try seen.response(simulated.truthValues, thickness: 480)
      let plain = try seen.intensities(simulated.truthValues, thickness: 480)
      for (a, b) in zip(response.intensities, plain) { #expect(abs(a - b) < 1e-12) }
      for (column, step) in [(last, 1e-4), (last + 1, 1e-2)] {
        func moved(_ step: Double) throws -> [Double] {
          var values = simulated.truthValues
          if column == last { values[last] += step }
          return try seen.intensities(values, thickness: column == last ? 480 : 480 + step)
        }
        let (up, down) = (try moved(step), try moved(-step))
        let slopes = (0..<response.derivatives.rows).map { response.derivatives[$0, column] }
        let largest = slopes.map(\.magnitude).max() ?? 0
        #expect(largest > 0)
        for row in up.indices {
          #expect(abs((up[row] - down[row]) / (2 * step) - slopes[row]) < 2e-6 * largest)
        }
      }
    }
  }

  @Test func aRefinementFindsTheAbsorption() throws {
    let made = try SimulatedSeries("crot54", zones: 14, absorption: 0.08)
    let intensities = try made.problem.intensities(made.truthValues, thickness: 480)
    struct Place: Hashable { var zone: Int, index: SIMD3<Int> }
    var known: [Place: Double] = [:]
    for (row, intensity) in zip(made.problem.rows, intensities) {
      known[Place(zone: made.problem.zones[row.frame], index: row.index)] = intensity
    }
    func study(_ absorption: Double, isRefined: Bool) throws -> ScalingSolution {
      let simulated = try SimulatedSeries(
        "crot54", zones: 14, absorption: absorption, refinesAbsorption: isRefined
      ) { series in
        for place in series.reflections.indices {
          let reflection = series.reflections[place]
          let intensity = 1e4 * (known[Place(zone: reflection.zone, index: reflection.index)] ?? 0)
          series.reflections[place].intensity = intensity
          series.reflections[place].sigma = 1 + 0.01 * intensity
        }
      }
      let numbers = simulated.problem.zones.map { Double($0 + 1) }
      let placement = try #require(
        NodePlacement(first: numbers[0], last: numbers[numbers.count - 1], spacing: 6, rule: .offset))
      let curve = ScaleCurve(try #require(SplineWeights(abscissae: numbers, nodes: placement.nodes)))
      return try Refinement(simulated.problem, curve).refine(simulated.truthValues, thickness: 470)
    }
    let (without, with) = (try study(0, isRefined: false), try study(0.03, isRefined: true))
    #expect(abs((with.values.last ?? 0) - 0.08) < 0.002, "\(with.values)")
    #expect(abs(with.thickness - 480) < 1)
    #expect(with.agreement.chi2 < 0.02 * without.agreement.chi2)
  }
}
