/// Who starts from whom: the minimum spanning tree of the parts by how alike they are, hung up at its middle so that
/// few have to wait for many.
package enum NeighbourTree {
  package struct Place: Sendable, Equatable {
    package var parent: Int?
    package var level: Int
  }

  /// For points that may all start from each other. Of equals the one that comes first; the same points always give
  /// the same tree.
  package static func places(_ points: [[Double]]) -> [Place] {
    let edges = spanningEdges(points)
    var neighbours = [[Int]](repeating: [], count: points.count)
    for (a, b) in edges {
      neighbours[a].append(b)
      neighbours[b].append(a)
    }
    guard !points.isEmpty else { return [] }
    let (end, _) = farthest(from: 0, neighbours)
    let (other, parents) = farthest(from: end, neighbours)
    // The middle of the longest way through the tree.
    var way = [other]
    while let last = way.last, let before = parents[last] { way.append(before) }
    let root = way[way.count / 2]
    var places = [Place](repeating: Place(parent: nil, level: 0), count: points.count)
    var rows = [root]
    var seen = Set(rows)
    while !rows.isEmpty {
      var next: [Int] = []
      for node in rows {
        for neighbour in neighbours[node].sorted() where seen.insert(neighbour).inserted {
          places[neighbour] = Place(parent: node, level: places[node].level + 1)
          next.append(neighbour)
        }
      }
      rows = next
    }
    return places
  }

  /// Prim's: from the first point, always the nearest one that is not in the tree.
  package static func spanningEdges(_ points: [[Double]]) -> [(Int, Int)] {
    guard points.count > 1 else { return [] }
    var nearest = [(distance: Double, from: Int)](repeating: (.infinity, 0), count: points.count)
    var isIn = [Bool](repeating: false, count: points.count)
    var edges: [(Int, Int)] = []
    var newest = 0
    isIn[0] = true
    for _ in 1..<points.count {
      var best: Int?
      for index in points.indices where !isIn[index] {
        let distance = squaredDistance(points[newest], points[index])
        if distance < nearest[index].distance { nearest[index] = (distance, newest) }
        if best.map({ nearest[index].distance < nearest[$0].distance }) ?? true { best = index }
      }
      guard let best else { break }
      edges.append((nearest[best].from, best))
      isIn[best] = true
      newest = best
    }
    return edges
  }

  private static func squaredDistance(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for (x, y) in zip(a, b) { sum += (x - y) * (x - y) }
    return sum
  }

  /// The node with the most edges between, the first of equals, and the way back from every node.
  private static func farthest(from start: Int, _ neighbours: [[Int]]) -> (node: Int, parents: [Int?]) {
    var parents = [Int?](repeating: nil, count: neighbours.count)
    var seen = [Bool](repeating: false, count: neighbours.count)
    seen[start] = true
    var rows = [start]
    var last = start
    while !rows.isEmpty {
      last = rows.min() ?? last
      var next: [Int] = []
      for node in rows {
        for neighbour in neighbours[node] where !seen[neighbour] {
          seen[neighbour] = true
          parents[neighbour] = node
          next.append(neighbour)
        }
      }
      rows = next
    }
    return (last, parents)
  }
}

extension PartList {
  /// Lets every part start from its nearest neighbour among those that differ in the crystal alone. `features` tells
  /// what of a part makes it alike; nil for a part that starts from nothing.
  package mutating func linkNeighbours(
    files: Set<String>, features: (Part) throws -> [Double]?
  ) throws {
    let flags = Set(files.map(SweepTask.flag))
    var groups: [[String]: [(part: Int, point: [Double])]] = [:]
    for (index, part) in parts.enumerated() {
      guard let point = try features(part) else { continue }
      var rest: [String] = []
      var skips = false
      for word in part.words {
        if skips {
          skips = false
        } else if flags.contains(word) {
          skips = true
        } else {
          rest.append(word)
        }
      }
      groups[rest, default: []].append((index, point))
    }
    for members in groups.values {
      for (place, member) in zip(NeighbourTree.places(members.map(\.point)), members) {
        parts[member.part].parent = place.parent.map { parts[members[$0].part].number }
        parts[member.part].level = place.level
      }
    }
  }
}
