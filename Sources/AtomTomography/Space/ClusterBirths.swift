import Arrays
import Glibc

/// Where the images want another atom: places of a grid by what an atom there would take off the misfit.
struct ClusterBirths {
  private let images: ProjectionImages
  private let blob: AtomBlob
  private let region: ClusterRegion
  private let mass: Double
  private let own: Double

  init(_ images: ProjectionImages, _ blob: AtomBlob, _ region: ClusterRegion, mass: Double) {
    (self.images, self.blob, self.region, self.mass) = (images, blob, region, mass)
    let overlap = Overlap(blob, pitch: images.pitch).own
    own = overlap * overlap * Double(images.angles.count)
  }

  /// Up to `choices` places that gain most, at least `distance` apart and `distance` from every atom, best first; within
  /// a ball, or anywhere. `residual` is model less measurement.
  func sites(
    _ residual: [Double], around ball: (centre: SIMD3<Double>, radius: Double)?,
    avoiding cluster: AtomCluster,
    distance: Double, choices: Int
  ) -> [SIMD3<Double>] {
    let correlation = ImageCorrelation(images, values: residual, blob)
    let (middle, reach) = ball ?? (region.centre, region.radius)
    let step = max(0.6 * blob.sigma, reach / 28)
    let half = Int(bounded: reach / step)
    let directions = region.directions
    let near = cluster.points.filter { ($0 - middle).length < reach + distance }
    var places: [(gain: Double, site: SIMD3<Double>)] = []
    for i in -half...half {
      for j in -half...half {
        for k in -half...half {
          let from = step * SIMD3(Double(i), Double(j), Double(k))
          guard (from * from).sum() <= reach * reach else { continue }
          var gain = -mass * own
          for (index, direction) in directions.enumerated() {
            gain -= 2 * correlation.value(index, ProjectionImages.place(middle + from, direction))
          }
          // A place that would explain less than a third of an atom is none.
          guard gain > -0.67 * mass * own else { continue }
          places.append((gain, middle + from))
        }
      }
    }
    places.sort {
      ($0.gain, $0.site.x, $0.site.y, $0.site.z) > ($1.gain, $1.site.x, $1.site.y, $1.site.z)
    }
    var chosen: [SIMD3<Double>] = []
    func isFree(_ site: SIMD3<Double>, of others: [SIMD3<Double>]) -> Bool {
      others.allSatisfy { (($0 - site) * ($0 - site)).sum() >= distance * distance }
    }
    for place in places where chosen.count < choices {
      if region.contains(place.site), isFree(place.site, of: chosen), isFree(place.site, of: near) {
        chosen.append(place.site)
      }
    }
    return chosen
  }
}
