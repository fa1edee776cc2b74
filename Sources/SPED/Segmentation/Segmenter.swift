import Arrays
import Glibc

/// The live engine's segmentation: crystals from the virtual dark-field matrix alone, in a fraction of a
/// second, so that a changed setting shows at once.
package struct Segmenter {
  let table: VDFTable
  let settings: SegmentationSettings
  /// Vectors closer than this are the same spot.
  let spotReach: Float

  package init(_ table: VDFTable, spotSigma: Double, settings: SegmentationSettings) {
    self.table = table
    self.settings = settings
    spotReach = Float(1.3 * spotSigma)
  }

  private var minimumArea: Int { settings.minimumArea ?? max(6, table.points / 4000) }

  package func segmentation() -> Segmentation {
    guard !table.vectors.isEmpty else {
      return Segmentation(crystals: [], scree: [], pseudoSubtractive: [], explained: 0)
    }
    var drafts = refined(found(), rounds: 2)
    drafts = withResidual(drafts)
    drafts = withoutShadows(drafts)
    drafts = parted(drafts)
    var crystals = described(drafts)
    crystals.removeAll { $0.confidence < settings.minimumConfidence }
    if let most = settings.components, crystals.count > most {
      crystals = Array(crystals.sorted { $0.confidence > $1.confidence }.prefix(most))
      crystals.sort { order($0.points, $1.points) }
    }
    for i in crystals.indices { crystals[i].letter = FoundCrystal.letter(i) }
    crystals = edited(crystals, drafts)
    let (pseudo, explained) = misfit(crystals)
    return Segmentation(
      crystals: crystals, scree: [], pseudoSubtractive: pseudo, explained: explained)
  }
}

extension Segmenter {
  /// Crystals as the blobs of single vectors show them; large scans are looked at in squares of points.
  private func found() -> [CrystalDraft] {
    let factor = max(1, Int((Double(table.points) / 6000).squareRoot()))
    let small = table.binned(factor)
    let area = max(4, minimumArea / (factor * factor))
    let search = SpotSearch(significance: settings.significance, minimumArea: area)
    let blobs = search.blobs(small)
    let assembly = CrystalAssembly(table: small, spotReach: spotReach, minimumArea: area)
    var drafts = assembly.joined(assembly.drafts(Consensus().clusters(blobs), blobs))
    if factor > 1 { for i in drafts.indices { drafts[i].points = enlarged(drafts[i].points, factor) } }
    return drafts
  }

  private func enlarged(_ set: PointSet, _ factor: Int) -> PointSet {
    let (width, height) = (table.scanWidth, table.scanHeight)
    return PointSet(
      width: width, height: height,
      points: (0..<width * height).lazy.filter {
        set.contains($0 / width / factor * set.width + $0 % width / factor)
      })
  }

  private func margin(_ set: PointSet) -> Int { max(4, Int(0.15 * Double(set.count).squareRoot())) }

  /// Outlines on loadings from vectors that the neighbours lack.
  private func refined(_ drafts: [CrystalDraft], rounds: Int) -> [CrystalDraft] {
    var drafts = drafts
    let loadings = CrystalLoadings(table: table)
    for _ in 0..<rounds {
      let patterns = loadings.patterns(drafts.map(\.points))
      let windows = drafts.map { $0.points.grown(margin($0.points)) }
      let old = drafts
      for k in drafts.indices {
        let near = drafts.indices.filter { $0 != k && windows[$0].overlap(windows[k]) > 0 }
        let clean = loadings.cleanVectors(k, old, patterns, neighbours: near)
        let map = loadings.map(clean, window: windows[k], reference: old[k].points)
        let outline = Outline(ratio: settings.edge, floor: 0.12, significance: settings.significance)
        drafts[k].points = outline.points(map, window: windows[k], seed: old[k].points)
      }
      drafts.removeAll { $0.points.count < minimumArea }
    }
    return drafts
  }

  /// Factorises the matrix with the crystals found, and looks for spots that cluster in what is left.
  private func withResidual(_ drafts: [CrystalDraft]) -> [CrystalDraft] {
    guard table.points <= 1 << 14 else { return drafts }
    let patterns = CrystalLoadings(table: table).patterns(drafts.map(\.points))
    var factors = LocalFactors(windows: drafts.map { $0.points.grown(2) }, patterns: patterns)
    factors.iterate(table, rounds: 4)
    let rest = factors.residual(table)
    var search = SpotSearch(significance: settings.significance + 1, minimumArea: minimumArea)
    search.edge = 0.4
    let blobs = search.blobs(rest)
    let assembly = CrystalAssembly(table: rest, spotReach: spotReach, minimumArea: minimumArea)
    let more = assembly.drafts(Consensus().clusters(blobs), blobs).filter { draft in
      var covered = PointSet(width: table.scanWidth, height: table.scanHeight)
      for other in drafts { covered.formUnion(other.points.grown(1)) }
      // Inside known crystals the model's own misfit clusters too; outside there is nothing to misfit.
      return draft.weight >= 3 && draft.points.part(in: covered) < 0.5
    }
    return more.isEmpty ? drafts : drafts + refined(more, rounds: 1)
  }

  /// Drops what others cover and few vectors speak for.
  private func withoutShadows(_ drafts: [CrystalDraft]) -> [CrystalDraft] {
    drafts.indices.filter { k in
      var others = PointSet(width: table.scanWidth, height: table.scanHeight)
      for j in drafts.indices where j != k && drafts[j].weight > drafts[k].weight {
        others.formUnion(drafts[j].points)
      }
      let covered = drafts[k].points.part(in: others)
      return drafts[k].weight > 6 || covered < (drafts[k].weight > 3 ? 0.75 : 0.5)
    }.map { drafts[$0] }
  }

  private func parted(_ drafts: [CrystalDraft]) -> [CrystalDraft] {
    let patterns = CrystalLoadings(table: table).patterns(drafts.map(\.points))
    let windows = drafts.map { $0.points.grown(margin($0.points)) }
    let pieces = parallelMap(drafts.count) { k in
      ShapeSplit(minimumArea: minimumArea).split(drafts[k].points, spots(k, drafts, patterns, windows))
    }
    var out: [CrystalDraft] = []
    for (draft, pieces) in zip(drafts, pieces) {
      for piece in pieces {
        var crystal = draft
        crystal.points = piece
        out.append(crystal)
      }
    }
    return out
  }

  private func spots(
    _ k: Int, _ drafts: [CrystalDraft], _ patterns: [[Float]], _ windows: [PointSet]
  ) -> SpotLevels {
    let loadings = CrystalLoadings(table: table)
    var others = PointSet(width: table.scanWidth, height: table.scanHeight)
    for j in drafts.indices where j != k { others.formUnion(drafts[j].points) }
    let near = drafts.indices.filter { $0 != k && windows[$0].overlap(drafts[k].points) > 0 }
    let clean = loadings.cleanVectors(k, drafts, patterns, neighbours: near)
    return SpotLevels(
      drafts[k].points, others: others.grown(1), table: table, vectors: clean,
      isBent: drafts[k].partial.count > 3)
  }

  private func order(_ a: PointSet, _ b: PointSet) -> Bool {
    let (sizeA, sizeB) = (a.count, b.count)
    return sizeA != sizeB ? sizeA > sizeB : (a.points.first ?? 0) < (b.points.first ?? 0)
  }

  /// Patterns, confidences, and what else is told about a crystal.
  private func described(_ drafts: [CrystalDraft]) -> [FoundCrystal] {
    let drafts = drafts.sorted { order($0.points, $1.points) }
    let patterns = intensities(drafts.map(\.points))
    return drafts.indices.map { k in
      let draft = drafts[k]
      let own = (draft.vectors + draft.partial).sorted {
        patterns[k][$0] != patterns[k][$1] ? patterns[k][$0] > patterns[k][$1] : $0 < $1
      }
      return FoundCrystal(
        letter: "", points: draft.points, vectors: own, intensities: own.map { patterns[k][$0] },
        partial: draft.partial.count, confidence: confidence(draft, patterns[k]),
        loading: relativeLoading(draft.points, own))
    }
  }

  /// Electrons of every vector in every crystal, per point.
  package func intensities(_ crystals: [PointSet]) -> [[Float]] {
    let columns = table.vectors.count
    let regions = RegionPatterns(crystals, isMeasured: table.isMeasured)
    var sums = regions.members.map { _ in [Float](repeating: 0, count: columns) }
    var background = sums
    for (p, region) in regions.regionOfPoint.enumerated() {
      guard let region else { continue }
      for v in 0..<columns {
        sums[region][v] += table.counts[p * columns + v]
        background[region][v] += table.background[p * columns + v]
      }
    }
    return regions.solve(sums, background: background).map { $0.map { $0 * table.electronsPerCount } }
  }

  /// One spot that lights a region may be chance or a neighbour's; with every further one that agrees this
  /// becomes less likely. Faint spots and small regions count less.
  private func confidence(_ draft: CrystalDraft, _ pattern: [Float]) -> Double {
    let size = 1 - exp(-Double(draft.points.count) / Double(minimumArea))
    return min(0.999, (1 - exp(-draft.weight / 4)) * size)
  }

  private func relativeLoading(_ points: PointSet, _ vectors: [Int]) -> [Float] {
    let list = points.points
    let sums = list.map { p in vectors.reduce(Float(0)) { $0 + table.excess(p, $1) } }
    let sorted = sums.sorted()
    let bright = sorted.isEmpty ? 1 : max(sorted[sorted.count * 9 / 10], 1e-6)
    return sums.map { min(1, max(0, $0 / bright)) }
  }

  private func edited(_ crystals: [FoundCrystal], _ drafts: [CrystalDraft]) -> [FoundCrystal] {
    guard !settings.edits.isEmpty else { return crystals }
    var crystals = crystals
    var used = crystals.count
    for edit in settings.edits {
      switch edit {
      case .remove(let letter): crystals.removeAll { $0.letter == letter }
      case .merge(let letters):
        let parts = crystals.filter { letters.contains($0.letter) }
        guard parts.count > 1, let first = crystals.firstIndex(where: { letters.contains($0.letter) }) else {
          continue
        }
        var merged = parts[0]
        for part in parts.dropFirst() {
          merged.points.formUnion(part.points)
          merged.vectors += part.vectors.filter { !merged.vectors.contains($0) }
          merged.partial += part.partial
          merged.confidence = max(merged.confidence, part.confidence)
        }
        crystals[first] = merged
        crystals.removeAll { $0.letter != merged.letter && letters.contains($0.letter) }
      case .split(let letter, let number):
        guard let i = crystals.firstIndex(where: { $0.letter == letter }) else { continue }
        var others = PointSet(width: table.scanWidth, height: table.scanHeight)
        for j in crystals.indices where j != i { others.formUnion(crystals[j].points) }
        let spots = SpotLevels(
          crystals[i].points, others: others, table: table, vectors: crystals[i].vectors,
          isBent: crystals[i].isBent)
        let pieces = ShapeSplit(minimumArea: minimumArea).split(crystals[i].points, spots, pieces: number)
        for (n, piece) in pieces.enumerated() {
          if n == 0 {
            crystals[i].points = piece
          } else {
            var crystal = crystals[i]
            crystal.letter = FoundCrystal.letter(used)
            crystal.points = piece
            used += 1
            crystals.append(crystal)
          }
        }
      }
    }
    let patterns = intensities(crystals.map(\.points))
    for k in crystals.indices {
      let own = crystals[k].vectors.sorted {
        patterns[k][$0] != patterns[k][$1] ? patterns[k][$0] > patterns[k][$1] : $0 < $1
      }
      crystals[k].vectors = own
      crystals[k].intensities = own.map { patterns[k][$0] }
      crystals[k].loading = relativeLoading(crystals[k].points, own)
    }
    return crystals
  }

  /// Points where at least three of a crystal's strong spots are far weaker than its pattern says: a bend,
  /// a change of thickness, or light that an overlapping crystal took.
  private func misfit(_ crystals: [FoundCrystal]) -> (pseudo: [Int], explained: Double) {
    let columns = table.vectors.count
    var lit = [Float](repeating: 0, count: table.points * columns)
    for crystal in crystals {
      for (v, electrons) in zip(crystal.vectors, crystal.intensities) {
        let counts = electrons / table.electronsPerCount
        for p in crystal.points.points { lit[p * columns + v] += counts }
      }
    }
    var pseudo: [Int] = []
    var (total, explained) = (0.0, 0.0)
    for p in 0..<table.points where table.isMeasured[p] {
      var low = 0
      for v in 0..<columns {
        let i = p * columns + v
        let excess = table.counts[i] - table.background[i]
        // Close to the significance, and without a logarithm for every value of a large scan.
        let z = settings.significance
        if excess > z * table.background[i].squareRoot() + z * z / 4 {
          total += Double(excess)
          explained += Double(min(excess, max(0, lit[i] * 2)))
        }
        if lit[i] > 3, excess < 0.4 * lit[i],
          poissonSignificance(table.counts[i], expected: table.background[i] + lit[i]) < -5
        {
          low += 1
        }
      }
      if low >= 3 { pseudo.append(p) }
    }
    return (pseudo, total > 0 ? explained / total : 0)
  }
}
