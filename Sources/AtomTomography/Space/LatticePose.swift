import Arrays
import Glibc

/// How a face-centred lattice lies in space.
package struct LatticePose: Sendable, Equatable {
  package var rotation: Rotation
  /// The distance of nearest neighbours.
  package var bond: Double
  /// Where one of the sites is.
  package var site: SIMD3<Double>
  package var score = 0.0

  /// Three vectors from a site to neighbours that make up the lattice.
  var basis: [SIMD3<Double>] {
    let half = bond * 0.5.squareRoot()
    return [SIMD3(0, half, half), SIMD3(half, 0, half), SIMD3(half, half, 0)].map { rotation * $0 }
  }

  /// Whether the other one has the same sites, nearly.
  func isAlike(_ other: LatticePose) -> Bool {
    let turned = (rotation.x * other.rotation.x).sum() + (rotation.y * other.rotation.y).sum()
    guard turned + (rotation.z * other.rotation.z).sum() > 2.998, bond > 0 else { return false }
    // From a site of the one to the nearest of the other.
    let half = bond * 0.5.squareRoot()
    let apart = other.site - site
    let at = SIMD3((apart * rotation.x).sum(), (apart * rotation.y).sum(), (apart * rotation.z).sum()) / half
    let corner = at.rounded(.down)
    for i in 0...1 {
      for j in 0...1 {
        for k in 0...1 {
          let place = corner + SIMD3(Double(i), Double(j), Double(k))
          if Int(bounded: place.sum()) % 2 == 0, half * (at - place).length < 0.15 * bond { return true }
        }
      }
    }
    return false
  }

  /// The sites within a region.
  func sites(_ region: ClusterRegion) -> [SIMD3<Double>] {
    let half = bond * 0.5.squareRoot()
    guard half > 1e-6 else { return [] }
    let reach = min(30, Int(bounded: region.radius / half) + 2)
    // The site nearest to the middle is where counting starts.
    let from = region.centre - site
    let (a, b, c) = (
      (from * rotation.x).sum() / half, (from * rotation.y).sum() / half, (from * rotation.z).sum() / half
    )
    var middle = SIMD3(a.rounded(), b.rounded(), c.rounded())
    if Int(bounded: middle.sum()) % 2 != 0 { middle.x += 1 }
    var sites: [SIMD3<Double>] = []
    for i in -reach...reach {
      for j in -reach...reach {
        for k in -reach...reach where (i + j + k) % 2 == 0 {
          let place = site + half * (rotation * (middle + SIMD3(Double(i), Double(j), Double(k))))
          if (place - region.centre).length <= region.radius, region.contains(place) { sites.append(place) }
        }
      }
    }
    return sites
  }
}
