import Arrays

/// Clusters of points by density (Ester et al. 1996).
package struct Clustering: Sendable {
  /// Per point its cluster from 0, or nil for noise.
  package let cluster: [Int?]
  package let count: Int

  /// The mean of each cluster's points.
  package func centroids(of points: [Point]) -> [Point] {
    var sums = [(y: Double, x: Double, n: Double)](repeating: (0, 0, 0), count: count)
    for (point, cluster) in zip(points, cluster) {
      guard let cluster else { continue }
      sums[cluster].y += point.y
      sums[cluster].x += point.x
      sums[cluster].n += 1
    }
    return sums.map { Point(y: $0.y / $0.n, x: $0.x / $0.n) }
  }
}

/// Points with at least `minimumSamples` points (themselves included) within `reach` are cores; cores within
/// reach share a cluster, and any other point within reach of a core joins it. Clusters are numbered by
/// their first core, and a point that several clusters reach joins the first.
///
/// Cells of side reach / sqrt(2) hold only mutual neighbours, so crowded cells need no distances at all.
package func dbscan(_ points: [Point], reach: Double, minimumSamples: Int) -> Clustering {
  precondition(reach > 0, "a neighbourhood has a size")
  guard !points.isEmpty else { return Clustering(cluster: [], count: 0) }
  let cells = PointCells(points, side: reach / 2.0.squareRoot())
  let limit = reach * reach
  let order = cells.order
  let (ys, xs) = (order.map { points[$0].y }, order.map { points[$0].x })
  let count = points.count

  // Cores, in cell order.
  var core = [Bool](repeating: false, count: count)
  for cell in 0..<cells.count {
    let members = cells.members(cell)
    if members.count >= minimumSamples {
      for i in members { core[i] = true }
      continue
    }
    let around = cells.neighbours(of: cell)
    for i in members {
      var found = members.count
      search: for other in around {
        for j in cells.members(other) {
          let (dy, dx) = (ys[i] - ys[j], xs[i] - xs[j])
          if dy * dy + dx * dx <= limit {
            found += 1
            if found >= minimumSamples { break search }
          }
        }
      }
      core[i] = found >= minimumSamples
    }
  }

  // Cells whose cores share a cluster.
  var parents = Array(0..<cells.count)
  func root(_ cell: Int) -> Int {
    var c = cell
    while parents[c] != c {
      parents[c] = parents[parents[c]]
      c = parents[c]
    }
    return c
  }
  for cell in 0..<cells.count {
    let mine = cells.members(cell).filter { core[$0] }
    guard !mine.isEmpty else { continue }
    for other in cells.neighbours(of: cell) where other < cell {
      let (a, b) = (root(cell), root(other))
      guard a != b else { continue }
      let touches = mine.contains { i in
        cells.members(other).contains { j in
          let (dy, dx) = (ys[i] - ys[j], xs[i] - xs[j])
          return core[j] && dy * dy + dx * dx <= limit
        }
      }
      if touches { parents[max(a, b)] = min(a, b) }
    }
  }

  // Numbers, in the order of the points as given.
  var place = [Int](repeating: 0, count: count)
  for (i, point) in order.enumerated() { place[point] = i }
  var numbers = [Int](repeating: -1, count: cells.count)
  var cluster = [Int?](repeating: nil, count: count)
  var clusters = 0
  for point in 0..<count where core[place[point]] {
    let top = root(cells.cell[place[point]])
    if numbers[top] < 0 {
      numbers[top] = clusters
      clusters += 1
    }
    cluster[point] = numbers[top]
  }
  for point in 0..<count where !core[place[point]] {
    let i = place[point]
    var best: Int?
    for other in [cells.cell[i]] + cells.neighbours(of: cells.cell[i]) {
      for j in cells.members(other) where core[j] {
        let (dy, dx) = (ys[i] - ys[j], xs[i] - xs[j])
        guard dy * dy + dx * dx <= limit else { continue }
        best = min(best ?? .max, numbers[root(other)])
        break
      }
    }
    cluster[point] = best
  }
  return Clustering(cluster: cluster, count: clusters)
}

/// Points sorted into square cells; only cells with points exist.
private struct PointCells {
  /// The points' indices, cell by cell.
  let order: [Int]
  /// Per place in `order`, its cell.
  let cell: [Int]
  private var starts: [Int]
  private var keys: [Int]
  private let across: Int
  private var lookup: [Int32] = []
  private var sparse: [Int: Int] = [:]

  init(_ points: [Point], side: Double) {
    let (minY, minX) = (points.map(\.y).min() ?? 0, points.map(\.x).min() ?? 0)
    let (maxY, maxX) = (points.map(\.y).max() ?? 0, points.map(\.x).max() ?? 0)
    precondition((maxY - minY).isFinite && (maxX - minX).isFinite, "points are finite")
    // Two empty cells to the right, so that a neighbour's key never wraps into another row.
    let across = Int(bounded: ((maxX - minX) / side).rounded(.down)) + 5
    self.across = across
    let high = Int(bounded: ((maxY - minY) / side).rounded(.down)) + 5
    let keyOf = points.map { point in
      (Int(bounded: (point.y - minY) / side) + 2) * across + Int(bounded: (point.x - minX) / side) + 2
    }
    let dense = across * high <= 4 * points.count + 65536
    var order = [Int](repeating: 0, count: points.count)
    if dense {
      var counts = [Int32](repeating: 0, count: across * high + 1)
      for key in keyOf { counts[key + 1] &+= 1 }
      for k in 1..<counts.count { counts[k] &+= counts[k - 1] }
      for (i, key) in keyOf.enumerated() {
        order[Int(counts[key])] = i
        counts[key] &+= 1
      }
    } else {
      order = (0..<points.count).sorted { (keyOf[$0], $0) < (keyOf[$1], $1) }
    }
    self.order = order
    starts = []
    keys = []
    var cell = [Int](repeating: 0, count: points.count)
    for (place, point) in order.enumerated() {
      if keys.last != keyOf[point] {
        starts.append(place)
        keys.append(keyOf[point])
      }
      cell[place] = keys.count - 1
    }
    starts.append(points.count)
    self.cell = cell
    if dense {
      lookup = [Int32](repeating: -1, count: across * high)
      for (index, key) in keys.enumerated() { lookup[key] = Int32(index) }
    } else {
      for (index, key) in keys.enumerated() { sparse[key] = index }
    }
  }

  var count: Int { keys.count }

  func members(_ cell: Int) -> Range<Int> { starts[cell]..<starts[cell + 1] }

  /// The other cells that may hold points within sqrt(2) sides: two cells away, without the far corners.
  func neighbours(of cell: Int) -> [Int] {
    var found: [Int] = []
    for dy in -2...2 {
      for dx in -2...2 where (dy != 0 || dx != 0) && abs(dy) + abs(dx) < 4 {
        let key = keys[cell] + dy * across + dx
        if lookup.isEmpty {
          if let index = sparse[key] { found.append(index) }
        } else if lookup[key] >= 0 {
          found.append(Int(lookup[key]))
        }
      }
    }
    return found
  }
}
