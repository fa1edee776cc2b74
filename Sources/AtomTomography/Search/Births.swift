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
    let step = max(0.6 * blob.sigma, reach / 60)
    let near = (0..<atoms.count).map { atoms[$0] }.filter { ($0 - middle).length < reach + distance }
    let half = Int(bounded: reach / step)
    let square = distance * distance
    // The highest places first; whether an atom is near is asked of those alone.
    var places: [SIMD2<Double>] = []
    var products: [Double] = []
    for i in -half...half {
      for j in -half...half {
        let site = middle + step * SIMD2(Double(i), Double(j))
        let from = site - middle
        guard from.x * from.x + from.y * from.y <= reach * reach, region.contains(site) else { continue }
        var product = 0.0
        for (angle, direction) in directions.enumerated() {
          product -= correlation.value(angle, direction.coordinate(site.x, site.y))
        }
        places.append(site)
        products.append(product)
      }
    }
    func isFree(_ site: SIMD2<Double>, of others: [SIMD2<Double>]) -> Bool {
      for other in others {
        let from = other - site
        if from.x * from.x + from.y * from.y < square { return false }
      }
      return true
    }
    var chosen: [(site: SIMD2<Double>, gain: Double)] = []
    for _ in 0..<places.count where chosen.count < choices {
      var best = 0
      for index in 1..<max(1, products.count) where products[index] > products[best] { best = index }
      guard products[best] > -.infinity else { break }
      let site = places[best]
      if isFree(site, of: near), isFree(site, of: chosen.map(\.site)) {
        chosen.append((site, mass * (2 * products[best] - mass * own) * projections.pitch))
      }
      products[best] = -.infinity
    }
    return chosen
  }
}
