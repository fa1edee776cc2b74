import Arrays
import Glibc
import System

/// Where the projections want another atom: sites of a fine grid by what an atom there would take off the misfit.
package struct Births {
  private let projections: Projections
  private let blob: AtomBlob
  private let region: Region
  private let mass: Double
  private let directions: [Direction]
  private let own: Double

  package init(_ projections: Projections, _ blob: AtomBlob, _ region: Region, mass: Double) {
    self.projections = projections
    self.blob = blob
    self.region = region
    self.mass = mass
    directions = projections.directions
    own = Overlap(blob, pitch: projections.pitch).own * Double(projections.angles.count)
  }

  /// Up to `choices` sites that gain most, at least `distance` apart and `distance` from every atom, best first.
  /// `residual` is model less measurement.
  package func sites(
    _ residual: [Double], around centre: SIMD2<Double>?, radius: Double, avoiding atoms: AtomPlane,
    distance: Double, choices: Int
  ) -> [(site: SIMD2<Double>, gain: Double)] {
    let correlation = Correlation(projections, values: residual, blob)
    let middle = centre ?? region.centre
    let reach = centre == nil ? region.radius : radius
    let step = max(0.5 * blob.sigma, reach / 60)
    let near = (0..<atoms.count).map { atoms[$0] }.filter { ($0 - middle).length < reach + distance }
    let half = Int(bounded: reach / step)
    var found: [(site: SIMD2<Double>, gain: Double)] = []
    for i in -half...half {
      for j in -half...half {
        let site = middle + step * SIMD2(Double(i), Double(j))
        guard (site - middle).length <= reach, region.contains(site) else { continue }
        var product = 0.0
        for (angle, direction) in directions.enumerated() {
          product += correlation.value(angle, direction.coordinate(site.x, site.y))
        }
        let gain = -mass * (2 * product + mass * own)
        if near.contains(where: { ($0 - site).length < distance }) { continue }
        found.append((site, gain))
      }
    }
    found.sort { ($0.gain, $1.site.x, $1.site.y) > ($1.gain, $0.site.x, $0.site.y) }
    var chosen: [(site: SIMD2<Double>, gain: Double)] = []
    for candidate in found where chosen.count < choices {
      if chosen.allSatisfy({ ($0.site - candidate.site).length >= distance }) { chosen.append(candidate) }
    }
    return chosen
  }
}
