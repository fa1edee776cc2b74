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
}

/// Milliseconds of processor time.
private func processorTime(_ body: () -> Void) -> Double {
  let before = processorSeconds()
  body()
  return (processorSeconds() - before) * 1e3
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
