import Glibc

/// A crystal on its way: the region that its vectors agree on, and the vectors.
package struct CrystalDraft: Sendable {
  package var points: PointSet
  /// Vectors whose blobs fill the region, or a part of it in a bent crystal.
  package var vectors: [Int]
  package var weight: Double
  /// Vectors that light only parts of it: more than a few mean that it is bent.
  package var partial: [Int] = []
}

/// Decides what a group of blobs is: a crystal, a part of a bent one, or two crystals that share vectors.
struct CrystalAssembly {
  let table: VDFTable
  /// Vectors closer than this are the same spot.
  let spotReach: Float
  let minimumArea: Int

  func drafts(_ clusters: [BlobCluster], _ blobs: [SpotBlob]) -> [CrystalDraft] {
    var drafts: [CrystalDraft] = []
    for cluster in clusters.sorted(by: { $0.weight > $1.weight }) {
      let vectors = distinct(cluster.blobs.map { blobs[$0].vector })
      if cluster.points.count < minimumArea || (cluster.points.core().isEmpty && cluster.weight < 4) {
        continue
      }
      let draft = CrystalDraft(points: cluster.points, vectors: vectors, weight: cluster.weight)
      if isShared(draft, drafts) { continue }
      // A part of something larger, or something larger than what came before as its part.
      if let whole = drafts.indices.first(where: { isPart(draft, of: drafts[$0]) }) {
        drafts[whole].partial += vectors.filter { !drafts[whole].vectors.contains($0) }
        continue
      }
      var merged = draft
      let parts = drafts.indices.filter { isPart(drafts[$0], of: draft) }
      for i in parts.reversed() {
        merged.partial += drafts[i].vectors.filter { !merged.vectors.contains($0) }
        merged.weight += drafts[i].weight
        drafts.remove(at: i)
      }
      drafts.append(merged)
    }
    return drafts
  }

  /// Vectors that stand for different spots: of two closer than a spot the one with more peaks stays.
  private func distinct(_ vectors: [Int]) -> [Int] {
    var kept: [Int] = []
    for v in vectors.sorted(by: { (table.vectors[$0].count, $1) > (table.vectors[$1].count, $0) })
    where !kept.contains(where: { table.vectors[$0].distance(to: table.vectors[v]) < spotReach }) {
      kept.append(v)
    }
    return kept.sorted()
  }

  /// Two crystals with a few vectors in common light up together in those.
  private func isShared(_ draft: CrystalDraft, _ drafts: [CrystalDraft]) -> Bool {
    let inside = drafts.filter { $0.points.part(in: draft.points.grown(1)) > 0.7 }
    guard inside.count >= 2, let least = inside.map(\.weight).min() else { return false }
    var union = PointSet(width: draft.points.width, height: draft.points.height)
    for other in inside { union.formUnion(other.points) }
    return draft.points.part(in: union.grown(1)) > 0.75 && draft.weight < 0.35 * least
  }

  /// Drafts that touch and are one bent crystal, whose spots come and go across it.
  func joined(_ drafts: [CrystalDraft]) -> [CrystalDraft] {
    var drafts = drafts
    var i = 0
    while i < drafts.count {
      var j = i + 1
      while j < drafts.count {
        let touches = drafts[i].points.grown(1).overlap(drafts[j].points) >= 3
        if touches, belong(drafts[i], drafts[j]), belong(drafts[j], drafts[i]) {
          let (a, b) = (drafts[i].vectors + drafts[i].partial, drafts[j].vectors + drafts[j].partial)
          drafts[i].points.formUnion(drafts[j].points)
          drafts[i].partial += b.filter { !a.contains($0) }
          drafts[i].weight += drafts[j].weight
          drafts.remove(at: j)
          j = i + 1
        } else {
          j += 1
        }
      }
      i += 1
    }
    return drafts
  }

  private func isPart(_ part: CrystalDraft, of whole: CrystalDraft) -> Bool {
    part.points.part(in: whole.points.grown(1)) > 0.8 && belong(part, whole, isInside: true)
  }

  /// Whether the spots of `part` are those of `whole`: the same, or sums and differences of them, more often
  /// than such spots turned by any angle.
  private func belong(_ part: CrystalDraft, _ whole: CrystalDraft, isInside: Bool = false) -> Bool {
    let theirs = whole.vectors + whole.partial
    let known = theirs.map { table.vectors[$0] }
    let own = (part.vectors + part.partial).filter { v in
      !known.contains { $0.distance(to: table.vectors[v]) < 1.5 * spotReach }
    }
    // Every spot of it is one of the whole's, seen in a part.
    if own.count * 4 <= part.vectors.count + part.partial.count { return true }
    func closed(_ turn: Double) -> Double {
      let (c, s) = (Float(cos(turn)), Float(sin(turn)))
      let hits = own.filter { v in
        let g = table.vectors[v]
        return isCombination(SpotVector(x: c * g.x - s * g.y, y: s * g.x + c * g.y), of: known)
      }
      return Double(hits.count) / Double(own.count)
    }
    let real = closed(0)
    let chance = [0.41, 1.13, 2.03, 3.71, 5.27].map(closed).reduce(0, +) / 5
    // What lies inside is more likely a part than what only touches.
    return real > (isInside ? 0.38 : 0.55) && (real - chance) > (isInside ? 0.2 : 0.4) * (1 - chance)
  }

  /// Spots of one crystal are sums and differences of each other; those of another orientation are not.
  private func isCombination(_ vector: SpotVector, of known: [SpotVector]) -> Bool {
    let limit = 0.5 * spotReach * spotReach
    for i in known.indices {
      for j in i..<known.count {
        let (a, b) = (known[i], known[j])
        for (sa, sb) in [(Float(1), Float(1)), (1, -1), (-1, 1), (-1, -1)] {
          let dx = sa * a.x + sb * b.x - vector.x
          let dy = sa * a.y + sb * b.y - vector.y
          if dx * dx + dy * dy < limit { return true }
        }
      }
    }
    return known.contains { hypotSquared($0.x + vector.x, $0.y + vector.y) < limit }
  }

  private func hypotSquared(_ x: Float, _ y: Float) -> Float { x * x + y * y }
}
