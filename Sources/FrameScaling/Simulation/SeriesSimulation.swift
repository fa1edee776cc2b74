import Arrays
import Diffraction
import Glibc
import Scattering
import System

/// A tilt series of a crystal with known structure, thickness and scales.
package struct SeriesSimulation: Sendable {
  package var geometry = ZoneSeries.Geometry.rotation
  package var frames = 54
  package var first = -53.0
  package var step = 2.0
  package var semiAngle = 1.25
  package var thickness = 480.0
  package var model = ThicknessModel.single
  package var kilovolts = 200.0
  /// Reflections up to here, 1/Å.
  package var limit = 1.4
  package var steps = 40
  /// Of the intensities, relative.
  package var noise = 0.1
  /// Of the frames' scales about their smooth curve, relative.
  package var flicker = 0.02
  package var seed: UInt64 = 1

  package init() {}

  package struct Result: Sendable {
    package var series: ZoneSeries
    package var scales: [Double]
    package var names: [String]
    package var values: [Double]
  }

  package static let mostFrames = 2000

  package func result(_ unit: AsymmetricUnit) throws -> Result {
    let structure = try StructureModel(unit)
    var random = RandomNumbers(seed: seed)
    let cell = unit.cell
    let (a, b, c) = cell.reciprocal
    let rotation = Self.rotation(&random)
    let matrix = rotation * Matrix3(columns: a, b, c)
    let wavelength = ElectronBeam(kilovolts: kilovolts).wavelength
    let rocking = Rocking(geometry: geometry, steps: steps)
    let selection = BeamSelection(
      beamLimit: limit + 0.1, beamError: 0.008, limit: limit, share: 0.66, margin: 0.0015)
    guard let wave = ElectronWave(wavelength: wavelength),
      let lattice = ReciprocalLattice(cell: cell, radius: limit)
    else {
      throw ScalingProblem.Failure(description: "the cell has too many beams below \(fixed(limit, 2)) 1/Å")
    }
    let lengths = cell.lengths
    let angles = cell.anglesDegrees
    var series = ZoneSeries(
      lengths: lengths, angles: angles, wavelength: wavelength, geometry: geometry, axisPosition: 0,
      resolution: limit,
      orientation: (0..<3).flatMap { row in (0..<3).map { matrix[row, $0] } }, zones: [], reflections: [])
    var scales: [Double] = []
    for frame in 0..<frames {
      let alpha = first + step * Double(frame)
      let turned = Matrix3.turnX(alpha) * matrix
      let along = Vector3(turned[2, 0], turned[2, 1], turned[2, 2])
      let largest = max(along.x.magnitude, along.y.magnitude, along.z.magnitude)
      series.zones.append(
        ZoneSeries.Zone(
          id: frame + 1, direction: along / largest, semiAngle: semiAngle, alpha: alpha, beta: 0, omega: 0,
          scale: 1))
      series.reflections += lattice.accepted(
        by: selection, turned, wavenumber: wave.wavenumber, rocking: rocking, semiAngle: semiAngle
      ).map { ZoneSeries.Reflection(index: $0, intensity: 1, sigma: 1, zone: frame) }
      // The crystal thins out of the beam towards one end, and comes back a little.
      let x = Double(frame) / Double(max(1, frames - 1))
      scales.append(3e5 * (1 + 0.5 * cos(2.2 * .pi * x) + 0.15 * x) * exp(flicker * random.normal()))
    }
    let problem = try ScalingProblem(
      series: series,
      goniometer: Goniometer(orientation: matrix, axisPosition: 0, zones: series.zones),
      structure: structure, wave: wave, rocking: rocking, selection: selection, model: model, hand: .given)
    let intensities = try problem.intensities(structure.start, thickness: thickness)
    // Rows stand in the order of their zones, as the reflections do.
    for place in series.reflections.indices {
      let ideal = scales[series.reflections[place].zone] * intensities[place]
      let sigma = (1.5 * max(ideal, 0) + 1e-4 * ideal * ideal + 60).squareRoot()
      series.reflections[place].intensity = ideal * (1 + noise * random.normal()) + sigma * random.normal()
      series.reflections[place].sigma = sigma
    }
    return Result(
      series: series, scales: scales, names: structure.parameters.map(\.name), values: structure.start)
  }

  /// Evenly among all orientations.
  private static func rotation(_ random: inout RandomNumbers) -> Matrix3 {
    var q = SIMD4<Double>(random.normal(), random.normal(), random.normal(), random.normal())
    q /= max(1e-9, (q * q).sum().squareRoot())
    let (w, x, y, z) = (q.x, q.y, q.z, q.w)
    return Matrix3(
      rows: [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
      [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
      [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)])
  }
}

extension ZoneSeries {
  /// As PETS2 writes it.
  package var petsText: String {
    var text = "data_pets\n"
    for (name, value) in zip(["a", "b", "c"], [lengths.x, lengths.y, lengths.z]) {
      text += "_cell_length_\(name) \(fixed(value, 4))\n"
    }
    for (name, value) in zip(["alpha", "beta", "gamma"], [angles.x, angles.y, angles.z]) {
      text += "_cell_angle_\(name) \(fixed(value, 3))\n"
    }
    text += "_diffrn_radiation_wavelength \(fixed(wavelength, 6))\n"
    for row in 0..<3 {
      for column in 0..<3 {
        text +=
          "_diffrn_orient_matrix_UB_\(row + 1)\(column + 1) \(fixed(orientation[3 * row + column], 9))\n"
      }
    }
    text += "_diffrn_measurement_details\n;\ndata collection geometry: "
    text += geometry == .rotation ? "continuous rotation\n" : "precession\n"
    text += "dstarmax:  \(fixed(resolution, 3))\nrotation axis position:  \(fixed(axisPosition, 3))\n;\n"
    text += "loop_\n"
    for name in ["id", "u", "v", "w", "precession_angle", "alpha", "beta", "omega", "scale"] {
      text += "_diffrn_zone_axis_\(name)\n"
    }
    for zone in zones {
      let numbers =
        [zone.direction.x, zone.direction.y, zone.direction.z].map { fixed($0, 6) }
        + [zone.semiAngle, zone.alpha, zone.beta, zone.omega, zone.scale].map { fixed($0, 4) }
      text += "\(zone.id) \(numbers.joined(separator: " "))\n"
    }
    text += "loop_\n_refln_index_h\n_refln_index_k\n_refln_index_l\n_refln_intensity_meas\n"
    text += "_refln_intensity_sigma\n_refln_zone_axis_id\n"
    for reflection in reflections {
      let index = reflection.index
      text += "\(index.x) \(index.y) \(index.z) \(fixed(reflection.intensity, 2)) "
      text += "\(fixed(reflection.sigma, 2)) \(zones[reflection.zone].id)\n"
    }
    return text
  }
}
