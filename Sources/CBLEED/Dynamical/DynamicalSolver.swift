import Arrays

/// One energy: everything that its incident directions share, and the way through one of them.
struct DynamicalSolver: Sendable {
  private let model: DynamicalModel
  private let energy: Double
  private let kappas: [PlaneVector]
  private let structures: [SurfaceStructure]
  private let fixed: SurfaceStructure
  private let waveNumber: ComplexDouble
  /// Beams of the surface cell fall into these classes, which planes of the bulk do not mix.
  private let classes: [PlaneVector]
  private let surfaceSums: LatticeSumStore
  private let bulkSums: LatticeSumStore
  private let scattering: [AtomKind: [ComplexDouble]]

  private struct AtomKind: Hashable {
    var element: Int
    var meanSquare: Double
  }

  init(
    model: DynamicalModel, energy: Double, kappas: [PlaneVector], structures: [SurfaceStructure],
    fixed: SurfaceStructure
  ) {
    let settings = model.settings
    let potential = settings.potential
    let inside = ComplexDouble(energy + potential.real, potential.absorptive)
    let k = (inside / Physics.halfSquaredPlanckOverMass).upperSquareRoot
    let radius = settings.radius(absorption: k.im)
    let movable = model.surface.movableLayers
    let (u, v) = fixed.cell.reciprocal
    let (bulkU, bulkV) = fixed.bulkCell.reciprocal
    let classes = PlaneCell(bulkU, bulkV).cosets(of: PlaneCell(u, v))
    let layers = structures.flatMap { $0.layers.prefix(movable) } + fixed.layers.dropFirst(movable)
    surfaceSums = LatticeSumStore(
      maximum: settings.maximumDegree, waveNumber: k, cell: fixed.cell, radius: radius, kappas: kappas,
      layers: layers)
    bulkSums = LatticeSumStore(
      maximum: settings.maximumDegree, waveNumber: k, cell: fixed.bulkCell, radius: radius,
      kappas: kappas.flatMap { kappa in classes.map { kappa + $0 } }, layers: fixed.bulk)
    var scattering: [AtomKind: [ComplexDouble]] = [:]
    for atom in (layers + fixed.bulk).flatMap(\.atoms) {
      let kind = AtomKind(element: atom.element, meanSquare: atom.meanSquare)
      guard scattering[kind] == nil else { continue }
      // Degree 7 is kept in the rigid atom even where fewer are kept after damping: damping mixes them.
      let degree = max(settings.maximumDegree, 7)
      let damped = thermalScattering(
        model.phaseShifts[atom.element].at(inside.re, maximum: degree), meanSquare: atom.meanSquare,
        squaredWaveNumber: inside.re / Physics.halfSquaredPlanckOverMass, maximum: settings.maximumDegree)
      scattering[kind] = model.harmonics.basis.degrees.map { damped[$0] }
    }
    self.scattering = scattering
    self.model = model
    self.energy = energy
    self.kappas = kappas
    self.structures = structures
    self.fixed = fixed
    self.classes = classes
    waveNumber = k
  }

  /// The beams of all structures for one incident direction.
  func solve(_ index: Int) throws(CBLEEDError) -> [[ReflectedBeam]] {
    let beams = BeamSet(
      kappa: kappas[index], waveNumber: waveNumber, cell: fixed.cell, harmonics: model.harmonics,
      settings: model.settings)
    guard let specular = beams.position(BeamIndex(0, 0)) else { return structures.map { _ in [] } }
    let movable = model.surface.movableLayers
    var below = try bulkReflection(beams, index)
    var plane = fixed.bulk.first?.plane ?? 0
    for layer in fixed.layers.dropFirst(movable).reversed() {
      below = try reflection(layer, beams, index, below, plane, nil)
      plane = layer.plane
    }
    var result: [[ReflectedBeam]] = []
    for structure in structures {
      var under = below
      var height = plane
      for (number, layer) in structure.layers.prefix(movable).enumerated().reversed() {
        under = try reflection(layer, beams, index, under, height, number == 0 ? [specular] : nil)
        height = layer.plane
      }
      result.append(reflectedBeams(beams, specular, under, height))
    }
    return result
  }

  private func reflection(
    _ layer: SurfaceLayer, _ beams: BeamSet, _ index: Int, _ below: ComplexMatrix, _ plane: Double,
    _ incident: [Int]?
  ) throws(CBLEEDError) -> ComplexMatrix {
    let scatterer = scatterer(layer, beams, fixed.cell) { surfaceSums.sums(kappa: index, from: $1, to: $0) }
    let phases = beams.phases(layer.plane - plane)
    return try scatterer.reflection(over: below.scaled(rows: phases, columns: phases), incident: incident)
  }

  private func scatterer(
    _ layer: SurfaceLayer, _ beams: BeamSet, _ cell: PlaneCell,
    _ sums: (SurfaceAtom, SurfaceAtom) -> ArraySlice<ComplexDouble>
  ) -> LayerScatterer {
    LayerScatterer(
      layer: layer, area: cell.area, beams: beams,
      scattering: layer.atoms.map {
        guard let t = scattering[AtomKind(element: $0.element, meanSquare: $0.meanSquare)] else {
          preconditionFailure("every kind of atom was tabulated")
        }
        return t
      }, gaunt: model.gaunt
    ) { sums(layer.atoms[$0], layer.atoms[$1]) }
  }

  /// Reflection of the bulk, class by class: its planes have smaller cells than the surface.
  private func bulkReflection(_ beams: BeamSet, _ index: Int) throws(CBLEEDError) -> ComplexMatrix {
    let (u, v) = fixed.bulkCell.reciprocal
    let reciprocal = PlaneCell(u, v)
    let repeats = (model.settings.bulkLayers + fixed.bulk.count - 1) / fixed.bulk.count
    var whole = ComplexMatrix(rows: beams.count, columns: beams.count)
    for (number, origin) in classes.enumerated() {
      let chosen = beams.orders.indices.filter { reciprocal.contains(beams.orders[$0] - origin) }
      let subset = beams.subset(chosen, origin: origin)
      let kinds = BulkKinds(layers: fixed.bulk, cell: fixed.bulkCell)
      var known: [Int: LayerMatrices] = [:]
      for kind in Set(kinds.kind) {
        let scatterer = scatterer(fixed.bulk[kind], subset, fixed.bulkCell) {
          bulkSums.sums(kappa: index * classes.count + number, from: $1, to: $0)
        }
        known[kind] = try scatterer.matrices()
      }
      let stacking = BulkStacking(
        layers: fixed.bulk, cell: fixed.bulkCell, repeatVector: fixed.bulkRepeat, beams: subset
      ) { number throws(CBLEEDError) in
        guard let matrices = known[kinds.kind[number]] else {
          preconditionFailure("every kind of layer was computed")
        }
        return matrices.shifted(subset.shift(kinds.shift[number]))
      }
      let part = try stacking.reflection(repeats: max(1, repeats))
      for (r, row) in chosen.enumerated() {
        for (c, column) in chosen.enumerated() { whole[row, column] = part[r, c] }
      }
    }
    return whole
  }

  /// Refers amplitudes to z = 0. Beams that do not leave the crystal have no intensity.
  private func reflectedBeams(
    _ beams: BeamSet, _ specular: Int, _ reflected: ComplexMatrix, _ plane: Double
  ) -> [ReflectedBeam] {
    let vacuum = VacuumFactor(energy: energy)
    let back = beams.phases(-plane)
    return beams.indices.indices.map { beam in
      let amplitude = back[beam] * reflected[beam, 0] * back[specular]
      return ReflectedBeam(
        beam: beams.indices[beam], amplitude: amplitude,
        intensity: vacuum(from: beams.kappa, to: beams.kappa + beams.orders[beam]) * amplitude.squaredModulus)
    }
  }
}

/// What turns squared amplitudes into currents: Kz out / Kz in, 0 where one of the waves cannot leave.
struct VacuumFactor {
  private let squaredWaveNumber: Double

  init(energy: Double) { squaredWaveNumber = energy / Physics.halfSquaredPlanckOverMass }

  func callAsFunction(from incident: PlaneVector, to leaving: PlaneVector) -> Double {
    let (before, after) = (
      squaredWaveNumber - incident.squaredLength, squaredWaveNumber - leaving.squaredLength
    )
    return before > 0 && after > 0 ? (after / before).squareRoot() : 0
  }
}
