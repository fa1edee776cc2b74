import Arrays
import CBLEED
import Testing

@Suite struct KinematicTests {
  struct Case {
    var model: KinematicModel
    var structure: SurfaceStructure
    var detector: Detector
    var energy: Double

    init(_ row: [Double]) throws {
      let surface = Reference.surface(top: row[14], below: row[15])
      model = KinematicModel(
        surface: surface, phaseShifts: [Reference.phaseShifts],
        potential: InnerPotential(real: row[12], absorptive: row[13]), maximumDegree: Int(row[16]))
      structure = try surface.structure(Reference.parameters(row[2], row[3], row[4]))
      detector = Detector(
        size: Int(row[5]), halfWidth: row[6], discRadius: row[7], tilt: PlaneVector(row[8], row[9]),
        shift: PlaneVector(row[10], row[11]))
      energy = row[1]
    }
  }

  @Test(arguments: Reference.table("kinematic_cases.csv"))
  func `every pixel agrees with the reference to a millionth of the maximum`(row: [Double]) throws {
    let example = try Case(row)
    let pattern = example.model.pattern(
      energy: example.energy, structure: example.structure, detector: example.detector)
    let number = Int(row[0])
    let reference = Reference.image("kinematic_\(number < 10 ? "0" : "")\(number).f32")
    #expect(pattern.values.count == reference.count)
    let maximum = try #require(reference.max())
    let worst = zip(pattern.values, reference).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst <= 1e-6 * maximum)
  }

  @Test func `amplitudes of single beams agree with the reference`() throws {
    let cases = Dictionary(uniqueKeysWithValues: Reference.table("kinematic_cases.csv").map { ($0[0], $0) })
    for row in Reference.table("kinematic_points.csv") {
      let example = try Case(#require(cases[row[0]]))
      let beam = try #require(
        example.model.reflection(
          energy: example.energy, structure: example.structure, kappa: PlaneVector(row[1], row[2]),
          beam: BeamIndex(Int(row[3]), Int(row[4]))))
      #expect((beam.amplitude - ComplexDouble(row[5], row[6])).modulus < 1e-9)
      #expect(abs(beam.intensity - row[7]) < 1e-10)
    }
  }

  @Test func `reversing the buckling mirrors the pattern`() throws {
    let model = KinematicModel(surface: Reference.surface, phaseShifts: [Reference.phaseShifts])
    let detector = Detector(halfWidth: 2.1)
    func pattern(_ buckling: Double) throws -> Matrix {
      try model.pattern(
        energy: 63, structure: Reference.surface.structure(["dimer_buckling": buckling]), detector: detector)
    }
    let left = try pattern(0.5)
    let right = try pattern(-0.5)
    let maximum = try #require(left.values.max())
    var asymmetry: Float = 0
    for r in 0..<64 {
      for c in 0..<64 {
        #expect(abs(left[r, c] - right[r, 63 - c]) <= 1e-5 * maximum)
        asymmetry = max(asymmetry, abs(left[r, c] - left[r, 63 - c]))
      }
    }
    #expect(asymmetry > 0.1 * maximum, "a buckled dimer is not symmetric, or the law says nothing")
  }

  /// The surface described anew with two cells in one and every atom twice: another file, the same surface.
  @Test func `the same surface in a larger cell gives the same pattern`() throws {
    var text = ""
    for line in SurfaceModel.siliconDimersText.split(separator: "\n") {
      text += line.hasPrefix("cell") ? "cell 2*s 0  0 2*s\n" : line + "\n"
      guard line.hasPrefix("atom"), !text.contains("bulk_layer") else { continue }
      var words = line.split(separator: " ").map(String.init)
      words[3] += "+s"
      text += words.joined(separator: " ") + "\n"
    }
    let larger = try SurfaceModel(parsing: text)
    let values = ["dimer_buckling": 0.35, "dimer_height": -0.1]
    let detector = Detector(halfWidth: 2.1)
    let patterns = try [Reference.surface, larger].map { surface in
      KinematicModel(surface: surface, phaseShifts: [Reference.phaseShifts]).pattern(
        energy: 55, structure: try surface.structure(values), detector: detector)
    }
    let maximum = try #require(patterns[0].values.max())
    for (a, b) in zip(patterns[0].values, patterns[1].values) { #expect(abs(a - b) <= 1e-5 * maximum) }
  }
}
