import Arrays
import Diffraction
import Glibc
import Scattering

/// What a series of zones can say about a structure: its usable reflections, the beams of every frame, and how both
/// are compared. Nothing in it changes while parameters are refined.
package struct ScalingProblem: Sendable {
  package struct Row: Sendable {
    package let index: SIMD3<Int>
    /// The place of its frame in `frames`.
    package let frame: Int
    package let intensity: Double
    package let sigma: Double
    /// Rows of one number are one measurement, or equal ones: they are left out together.
    package let measurement: Int
    package let amplitude: Double
    package let weight: Double

    package var isObserved: Bool { intensity > 3 * sigma }
  }

  package let structure: StructureModel
  package let wave: ElectronWave
  package let model: ThicknessModel
  package let hand: Hand
  package let rows: [Row]
  package let measurements: Int
  /// The place of each frame's zone in the series. Zones without a usable reflection have no frame.
  package let zones: [Int]
  package let frames: [FrameBeams]
  /// Rows of frame f: `starts[f]..<starts[f + 1]`.
  package let starts: [Int]
  /// In which a frame's rocking is followed.
  package var steps: Int { frames.first?.diagonals.rows ?? 0 }
  /// All differences of two beams, and which of them each frame's are.
  private let differences: [SIMD3<Int>]
  private let places: [[Int32]]

  package struct Failure: Error, Equatable, CustomStringConvertible {
    package let description: String
  }

  package init(
    series: ZoneSeries, goniometer: Goniometer, structure: StructureModel, wave: ElectronWave,
    rocking: Rocking, selection: BeamSelection, model: ThicknessModel, hand: Hand
  ) throws(Failure) {
    guard let lattice = ReciprocalLattice(cell: structure.unit.cell, radius: selection.beamLimit) else {
      throw Failure(
        description: "a cell of \(fixed(structure.unit.cell.volume, 0)) Å³ has too many beams below "
          + "\(fixed(selection.beamLimit, 2)) 1/Å: lower beam_limit")
    }
    var inZone = [[ZoneSeries.Reflection]](repeating: [], count: series.zones.count)
    for reflection in series.reflections where reflection.index != .zero {
      inZone[reflection.zone].append(reflection)
    }
    let typical = Self.typicalIntensity(series.reflections)
    var numbers: [SIMD3<Int>: Int] = [:]
    var rows: [Row] = []
    var starts = [0]
    var zones: [Int] = []
    var matrices: [Matrix3] = []
    for (zone, reflections) in inZone.enumerated() {
      let matrix = goniometer.matrix(zone)
      let usable = reflections.filter { reflection in
        let g =
          matrix
          * Vector3(
            Double(reflection.index.x), Double(reflection.index.y), Double(reflection.index.z))
        return selection.accepts(
          g, wavenumber: wave.wavenumber, rocking: rocking, semiAngle: series.zones[zone].semiAngle)
      }
      guard !usable.isEmpty else { continue }
      for reflection in usable {
        let measurement = numbers[reflection.index] ?? numbers.count
        numbers[reflection.index] = measurement
        rows.append(Row(reflection, frame: zones.count, measurement: measurement, typical: typical))
      }
      zones.append(zone)
      matrices.append(matrix)
      starts.append(rows.count)
    }
    let (firsts, all, turns, used) = (starts, rows, matrices, zones)
    let frames = parallelMap(used.count) { frame in
      FrameBeams(
        matrix: turns[frame], semiAngle: series.zones[used[frame]].semiAngle, rocking: rocking,
        wavenumber: wave.wavenumber, selection: selection, lattice: lattice,
        measured: all[firsts[frame]..<firsts[frame + 1]].map(\.index))
    }
    if let crowded = frames.firstIndex(where: { $0 == nil }) {
      throw Failure(
        description: "zone \(series.zones[zones[crowded]].id) has more than \(FrameBeams.mostBeams) beams: "
          + "lower beam_limit or beam_error")
    }
    self.init(
      structure: structure, wave: wave, model: model, hand: hand, rows: rows, measurements: numbers.count,
      zones: zones, frames: frames.compactMap { $0 }, starts: starts)
  }

  private init(
    structure: StructureModel, wave: ElectronWave, model: ThicknessModel, hand: Hand, rows: [Row],
    measurements: Int, zones: [Int], frames: [FrameBeams], starts: [Int]
  ) {
    self.structure = structure
    self.wave = wave
    self.model = model
    self.hand = hand
    self.rows = rows
    self.measurements = measurements
    self.zones = zones
    self.frames = frames
    self.starts = starts
    var differences: [SIMD3<Int>] = []
    var numbers: [SIMD3<Int>: Int32] = [:]
    places = frames.map { frame in
      frame.differences.map { difference in
        let number = numbers[difference] ?? Int32(differences.count)
        if number == differences.count {
          numbers[difference] = number
          differences.append(difference)
        }
        return number
      }
    }
    self.differences = differences
  }

  /// The same data, seen with another model.
  package func with(model: ThicknessModel? = nil, hand: Hand? = nil) -> ScalingProblem {
    ScalingProblem(
      structure: structure, wave: wave, model: model ?? self.model, hand: hand ?? self.hand, rows: rows,
      measurements: measurements, zones: zones, frames: frames, starts: starts)
  }

  /// What stands in for a standard deviation that a file does not state is measured by it.
  private static func typicalIntensity(_ reflections: [ZoneSeries.Reflection]) -> Double {
    let sorted = reflections.map(\.intensity.magnitude).sorted()
    return sorted.isEmpty ? 1 : max(sorted[sorted.count / 2], 1e-300)
  }

  // MARK: Intensities

  /// Of every row, at unit scale.
  package func intensities(
    _ values: [Double], thickness: Double, isCancelled: @Sendable () -> Bool = { false }
  ) throws -> [Double] {
    let quadrature = model.quadrature
    let table = try scan(
      values, thicknesses: quadrature.map { thickness * $0.share }, isCancelled: isCancelled)
    return (0..<rows.count).map { row in
      quadrature.indices.reduce(0) { $0 + quadrature[$1].weight * table[row, $1] }
    }
  }

  /// Of every row behind every thickness.
  package func scan(
    _ values: [Double], thicknesses: [Double], isCancelled: @Sendable () -> Bool = { false }
  ) throws -> DoubleMatrix {
    let (potentials, _) = structure.potentials(
      values, indices: differences, wave: wave, hand: hand, withDerivatives: false)
    let parts = parallelMap(frames.count) { frame -> Result<DoubleMatrix, any Error> in
      Result {
        if isCancelled() { throw CancellationError() }
        return try waves(values, frame, potentials).intensities(thicknesses: thicknesses)
      }
    }
    var table: [Double] = []
    for part in parts { table += try part.get().values }
    return DoubleMatrix(rows: rows.count, columns: thicknesses.count, values: table)
  }

  package struct Response: Sendable {
    package var intensities: [Double] = []
    /// By the structure's numbers and, last, by the thickness.
    package var derivatives: DoubleMatrix
    /// By a turn of the row's frame about x and about y, per radian.
    package var turns: [SIMD2<Double>] = []
  }

  /// Intensities of every row and what they answer to.
  package func response(
    _ values: [Double], thickness: Double, every: Int = 1, isCancelled: @Sendable () -> Bool = { false }
  ) throws -> Response {
    let (potentials, slopes) = structure.potentials(
      values, indices: differences, wave: wave, hand: hand, withDerivatives: true)
    let columns = values.count + 1
    let parts = parallelMap(frames.count) { frame -> Result<Response, any Error> in
      Result {
        if isCancelled() { throw CancellationError() }
        let places = places[frame]
        let response = try waves(values, frame, potentials).response(
          thickness: thickness, model: model, every: every, knowsAbsorption: structure.absorptionPlace != nil)
        var derivatives = [Double](repeating: 0, count: response.intensities.count * columns)
        for row in response.intensities.indices {
          for column in values.indices {
            var sum = 0.0
            for (local, place) in places.enumerated() {
              let (a, b) = (response.potentials[row, local], slopes[column, Int(place)])
              sum += a.re * b.re - a.im * b.im
            }
            derivatives[row * columns + column] = 2 * sum
          }
          if let place = structure.absorptionPlace {
            derivatives[row * columns + place] = response.absorption[row]
          }
          derivatives[row * columns + columns - 1] = response.thickness[row]
        }
        return Response(
          intensities: response.intensities,
          derivatives: DoubleMatrix(
            rows: response.intensities.count, columns: columns, values: derivatives),
          turns: zip(response.turnX, response.turnY).map { SIMD2($0, $1) })
      }
    }
    var whole = Response(derivatives: DoubleMatrix(rows: 0, columns: columns))
    var derivatives: [Double] = []
    for part in parts {
      let response = try part.get()
      whole.intensities += response.intensities
      whole.turns += response.turns
      derivatives += response.derivatives.values
    }
    whole.derivatives = DoubleMatrix(rows: rows.count, columns: columns, values: derivatives)
    return whole
  }
}

extension ScalingProblem {
  /// Intensities at unit scale at every step of every frame's rocking: measured x steps, one a frame.
  package func rocking(_ values: [Double], thickness: Double) throws(LinearAlgebraError) -> [DoubleMatrix] {
    let (potentials, _) = structure.potentials(
      values, indices: differences, wave: wave, hand: hand, withDerivatives: false)
    let parts = parallelMap(frames.count) { frame -> Result<DoubleMatrix, LinearAlgebraError> in
      Result { () throws(LinearAlgebraError) in
        try waves(values, frame, potentials).rocking(thickness: thickness, model: model)
      }
    }
    var curves: [DoubleMatrix] = []
    for part in parts { curves.append(try part.get()) }
    return curves
  }

  /// How the intensities of a frame's rows answer to a turn of the crystal about x and about y, per radian.
  package func turns(
    _ values: [Double], thickness: Double, frame: Int
  ) throws(LinearAlgebraError) -> (x: [Double], y: [Double]) {
    let response = try waves(values, frames[frame]).response(thickness: thickness, model: model)
    return (response.turnX, response.turnY)
  }

  /// Intensities of a frame's rows with the crystal turned about x and about y by so many radians.
  package func intensities(
    _ values: [Double], thickness: Double, frame: Int, turned: SIMD2<Double>
  ) throws(LinearAlgebraError) -> [Double] {
    try waves(values, frames[frame].turned(turned)).response(thickness: thickness, model: model).intensities
  }

  /// `potentials`: of all differences.
  private func waves(_ values: [Double], _ frame: Int, _ potentials: [ComplexDouble]) -> FrameWaves {
    FrameWaves(
      frames[frame], potentials: places[frame].map { potentials[Int($0)] },
      absorption: structure.absorption(values))
  }

  private func waves(_ values: [Double], _ beams: FrameBeams) -> FrameWaves {
    FrameWaves(
      beams,
      potentials: structure.potentials(
        values, indices: beams.differences, wave: wave, hand: hand, withDerivatives: false
      ).potentials, absorption: structure.absorption(values))
  }
}

extension ScalingProblem.Row {
  /// Weights as refinement programs set them: 1 / (sigma_F² + (0.01 F)²), where weak intensities keep a finite sigma_F.
  fileprivate init(_ reflection: ZoneSeries.Reflection, frame: Int, measurement: Int, typical: Double) {
    let intensity = reflection.intensity
    let sigma =
      reflection.sigma > 0
      ? reflection.sigma : 0.03 * (intensity * intensity + typical * typical).squareRoot()
    let amplitude = max(intensity, 0).squareRoot()
    let deviation = intensity < 0.01 * sigma ? 5 * sigma.squareRoot() : sigma / (2 * amplitude)
    self.init(
      index: reflection.index, frame: frame, intensity: intensity, sigma: sigma, measurement: measurement,
      amplitude: amplitude, weight: 1 / (deviation * deviation + 1e-4 * amplitude * amplitude))
  }
}
