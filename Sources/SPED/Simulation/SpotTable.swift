import Diffraction
import Glibc
import Scattering

/// Spots of one orientation under a precessing beam, by thickness: two-beam intensities averaged over the cone.
struct SpotTable: Sendable {
  /// In 1/Å on the detector.
  let places: [Vector2]
  /// [thickness step][spot], parts of the incident beam.
  let intensities: [[Double]]
  static let step = 5.0

  init(
    _ crystal: Scattering.Crystal, _ orientation: Matrix3, beam: ElectronBeam, precession: Double,
    reach: Double, thickest: Double
  ) {
    let k = 1 / beam.wavelength
    let reciprocal = crystal.cell.reciprocal
    let factors = crystal.sites.map { ($0, FormFactor($0.element)) }
    let limit = crystal.cell.lengths.max() * reach * 1.5
    let n = Int(limit.rounded(.up))
    var places: [Vector2] = []
    var excitations: [(s: Double, swing: Double, length: Double)] = []
    for h in -n...n {
      for i in -n...n {
        for j in -n...n where (h, i, j) != (0, 0, 0) {
          let g = reciprocal.0 * Double(h) + reciprocal.1 * Double(i) + reciprocal.2 * Double(j)
          let q = orientation * g
          guard max(abs(q.x), abs(q.y)) <= reach else { continue }
          let across = q.across.length
          guard across > 0.05 else { continue }
          // Distance from the Ewald sphere along the beam, and how far precession moves it.
          let s = k - (across * across + (k + q.z) * (k + q.z)).squareRoot()
          guard abs(s) < across * precession + 0.02 else { continue }
          var (re, im) = (0.0, 0.0)
          for (site, factor) in factors {
            let phase =
              2 * .pi
              * (Double(h) * site.position.x + Double(i) * site.position.y + Double(j) * site.position.z)
            let damping = exp(-2 * .pi * .pi * (site.displacement?.along(g) ?? 0.0044 * g.dot(g)))
            let f = factor(g.length) * site.occupancy * damping
            re += f * cos(phase)
            im += f * sin(phase)
          }
          let amplitude = (re * re + im * im).squareRoot() * beam.massRatio
          guard amplitude > 1e-3 else { continue }
          places.append(q.across)
          excitations.append(
            (s, across * precession, .pi * crystal.cell.volume / (beam.wavelength * amplitude)))
        }
      }
    }
    self.places = places
    var table: [[Double]] = []
    let turns = (0..<90).map { cos(2 * .pi * (Double($0) + 0.5) / 90) }
    for t in stride(from: 0, through: thickest + Self.step, by: Self.step) {
      var row = excitations.map { spot in
        var sum = 0.0
        for turn in turns {
          let s = spot.s + spot.swing * turn
          let q = (s * s + 1 / (spot.length * spot.length)).squareRoot()
          let amplitude = sin(.pi * t * 10 * q) / (spot.length * q)
          sum += amplitude * amplitude
        }
        return sum / Double(turns.count)
      }
      // Two-beam intensities add up to more than the beam: what scatters at all stays below one.
      let total = row.reduce(0, +)
      if total > 1e-9 { row = row.map { $0 * (1 - exp(-total)) / total } }
      table.append(row)
    }
    intensities = table
  }

  func values(_ thickness: Double) -> [Double] {
    let at = min(thickness / Self.step, Double(intensities.count - 1) - 1e-9)
    let low = Int(at)
    let part = at - Double(low)
    return zip(intensities[low], intensities[low + 1]).map { $0 * (1 - part) + $1 * part }
  }
}
