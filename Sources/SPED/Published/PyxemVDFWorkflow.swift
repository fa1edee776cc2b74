import Arrays
import Diffraction
import Glibc
import Imaging

/// Segmentation by virtual dark-field images as published (Bergh et al. 2020, J. Microsc. 279, 158), step by
/// step with its parameters: background by a difference of Gaussians, spots, unique vectors, watershed of each
/// image, correlation of the segments.
struct PyxemVDFWorkflow {
  let usesBlobs: Bool
  let threshold: Double
  let border: Int
  let reach: Double
  let samples: Int
  let aperture: Double
  let grains: GrainSegmentation
  let correlation: Float
  let leastVectors: Int
  let leastSegments: Int
  /// Patterns were of eight bits.
  private let ceiling: Float = 255
  private let leastLength = 10.0

  init(_ values: ParameterValues) throws(AnalysisError) {
    usesBlobs = try values[SPEDSettings.finder] == .log
    threshold = try values[SPEDSettings.peakThreshold] ?? (usesBlobs ? 0.046 : 0.03)
    border = usesBlobs ? 2 : 5
    reach = try values[SPEDSettings.reach] ?? (usesBlobs ? 0.89 : 1.78)
    samples = try values[SPEDSettings.samples]
    aperture = try values[SPEDSettings.aperture]
    grains = GrainSegmentation(
      minimumDistance: try values[SPEDSettings.grainDistance] ?? 5.5,
      sizes: (try values[SPEDSettings.grainSize] ?? 10)...Int.max, markerRadius: 2, excludedBorder: 2)
    correlation = Float(try values[SPEDSettings.mergeCorrelation] ?? (usesBlobs ? 0.7 : 0.3))
    leastVectors = try values[SPEDSettings.mergeVectors]
    leastSegments = try values[SPEDSettings.mergeSegments] ?? (usesBlobs ? 4 : 3)
  }

  func segmentation(_ pass: ScanPass, _ entry: ScanCache.Entry) throws(AnalysisError) -> Segmentation {
    let table = entry.table
    let (width, height) = (table.scanWidth, table.scanHeight)
    let centres = (0..<table.points).map { point in
      entry.reading.beam(point).map { Point(y: Double($0.y), x: Double($0.x)) }
    }
    var top: Float = 0
    for index in ReadingCalibration.sample(of: pass.frames) {
      try pass.each([index], part: 0.95...0.95) { frames in
        for frame in frames { top = max(top, cleaned(frame.pixels).extent.largest) }
      }
    }
    guard top > 0 else { return Segmentation(crystals: [], scree: [], pseudoSubtractive: [], explained: 0) }
    let all = Array(0..<pass.frames)
    var found: [Point] = []
    let scale = top
    try pass.each(all, part: 0.95...0.97) { frames in
      let portion = frames
      let lists = parallelMap(portion.count) { i in
        centres[portion[i].point].map { peaks(cleaned(portion[i].pixels), $0, scale) } ?? []
      }
      for list in lists { found += list }
    }
    let vectors = dbscan(found, reach: reach, minimumSamples: samples).centroids(of: found)
      .filter { $0.length >= leastLength }
    guard vectors.count * table.points <= Self.most else { throw Self.tooMany(vectors.count, "vectors") }
    var images = [Image](repeating: Image(rows: height, columns: width), count: vectors.count)
    try pass.each(all, part: 0.97...0.99) { frames in
      let portion = frames
      let sums = parallelMap(portion.count) { i -> [Float] in
        guard let centre = centres[portion[i].point] else { return [] }
        let image = cleaned(portion[i].pixels)
        return vectors.map { disc(image, $0 + centre) }
      }
      for (frame, values) in zip(portion, sums) {
        for (v, value) in values.enumerated() { images[v].values[frame.point] = value }
      }
    }
    return try merged(vectors, images, entry)
  }

  /// Values of all images, and of all segments: a gigabyte. Thresholds low enough find any number of spots.
  private static let most = 1 << 28

  private static func tooMany(_ count: Int, _ what: String) -> AnalysisError {
    .failed("\(count) \(what) are too many: raise peak_threshold or vector_min_samples")
  }

  /// Counts cut at eight bits, less the background.
  private func cleaned(_ pixels: Pixels) -> Image {
    let ceiling = self.ceiling
    return pixels.matrix().mapValues { $0.magnitude < 1e12 ? min($0, ceiling) : 0 }.subtractingBackground()
  }

  private func peaks(_ image: Image, _ centre: Point, _ top: Float) -> [Point] {
    let spots: [GridPoint]
    if usesBlobs {
      let search = BlobSearch(from: 0.7, to: 10, count: 30, threshold: Float(threshold) * top)
      spots = image.blobs(search).map { GridPoint(y: $0.y, x: $0.x) }
    } else {
      spots = image.localMaxima(minimumDistance: 3, threshold: Float(threshold) * top)
    }
    return spots.compactMap { spot in
      guard spot.y >= border, spot.x >= border, spot.y < image.rows - border, spot.x < image.columns - border
      else { return nil }
      // Centre of mass in a square of four pixels.
      var (mass, my, mx) = (0.0, 0.0, 0.0)
      for y in max(0, spot.y - 2)...min(image.rows - 1, spot.y + 2) {
        for x in max(0, spot.x - 2)...min(image.columns - 1, spot.x + 2) {
          let value = Double(image[y, x])
          mass += value
          my += value * Double(y)
          mx += value * Double(x)
        }
      }
      guard mass > 0 else { return nil }
      let place = Point(y: my / mass, x: mx / mass)
      // Where the background was taken for too bright, masses of both signs can put it anywhere.
      guard abs(place.y) < 2 * Double(image.rows), abs(place.x) < 2 * Double(image.columns) else {
        return nil
      }
      return place - centre
    }
  }

  private func disc(_ image: Image, _ centre: Point) -> Float {
    var sum: Float = 0
    for y in span(of: image.rows, around: centre.y, reach: aperture) {
      for x in span(of: image.columns, around: centre.x, reach: aperture) {
        let (dy, dx) = (Double(y) - centre.y, Double(x) - centre.x)
        if dy * dy + dx * dx <= aperture * aperture { sum += image[y, x] }
      }
    }
    return sum
  }

  /// Segments of all images, merged where they look the same: the first takes all that correlate with it.
  private func merged(_ vectors: [Point], _ images: [Image], _ entry: ScanCache.Entry)
    throws(AnalysisError) -> Segmentation
  {
    let lists = parallelMap(images.count) { grains.grains(in: images[$0]) }
    var segments: [(vector: Int, image: Image, mask: PointSet)] = []
    for (v, masks) in lists.enumerated() {
      guard (segments.count + masks.count) * max(images[v].count, segments.count + masks.count) <= Self.most
      else { throw Self.tooMany(segments.count + masks.count, "segments") }
      for mask in masks {
        var image = images[v]
        for i in 0..<image.count where !mask.values[i] { image.values[i] = 0 }
        segments.append((v, image, PointSet(mask)))
      }
    }
    let table = entry.table
    let flat = Matrix(
      rows: segments.count, columns: table.points, values: segments.flatMap { $0.image.values })
    let similar = segments.isEmpty ? Matrix(rows: 0, columns: 0) : correlationMatrix(flat)
    var isFree = [Bool](repeating: true, count: segments.count)
    var crystals: [FoundCrystal] = []
    for i in segments.indices where isFree[i] {
      let group = segments.indices.filter { isFree[$0] && similar[i, $0] > correlation }
      for j in group { isFree[j] = false }
      let own = Set(group.map { segments[$0].vector }).sorted()
      guard own.count >= leastVectors else { continue }
      var times = [Int](repeating: 0, count: table.points)
      for j in group { for p in segments[j].mask.points { times[p] += 1 } }
      let points = PointSet(
        width: table.scanWidth, height: table.scanHeight,
        points: times.indices.lazy.filter { times[$0] >= leastSegments })
      guard !points.isEmpty else { continue }
      crystals.append(crystal(points, own, group.map { segments[$0] }, vectors, entry))
    }
    crystals.sort {
      $0.area != $1.area ? $0.area > $1.area : ($0.vectors.first ?? 0) < ($1.vectors.first ?? 0)
    }
    for k in crystals.indices { crystals[k].letter = FoundCrystal.letter(k) }
    return Segmentation(crystals: crystals, scree: [], pseudoSubtractive: [], explained: 0)
  }

  private func crystal(
    _ points: PointSet, _ own: [Int], _ group: [(vector: Int, image: Image, mask: PointSet)],
    _ vectors: [Point], _ entry: ScanCache.Entry
  ) -> FoundCrystal {
    // An intensity is the sum of the vector's segment inside the crystal; its vector is the table's nearest.
    var byColumn: [Int: Float] = [:]
    let list = points.points
    var loading = [Float](repeating: 0, count: list.count)
    for segment in group {
      let g = SpotVector(x: Float(vectors[segment.vector].x), y: Float(vectors[segment.vector].y))
      var sum: Float = 0
      for (i, p) in list.enumerated() {
        sum += segment.image.values[p]
        loading[i] += segment.image.values[p]
      }
      let near = entry.table.vectors.indices.min {
        entry.table.vectors[$0].distance(to: g) < entry.table.vectors[$1].distance(to: g)
      }
      if let near, entry.table.vectors[near].distance(to: g) < 3 {
        byColumn[near, default: 0] += sum / Float(list.count)
      }
    }
    let columns = byColumn.keys.sorted { a, b in
      let (x, y) = (byColumn[a] ?? 0, byColumn[b] ?? 0)
      return x != y ? x > y : a < b
    }
    let top = max(loading.max() ?? 1, 1e-6)
    return FoundCrystal(
      letter: "", points: points, vectors: columns, intensities: columns.map { byColumn[$0] ?? 0 },
      partial: 0,
      confidence: min(0.999, 1 - exp(-Double(own.count) / 4)), loading: loading.map { max(0, $0 / top) })
  }
}
