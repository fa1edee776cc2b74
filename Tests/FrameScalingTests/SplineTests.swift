import FrameScaling
import Testing

@Suite struct SplineTests {
  @Test(arguments: [
    "weights_N12_h4", "weights_N13_h4", "weights_N20_h7", "weights_N54_h1", "weights_N54_h6",
    "weights_N54_h18", "weights_N56_h18", "weights_N250_h40", "weights_N250_h100", "weights_gaps",
    "weights_alpha_abscissa",
  ])
  func weightsAreThoseOfTheReference(_ name: String) throws {
    let (head, rows) = try Reference.table(name + ".csv")
    let nodes = head.dropFirst().compactMap { Double($0.dropFirst()) }
    let spline = try #require(SplineWeights(abscissae: rows.map { $0[0] }, nodes: nodes))
    for (row, expected) in rows.enumerated() {
      #expect((spline.matrix.row(row).reduce(0, +) - 1).magnitude < 1e-12)
      for (column, weight) in expected.dropFirst().enumerated() {
        #expect((spline.matrix[row, column] - weight).magnitude < 1e-12)
      }
      if let node = nodes.firstIndex(of: expected[0]) { #expect(spline.matrix[row, node] == 1) }
    }
  }

  @Test(arguments: [(54, 1, 54), (54, 6, 10), (54, 18, 4), (250, 1, 250), (250, 40, 8), (250, 100, 4)])
  func bothRulesGiveThePublishedCounts(_ frames: Int, _ spacing: Int, _ count: Int) throws {
    for rule in NodeRule.allCases {
      let placement = try #require(
        NodePlacement(first: 1, last: Double(frames), spacing: Double(spacing), rule: rule))
      #expect(placement.nodes.count == count, "\(rule)")
    }
  }

  @Test func nodesOfBothRules() throws {
    let offset = try #require(NodePlacement(first: 1, last: 20, spacing: 7, rule: .offset))
    let multiples = try #require(NodePlacement(first: 1, last: 20, spacing: 7, rule: .multiples))
    #expect(offset.nodes == [1, 8, 15, 20])
    #expect(multiples.nodes == [1, 7, 14, 20])
  }

  @Test func aShortEndIsSaidAndMergedOnRequest() throws {
    let short = try #require(NodePlacement(first: 1, last: 56, spacing: 18, rule: .offset))
    #expect(short.hasShortEnd)
    #expect(short.nodes == [1, 19, 37, 55, 56])
    let frames = (1...56).map(Double.init)
    let swings = try #require(SplineWeights(abscissae: frames, nodes: short.nodes))
    #expect(swings.smallestWeight < -2.8)
    #expect((swings.condition - 12).magnitude < 1)
    let merged = try #require(
      NodePlacement(first: 1, last: 56, spacing: 18, rule: .offset, mergesShortEnd: true))
    #expect(merged.nodes == [1, 19, 37, 56])
    let calm = try #require(SplineWeights(abscissae: frames, nodes: merged.nodes))
    #expect(calm.smallestWeight > -0.5)
    #expect(calm.condition < 3)
  }

  @Test func whatGivesNoNodesIsRefused() {
    #expect(NodePlacement(first: 1, last: 54, spacing: 0, rule: .offset) == nil)
    #expect(NodePlacement(first: 1, last: 54, spacing: .nan, rule: .offset) == nil)
    #expect(NodePlacement(first: 1, last: 1, spacing: 1, rule: .offset) == nil)
    #expect(NodePlacement(first: 1, last: 1e9, spacing: 1, rule: .offset) == nil)
    #expect(SplineWeights(abscissae: [0], nodes: [1, 2]) == nil)
    #expect(SplineWeights(abscissae: [1], nodes: [1, 1]) == nil)
  }

  @Test(arguments: [6, 18])
  func constraintsAreThoseOfTheReference(_ spacing: Int) throws {
    let placement = try #require(NodePlacement(first: 1, last: 54, spacing: Double(spacing), rule: .offset))
    let spline = try #require(
      SplineWeights(abscissae: (1...54).map(Double.init), nodes: placement.nodes))
    #expect(
      spline.constraints(ConstraintTemplate()) == (try Reference.text("constraints_N54_h\(spacing).txt")))
  }

  @Test func theWeightsAsATableAreReadBackExactly() throws {
    let spline = try #require(SplineWeights(abscissae: [1, 2, 3, 4, 5, 6.5], nodes: [1, 4, 6.5]))
    let lines = spline.csv().split(separator: "\n")
    #expect(lines[0] == "frame,q1,q4,q6.5")
    for (row, line) in lines.dropFirst().enumerated() {
      let values = line.split(separator: ",").dropFirst().compactMap { Double($0) }
      #expect(values == Array(spline.matrix.row(row)))
    }
  }
}
