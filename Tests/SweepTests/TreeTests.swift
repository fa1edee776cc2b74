import System
import Testing

import Sweep

@Suite struct TreeTests {
  /// 0 - 1 - 2 - 3 - 4 on a line: the middle one begins.
  @Test func aChainHangsAtItsMiddle() {
    let places = NeighbourTree.places([[4], [0], [2], [1], [3]])
    #expect(places.map(\.parent) == [4, 3, nil, 2, 2])
    #expect(places.map(\.level) == [2, 2, 0, 1, 1])
  }

  @Test func noneAndOneAreTrees() {
    #expect(NeighbourTree.places([]).isEmpty)
    let one = NeighbourTree.places([[1, 2]])
    #expect(one.map(\.parent) == [nil] && one.map(\.level) == [0])
  }

  /// Against all trees of six points there are (by their Prüfer sequences): none is shorter.
  @Test func noTreeIsShorter() {
    var random = RandomNumbers(seed: 5)
    let points = (0..<6).map { _ in [random.uniform(), random.uniform()] }
    func length(_ edges: [(Int, Int)]) -> Double {
      edges.reduce(0) { sum, edge in
        let (a, b) = (points[edge.0], points[edge.1])
        return sum + ((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1])).squareRoot()
      }
    }
    var shortest = Double.infinity
    for code in 0..<1296 {
      let sequence = [code % 6, code / 6 % 6, code / 36 % 6, code / 216]
      var degrees = [Int](repeating: 1, count: 6)
      for node in sequence { degrees[node] += 1 }
      var edges: [(Int, Int)] = []
      for node in sequence {
        let leaf = degrees.firstIndex(of: 1) ?? 0
        edges.append((leaf, node))
        degrees[leaf] -= 1
        degrees[node] -= 1
      }
      let rest = degrees.indices.filter { degrees[$0] == 1 }
      edges.append((rest[0], rest[1]))
      shortest = min(shortest, length(edges))
    }
    #expect(abs(length(NeighbourTree.spanningEdges(points)) - shortest) < 1e-12)
  }

  @Test func everyPartComesAfterItsParent() {
    var random = RandomNumbers(seed: 6)
    let places = NeighbourTree.places((0..<300).map { _ in (0..<4).map { _ in random.uniform() } })
    #expect(places.count { $0.parent == nil } == 1)
    for place in places {
      #expect(place.level == (place.parent.map { places[$0].level + 1 } ?? 0))
    }
  }

  /// Only what differs in nothing but the crystal may start from each other.
  @Test func groupsAreSeparate() throws {
    var parts: [Part] = []
    for (number, (crystal, zone)) in [("a", "1"), ("b", "1"), ("a", "2"), ("b", "2"), ("c", "2")].enumerated()
    {
      parts.append(
        Part(
          number: number + 1, name: "\(crystal)\(zone)", words: ["t", "--crystal", crystal, "--zone", zone],
          inputs: []))
    }
    var list = PartList(task: "t", parts: parts, transferSteps: nil, lease: 9, slurm: SlurmRequest())
    try list.linkNeighbours(files: ["crystal"]) { part in
      part.name.hasPrefix("c") ? nil : [part.name.hasPrefix("a") ? 0 : 1]
    }
    #expect(list.parts.map(\.parent) == [2, nil, 4, nil, nil])
    #expect(list.parts.map(\.level) == [1, 0, 1, 0, 0])
  }
}
