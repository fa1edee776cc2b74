import System
import Arrays
import Diffraction
import Glibc
import Imaging

/// Segmentation by non-negative matrix factorisation of whole patterns as published (Bergh et al. 2020): the
/// direct beam masked, counting noise made even, components merged by patterns and loadings, loadings parted by
/// watershed.
struct PyxemNMFWorkflow {
  let components: Int?
  let patternCorrelation: Float
  let loadingCorrelation: Float
  let grains: GrainSegmentation
  private let ceiling: Float = 255
  private let maskRadius = 10.0
  private let rounds = 200

  init(_ values: ParameterValues) throws(AnalysisError) {
    components = try values[SPEDSettings.components]
    patternCorrelation = Float(try values[SPEDSettings.patternCorrelation])
    loadingCorrelation = Float(try values[SPEDSettings.loadingCorrelation])
    grains = GrainSegmentation(
      minimumDistance: try values[SPEDSettings.grainDistance] ?? 10,
      sizes: (try values[SPEDSettings.grainSize] ?? 50)...Int.max, markerRadius: 2, excludedBorder: 1)
  }

  func segmentation(_ pass: ScanPass, _ entry: ScanCache.Entry) throws(AnalysisError) -> Segmentation {
    let (patterns, pixels, binning) = try aligned(pass, entry)
    let scaled = Self.evenNoise(patterns)
    let scree = (try? Scree(patterns, scaling: .poisson, count: 40).varianceRatios) ?? []
    let rank = max(2, min(components ?? Self.elbow(scree), min(patterns.rows, patterns.columns) - 1))
    var random = RandomNumbers(seed: 1)
    var factors = NonNegativeFactors(rank: rank, of: scaled.matrix, random: &random)
    for round in 0..<rounds / 10 {
      if pass.context.isCancelled() { throw .cancelled }
      factors.iterate(scaled.matrix, solver: .coordinateDescent, iterations: 10)
      pass.context.progress(0.96 + 0.03 * Double(round * 10) / Double(rounds))
    }
    var loadings: [[Float]] = []
    var shapes: [[Float]] = []
    for k in 0..<rank {
      let loading = (0..<patterns.rows).map { factors.weights[$0, k] * scaled.rows[$0] }
      let shape = (0..<patterns.columns).map { factors.components[k, $0] * scaled.columns[$0] }
      if !Self.isBackground(shape) {
        loadings.append(loading)
        shapes.append(shape)
      }
    }
    (shapes, loadings) = merged(shapes, loadings)
    let crystals = crystals(shapes, loadings, pixels, binning, entry)
    return Segmentation(crystals: crystals, scree: scree, pseudoSubtractive: [], explained: 0)
  }

  /// Patterns moved to one centre, by whole pixels, binned so that the matrix stays below half a gigabyte.
  private func aligned(
    _ pass: ScanPass, _ entry: ScanCache.Entry
  ) throws(AnalysisError) -> (patterns: Matrix, pixels: [Int], binning: Int) {
    let geometry = entry.reading.geometry
    let (width, height) = (geometry.width, geometry.height)
    var binning = 1
    while width * height / (binning * binning) * entry.table.points > 1 << 27 { binning += 1 }
    let (w, h) = (width / binning, height / binning)
    let radius = maskRadius / Double(geometry.binning * binning)
    let pixels = (0..<w * h).filter { i in
      let (dx, dy) = (Double(i % w) - Double(w) / 2, Double(i / w) - Double(h) / 2)
      return (dx * dx + dy * dy).squareRoot() > radius
    }
    guard pixels.count > 1 else {
      throw .failed("patterns of \(width) x \(height) leave no pixels beside the direct beam")
    }
    var patterns = Matrix(rows: entry.table.points, columns: pixels.count)
    let reader = SpotReader(geometry)
    var sum = [Float](repeating: 0, count: width * height)
    try pass.each(Array(0..<pass.frames), part: 0.95...0.96) { frames in
      for (point, frame) in frames {
        guard let beam = entry.reading.beam(point) else { continue }
        for i in sum.indices { sum[i] = 0 }
        sum.withUnsafeMutableBufferPointer { buffer in
          guard let base = buffer.baseAddress else { return }
          reader.addCentred(frame, beam: beam, into: base)
        }
        for (column, i) in pixels.enumerated() {
          var value: Float = 0
          for v in 0..<binning {
            for u in 0..<binning {
              value += min(ceiling, sum[(i / w * binning + v) * width + i % w * binning + u])
            }
          }
          patterns[point, column] = value
        }
      }
    }
    return (patterns, pixels, binning)
  }

  /// Every value over the roots of its row's and column's means (Keenan & Kotula 2004).
  private static func evenNoise(_ patterns: Matrix) -> (matrix: Matrix, rows: [Float], columns: [Float]) {
    var rows = [Float](repeating: 0, count: patterns.rows)
    var columns = [Float](repeating: 0, count: patterns.columns)
    for r in 0..<patterns.rows {
      for c in 0..<patterns.columns {
        rows[r] += patterns[r, c]
        columns[c] += patterns[r, c]
      }
    }
    rows = rows.map { ($0 / Float(max(1, patterns.columns))).squareRoot() }
    columns = columns.map { ($0 / Float(max(1, patterns.rows))).squareRoot() }
    var scaled = patterns
    for r in 0..<patterns.rows {
      for c in 0..<patterns.columns {
        let by = rows[r] * columns[c]
        scaled[r, c] = by > 0 ? patterns[r, c] / by : 0
      }
    }
    return (scaled, rows, columns)
  }

  /// Components before the curve becomes the straight line of noise.
  static func elbow(_ scree: [Double]) -> Int {
    guard scree.count > 8 else { return max(2, scree.count) }
    let tail = scree[(scree.count / 2)...].sorted()
    let noise = tail[tail.count / 2]
    return max(3, min(30, scree.prefix { $0 > 1.5 * noise }.count))
  }

  /// A background has no spots: its brightest hundredth holds little of it.
  private static func isBackground(_ shape: [Float]) -> Bool {
    let sorted = shape.sorted(by: >)
    let total = sorted.reduce(0, +)
    return total <= 0 || sorted.prefix(max(1, sorted.count / 100)).reduce(0, +) < 0.2 * total
  }

  private func merged(_ shapes: [[Float]], _ loadings: [[Float]]) -> ([[Float]], [[Float]]) {
    guard let first = shapes.first, let other = loadings.first else { return (shapes, loadings) }
    let alike = correlationMatrix(
      Matrix(rows: shapes.count, columns: first.count, values: shapes.flatMap { $0 }))
    let together = correlationMatrix(
      Matrix(rows: loadings.count, columns: other.count, values: loadings.flatMap { $0 }))
    var isFree = [Bool](repeating: true, count: shapes.count)
    var out: (shapes: [[Float]], loadings: [[Float]]) = ([], [])
    for i in shapes.indices where isFree[i] {
      let group = shapes.indices.filter {
        isFree[$0] && ($0 == i || (alike[i, $0] > patternCorrelation && together[i, $0] > loadingCorrelation))
      }
      for j in group { isFree[j] = false }
      out.shapes.append(first.indices.map { p in group.reduce(Float(0)) { $0 + shapes[$1][p] } })
      out.loadings.append(other.indices.map { p in group.reduce(Float(0)) { $0 + loadings[$1][p] } })
    }
    return out
  }

  private func crystals(
    _ shapes: [[Float]], _ loadings: [[Float]], _ pixels: [Int], _ binning: Int, _ entry: ScanCache.Entry
  ) -> [FoundCrystal] {
    let table = entry.table
    let geometry = entry.reading.geometry
    let (w, h) = (geometry.width / binning, geometry.height / binning)
    var crystals: [FoundCrystal] = []
    for (shape, loading) in zip(shapes, loadings) {
      var image = Image(rows: h, columns: w)
      for (value, i) in zip(shape, pixels) { image.values[i] = value }
      let map = Image(rows: table.scanHeight, columns: table.scanWidth, values: loading)
      for mask in grains.grains(in: map) {
        let points = PointSet(mask)
        let list = points.points
        let mean = list.reduce(Float(0)) { $0 + loading[$1] } / Float(max(1, list.count))
        var spots: [(vector: Int, electrons: Float)] = []
        for (v, g) in table.vectors.enumerated() {
          let x = Int(bounded: (g.x / Float(binning) + Float(w / 2)).rounded())
          let y = Int(bounded: (g.y / Float(binning) + Float(h / 2)).rounded())
          guard x > 1, y > 1, x + 2 < w, y + 2 < h else { continue }
          var sum: Float = 0
          for j in y - 2...y + 2 { for i in x - 2...x + 2 { sum += image[j, i] } }
          let electrons = sum * mean
          if electrons > 5 { spots.append((v, electrons)) }
        }
        spots.sort { $0.electrons > $1.electrons || ($0.electrons == $1.electrons && $0.vector < $1.vector) }
        let top = max(list.reduce(Float(0)) { max($0, loading[$1]) }, 1e-6)
        crystals.append(
          FoundCrystal(
            letter: "", points: points, vectors: spots.map(\.vector), intensities: spots.map(\.electrons),
            partial: 0, confidence: min(0.999, 1 - exp(-Double(spots.count) / 4)),
            loading: list.map { max(0, loading[$0] / top) }))
      }
    }
    crystals.sort { $0.area > $1.area }
    for k in crystals.indices { crystals[k].letter = FoundCrystal.letter(k) }
    return crystals
  }
}
