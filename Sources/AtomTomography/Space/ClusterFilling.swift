import Arrays
import Glibc
import System

/// Atoms on the sites of a lattice that explain the images: shares of an atom by least squares, then whole atoms by
/// misfit and energy together.
struct ClusterFilling {
  let images: ProjectionImages
  let blob: AtomBlob
  let mass: Double
  let count: Int
  private let correlation: ImageCorrelation
  private let overlap: Overlap
  private let power: Double

  /// `extra`: how much wider than they are atoms are looked at, so that sites need not be met exactly.
  init(_ images: ProjectionImages, _ blob: AtomBlob, extra: Double, mass: Double, count: Int) {
    self.images = images.blurred(by: extra)
    self.blob = AtomBlob(sigma: (blob.sigma * blob.sigma + extra * extra).squareRoot())
    self.mass = mass
    self.count = count
    correlation = ImageCorrelation(self.images, values: self.images.values, self.blob)
    overlap = Overlap(self.blob, pitch: images.pitch)
    power = self.images.values.reduce(0) { $0 + $1 * $1 }
  }

  /// The overlaps of all pairs of sites in all images, and of every site with what is measured.
  private func normalEquations(_ sites: [SIMD3<Double>]) -> (gram: [Double], product: [Double]) {
    let count = sites.count
    var gram = [Double](repeating: 0, count: count * count)
    var product = [Double](repeating: 0, count: count)
    for (index, direction) in images.directions.enumerated() {
      let places = sites.map { ProjectionImages.place($0, direction) }
      for i in 0..<count {
        product[i] += mass * correlation.value(index, places[i])
        for j in 0...i {
          let apart = places[i] - places[j]
          let value = overlap.value(apart.x)
          guard value > 0 else { continue }
          gram[i * count + j] += mass * mass * value * overlap.value(apart.y)
        }
      }
    }
    for i in 0..<count { for j in 0..<i { gram[j * count + i] = gram[i * count + j] } }
    return (gram, product)
  }

  /// What the sites leave unexplained, squared, whatever they hold.
  func residual(_ sites: [SIMD3<Double>]) -> Double {
    let (gram, product) = normalEquations(sites)
    return Occupancy(gram: gram, product: product, power: power, expected: Double(count), sweeps: 30).residual
  }

  /// Which sites hold an atom, and of which of some types: their weights, the heaviest 1. Where the number of atoms is
  /// open, sites that hold more than half of the lightest are taken.
  func filled(
    _ sites: [SIMD3<Double>], types: [Double], isOpen: Bool, potential: PairPotential, alpha: Double,
    bond: Double, proposals: Int, _ random: inout RandomNumbers
  ) -> (cluster: AtomCluster, weights: [Double]) {
    let (gram, product) = normalEquations(sites)
    let shares = Occupancy(gram: gram, product: product, power: power, expected: Double(count), sweeps: 60)
    let lightest = types.min() ?? 1
    let count = isOpen ? shares.shares.count { $0 > 0.5 * lightest } : count
    // Every site with every type is a place of its own; no two at one site.
    let (kinds, places) = (types.count, sites.count * types.count)
    var pairs = [Double](repeating: 0, count: places * places)
    var own = [Double](repeating: 0, count: places)
    for place in 0..<places {
      let (site, weight) = (place / kinds, types[place % kinds])
      own[place] =
        images.area * weight * (weight * gram[site * sites.count + site] - 2 * product[site])
      for other in 0..<place {
        let (second, heavy) = (other / kinds, types[other % kinds])
        let energy =
          site == second
          ? 1e6 : alpha * min(20, potential.pair((sites[site] - sites[second]).length / bond).value)
        let value = 2 * images.area * weight * heavy * gram[site * sites.count + second] + energy
        (pairs[place * places + other], pairs[other * places + place]) = (value, value)
      }
    }
    let start = shares.largest(count).map { site in
      let share = shares.shares[site]
      let kind = types.indices.min { (types[$0] - share).magnitude < (types[$1] - share).magnitude } ?? 0
      return site * kinds + kind
    }
    var gas = LatticeGas(pairs: pairs, own: own, filled: start)
    gas.anneal(proposals, hot: 4 * alpha, cold: 0.1 * alpha, &random)
    let filled = gas.filledSites
    return (
      AtomCluster(points: filled.map { sites[$0 / kinds] }), filled.map { types[$0 % kinds] }
    )
  }
}
