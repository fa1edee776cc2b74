import Arrays

/// A beam that leaves the crystal into vacuum.
package struct ReflectedBeam: Sendable, Equatable {
  package var beam: BeamIndex
  /// For a unit incident wave, both referred to z = 0 and inside the inner potential.
  package var amplitude: ComplexDouble
  /// (Kz out / Kz in) |amplitude|^2 in vacuum.
  package var intensity: Double
}

/// Full multiple scattering of slow electrons by a surface: spherical waves within a layer, plane waves
/// between layers (Pendry, Low Energy Electron Diffraction, 1974).
package struct DynamicalModel: Sendable {
  package let surface: SurfaceModel
  package let phaseShifts: [PhaseShifts]
  package let settings: DynamicalSettings
  let gaunt: GauntTable
  let harmonics: SphericalHarmonics

  /// - Parameter phaseShifts: one for every element of the surface, in its order.
  package init(surface: SurfaceModel, phaseShifts: [PhaseShifts], settings: DynamicalSettings = .init()) {
    precondition(phaseShifts.count == surface.elements.count, "phase shifts for every element")
    self.surface = surface
    self.phaseShifts = phaseShifts
    self.settings = settings
    gaunt = GauntTable(maximum: settings.maximumDegree)
    harmonics = SphericalHarmonics(maximum: settings.maximumDegree)
  }

  /// The beams of every structure and every incident direction kappa (in this order of indices), at one
  /// energy. Lattice sums, the bulk and all layers that parameters do not move are shared.
  package func reflections(
    energy: Double, kappas: [PlaneVector], structures: [SurfaceStructure],
    isCancelled: @Sendable () -> Bool = { false }, progress: @Sendable (Int) -> Void = { _ in }
  ) throws(CBLEEDError) -> [[[ReflectedBeam]]] {
    let vacuum = VacuumFactor(energy: energy)
    let cell = surface.cell
    return try amplitudes(
      energy: energy, kappas: kappas, structures: structures, isCancelled: isCancelled, progress: progress
    ).map { angles in
      zip(kappas, angles).map { kappa, beams in
        beams.filter { vacuum(from: kappa, to: kappa + cell.beam($0.beam.h, $0.beam.k)) > 0 }
      }
    }
  }

  /// The same with the beams that do not leave the crystal: their amplitudes go on smoothly.
  func amplitudes(
    energy: Double, kappas: [PlaneVector], structures: [SurfaceStructure],
    isCancelled: @Sendable () -> Bool = { false }, progress: @Sendable (Int) -> Void = { _ in }
  ) throws(CBLEEDError) -> [[[ReflectedBeam]]] {
    guard let first = structures.first, !kappas.isEmpty else { return structures.map { _ in [] } }
    precondition(energy > 0, "energies are positive")
    let solver = DynamicalSolver(
      model: self, energy: energy, kappas: kappas, structures: structures, fixed: first)
    let angles = parallelMap(kappas.count) { index -> Result<[[ReflectedBeam]], CBLEEDError> in
      if isCancelled() { return .failure(.cancelled) }
      defer { progress(1) }
      do throws(CBLEEDError) { return .success(try solver.solve(index)) } catch { return .failure(error) }
    }
    var result = structures.map { _ in [[ReflectedBeam]]() }
    for angle in angles {
      let beams = try angle.get()
      for s in structures.indices { result[s].append(beams[s]) }
    }
    return result
  }
}
