import Arrays
import CBLEED
import Glibc

/// The simulator of convergent-beam LEED patterns, on one core: processor time, because other programs
/// may share the machine.
func cbleedSuite() async -> [Measurement] {
  guard let surface = try? SurfaceModel.siliconDimers(), let shifts = try? surface.phaseShifts() else {
    return [Measurement("the silicon surface could not be set up", .nan, "")]
  }
  return [phaseShifts(surface)] + kinematic(surface, shifts) + dynamical(surface, shifts)
    + reading(surface, shifts)
}

/// Milliseconds of processor time.
private func processorTime(_ body: () -> Void) -> Double {
  var (before, after) = (timespec(), timespec())
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before)
  body()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after)
  return Double(after.tv_sec - before.tv_sec) * 1e3 + Double(after.tv_nsec - before.tv_nsec) / 1e6
}

private func phaseShifts(_ surface: SurfaceModel) -> Measurement {
  let times = (0..<5).map { _ in processorTime { _ = try? surface.phaseShifts() } }
  return Measurement("phase shifts of silicon from the free atom up", median(times), "ms")
}

/// The published grid of 4970 patterns took NumPy 5.6 s, which is 1.13 ms a pattern.
private func kinematic(_ surface: SurfaceModel, _ shifts: [PhaseShifts]) -> [Measurement] {
  let model = KinematicModel(surface: surface, phaseShifts: shifts)
  return [64, 128].map { size in
    let detector = Detector(size: size, halfWidth: 2.1)
    let times = (0..<20).map { number in
      let values = ["dimer_buckling": -0.5 + 0.05 * Double(number)]
      guard let structure = try? surface.structure(values) else { return Double.nan }
      return processorTime {
        _ = model.pattern(energy: 30 + 3.5 * Double(number), structure: structure, detector: detector)
      }
    }
    return Measurement(
      "kinematic pattern \(size)x\(size)", median(times), "ms", goal: size == 64 ? "1.13 in NumPy" : "")
  }
}

private func dynamical(_ surface: SurfaceModel, _ shifts: [PhaseShifts]) -> [Measurement] {
  let model = DynamicalModel(surface: surface, phaseShifts: shifts)
  let kappas = (0..<12).map { PlaneVector(0.03 * Double($0), 0.02 * Double($0 % 5)) }
  var rows: [Measurement] = []
  for energy in [45.0, 60, 100] {
    for count in [1, 8] {
      let structures = (0..<count).compactMap {
        try? surface.structure(["dimer_height": 0.05 * Double($0) - 0.2])
      }
      let times = (0..<3).map { _ in
        processorTime {
          _ = try? model.reflections(energy: energy, kappas: kappas, structures: structures)
        } / Double(kappas.count * count)
      }
      rows.append(
        Measurement(
          "dynamical, \(Int(energy)) eV, \(count) structure\(count == 1 ? "" : "s") an energy, an angle",
          median(times), "ms", goal: "40"))
    }
  }
  return rows
}

/// Energy and three lengths of a dimer, all varied at once, read by principal components and kernel ridge
/// from patterns between those of the training set; mean absolute errors.
private func reading(_ surface: SurfaceModel, _ shifts: [PhaseShifts]) -> [Measurement] {
  let noisy = Augmentation(peakCounts: 100, shiftPixels: 0.5)
  let clean = PatternReader.Settings()
  let robust = PatternReader.Settings(
    components: 24, whitening: 0.3, gamma: 1, ridge: 1e-2, alignment: .fitted)
  let cases = [
    ("clean", Augmentation.none, clean, "0.15", "0.006"),
    ("100 counts, half a pixel off", noisy, robust, "0.8", "0.02"),
  ]
  var rows: [Measurement] = []
  for (name, augmentation, settings, energyGoal, lengthGoal) in cases {
    guard let training = patterns(4000, 1, surface, shifts, augmentation),
      let test = patterns(500, 2, surface, shifts, augmentation),
      let reader = try? PatternReader(
        fitting: training, detector: Detector(commensurateWith: surface.cell), cell: surface.cell,
        settings: settings)
    else {
      rows.append(Measurement("reading, \(name): failed", .nan, ""))
      continue
    }
    let found = reader.read(test.map(\.pixels))
    for (column, target) in reader.targets.enumerated() {
      let isEnergy = target == "beam_energy"
      let errors = test.enumerated().map { row, pattern in
        let expected = isEnergy ? pattern.sample.energy : pattern.sample.parameters[target] ?? .nan
        return abs(found[row, column] - expected)
      }
      rows.append(
        Measurement(
          "\(target), \(name)", errors.reduce(0, +) / Double(errors.count), isEnergy ? "eV" : "A",
          goal: isEnergy ? energyGoal : lengthGoal))
    }
  }
  return rows
}

private func patterns(
  _ samples: Int, _ seed: UInt64, _ surface: SurfaceModel, _ shifts: [PhaseShifts],
  _ augmentation: Augmentation
) -> [CBLEEDPattern]? {
  let request = SimulationRequest(
    surface: surface, ranges: ["dimer_buckling": 0...0.7], samples: samples, seed: seed,
    augmentation: augmentation)
  guard let simulation = try? CBLEEDSimulation(request, phaseShifts: shifts) else { return nil }
  var run = simulation.patterns()
  var found: [CBLEEDPattern] = []
  while let pattern = try? run.next() { found.append(pattern) }
  return found
}
