import Arrays

/// How the nodes of a spline follow from its spacing.
package enum NodeRule: String, Sendable, CaseIterable {
  /// First, first + h, first + 2h, … and the last.
  case offset
  /// First, the multiples of h between, and the last.
  case multiples
}

/// Where a spline over frames has its nodes.
package struct NodePlacement: Sendable, Equatable {
  package let nodes: [Double]
  package let spacing: Double
  /// Whether the last interval is shorter than half of the others: weights then swing far beyond 0 and 1.
  package let hasShortEnd: Bool

  /// More nodes than any series has frames.
  package static let mostNodes = 20_000

  /// Over `first...last`. `mergesShortEnd`: the last node but one is left out where the last interval is short. Nil
  /// for a spacing that gives no nodes, or too many.
  package init?(first: Double, last: Double, spacing: Double, rule: NodeRule, mergesShortEnd: Bool = false) {
    guard first.isFinite, last.isFinite, spacing.isFinite, spacing > 0, last > first,
      (last - first) / spacing < Double(Self.mostNodes)
    else { return nil }
    let tolerance = 1e-9 * spacing
    var nodes = [first]
    let start = rule == .offset ? first : (first / spacing).rounded(.down) * spacing
    for i in 1...(Int(bounded: (last - start) / spacing) + 1) {
      let node = start + Double(i) * spacing
      if node > first + tolerance, node < last - tolerance { nodes.append(node) }
    }
    nodes.append(last)
    func endIsShort() -> Bool {
      nodes.count > 2 && nodes[nodes.count - 1] - nodes[nodes.count - 2] < 0.5 * spacing - tolerance
    }
    hasShortEnd = endIsShort()
    if mergesShortEnd, hasShortEnd { nodes.remove(at: nodes.count - 2) }
    self.nodes = nodes
    self.spacing = spacing
  }
}
