import Arrays
import Glibc
import System

/// Which sites of a lattice hold an atom: whole atoms, by misfit and energy together, annealed.
///
/// Where the least squares leave shares, several whole arrangements explain the projections alike; the energy
/// chooses. Of two projections these are the arrangements that differ by exchanges: two atoms go to the other two
/// corners of the parallelogram whose sides the projections see edge-on.
struct LatticeGas {
  private let count: Int
  /// Twice the overlap of two sites, and their pair energy times alpha.
  private var pairs: [Double]
  /// What an atom at a site costs beside the others.
  private var field: [Double]
  private(set) var isFilled: [Bool]
  private var filled: [Int]
  private var empty: [Int]
  private var place: [Int]
  /// The corner site for two atoms: from the first projection of one and the second of the other; -1 for none.
  private var corner: [Int32] = []

  init(
    sites: [SIMD2<Double>], filled start: [Int], projections: Projections, correlation: Correlation,
    overlap: Overlap, mass: Double, potential: PairPotential, alpha: Double, bond: Double
  ) {
    let count = sites.count
    var pairs = [Double](repeating: 0, count: count * count)
    var own = [Double](repeating: 0, count: count)
    let directions = projections.directions
    let pitch = projections.pitch
    var along = [[Double]](repeating: [], count: directions.count)
    for (angle, direction) in directions.enumerated() {
      along[angle] = sites.map { direction.coordinate($0.x, $0.y) }
      for i in 0..<count {
        own[i] += pitch * mass * (mass * overlap.own - 2 * correlation.value(angle, along[angle][i]))
        for j in 0..<i {
          let value = 2 * pitch * mass * mass * overlap.value(along[angle][i] - along[angle][j])
          if value > 0 { pairs[i * count + j] += value }
        }
      }
    }
    for i in 0..<count {
      for j in 0..<i {
        pairs[i * count + j] += alpha * min(20, potential.pair((sites[i] - sites[j]).length / bond).value)
        pairs[j * count + i] = pairs[i * count + j]
      }
    }
    self.init(pairs: pairs, own: own, filled: start)
    if directions.count == 2 { corner = Self.corners(along, tolerance: 0.2 * bond) }
  }

  /// `pairs` holds what two filled sites cost together, `own` what one costs alone.
  init(pairs: [Double], own: [Double], filled start: [Int]) {
    count = own.count
    self.pairs = pairs
    isFilled = [Bool](repeating: false, count: count)
    place = [Int](repeating: 0, count: count)
    field = own
    filled = []
    empty = []
    for site in start where site < count { isFilled[site] = true }
    for i in 0..<count {
      place[i] = isFilled[i] ? filled.count : empty.count
      if isFilled[i] { filled.append(i) } else { empty.append(i) }
    }
    for i in filled { for j in 0..<count { field[j] += pairs[i * count + j] } }
  }

  /// Found by cells of the plane of both coordinates: a site in the same or a neighbouring one.
  private static func corners(_ along: [[Double]], tolerance: Double) -> [Int32] {
    let count = along[0].count
    let (u, v) = (along[0], along[1])
    let (lowU, lowV) = (u.min() ?? 0, v.min() ?? 0)
    let columns = min(2000, Int(bounded: ((u.max() ?? 0) - lowU) / tolerance) + 1)
    let rows = min(2000, Int(bounded: ((v.max() ?? 0) - lowV) / tolerance) + 1)
    func cell(_ value: Double, _ low: Double, _ count: Int) -> Int {
      min(count - 1, max(0, Int(bounded: (value - low) / tolerance)))
    }
    var first = [Int32](repeating: -1, count: columns * rows)
    var next = [Int32](repeating: -1, count: count)
    for k in 0..<count {
      let at = cell(v[k], lowV, rows) * columns + cell(u[k], lowU, columns)
      next[k] = first[at]
      first[at] = Int32(truncatingIfNeeded: k)
    }
    var corner = [Int32](repeating: -1, count: count * count)
    for i in 0..<count {
      let column = cell(u[i], lowU, columns)
      for j in 0..<count {
        let row = cell(v[j], lowV, rows)
        var least = tolerance * tolerance
        for r in max(0, row - 1)...min(rows - 1, row + 1) {
          for c in max(0, column - 1)...min(columns - 1, column + 1) {
            var k = Int(first[r * columns + c])
            while k >= 0 {
              let (du, dv) = (u[k] - u[i], v[k] - v[j])
              let square = du * du + dv * dv
              if square < least {
                least = square
                corner[i * count + j] = Int32(truncatingIfNeeded: k)
              }
              k = Int(next[k])
            }
          }
        }
      }
    }
    return corner
  }

  private mutating func move(_ from: Int, _ to: Int) {
    let (a, b) = (place[from], place[to])
    filled[a] = to
    empty[b] = from
    place[to] = a
    place[from] = b
    isFilled[from] = false
    isFilled[to] = true
    for j in 0..<count { field[j] += pairs[to * count + j] - pairs[from * count + j] }
  }

  /// From hot to cold in so many proposals.
  mutating func anneal(_ proposals: Int, hot: Double, cold: Double, _ random: inout RandomNumbers) {
    guard filled.count > 1, !empty.isEmpty else { return }
    let factor = pow(cold / hot, 1 / Double(max(1, proposals)))
    var temperature = hot
    for _ in 0..<proposals {
      temperature *= factor
      if !corner.isEmpty, random.uniform() < 0.7 {
        let i = filled[random.integer(below: filled.count)]
        let j = filled[random.integer(below: filled.count)]
        let k = Int(corner[i * count + j])
        let l = Int(corner[j * count + i])
        guard k >= 0, l >= 0, k != l, !isFilled[k], !isFilled[l] else { continue }
        let gone = field[i] + field[j] - pairs[i * count + j]
        let come =
          field[k] + field[l] + pairs[k * count + l] - pairs[i * count + k] - pairs[i * count + l]
          - pairs[j * count + k] - pairs[j * count + l]
        guard accepts(come - gone, temperature, &random) else { continue }
        move(i, k)
        move(j, l)
      } else {
        let i = filled[random.integer(below: filled.count)]
        let k = empty[random.integer(below: empty.count)]
        let change = field[k] - pairs[i * count + k] - field[i]
        if accepts(change, temperature, &random) { move(i, k) }
      }
    }
  }

  private func accepts(_ change: Double, _ temperature: Double, _ random: inout RandomNumbers) -> Bool {
    change <= 0 || random.uniform() < exp(-change / temperature)
  }

  var filledSites: [Int] { filled.sorted() }
}
