import Diffraction

/// Reads a scan from its source: the pass over all patterns, then the values at vectors that were not known
/// in time. Patterns go by in portions; never more than one portion is in memory.
struct ScanPass {
  let source: any FrameSource
  let shape: ScanShape
  let settings: ReadingSettings
  let context: AnalysisContext
  static let portion = 128

  var frames: Int { min(source.summary.frames, shape.count) }

  func read() throws(AnalysisError) -> ScanCache.Entry {
    var sample: [Pixels] = []
    for index in ReadingCalibration.sample(of: frames) { sample.append(try frame(index)) }
    let summary = source.summary
    let key = ScanCache.Key(
      width: summary.width, height: summary.height, frames: frames, scanWidth: shape.width,
      scanHeight: shape.height, settings: settings, content: ScanCache.content(sample))
    if let known = ScanCache.shared.entry(key) { return known }
    var reading: ScanReading
    var first = 0
    if let older = ScanCache.shared.shorter(key),
      try ScanCache.content([frame(older.frames - 1)]) == older.entry.last
    {
      (first, reading) = (older.frames, older.entry.reading)
    } else {
      let geometry = ReadingCalibration.geometry(
        width: summary.width, height: summary.height, frames: sample, settings: settings)
      reading = ScanReading(geometry, scanWidth: shape.width, scanHeight: shape.height, settings: settings)
    }
    sample = []
    try each(Array(first..<frames), part: 0...0.7) { reading.add($0) }
    reading.settleVectors()
    try each(reading.pointsToRefill, part: 0.7...0.95) { reading.refill($0) }
    let table = reading.table()
    let last = try ScanCache.content([frame(frames - 1)])
    let entry = ScanCache.Entry(reading: reading, table: table, scree: table.scree(), last: last)
    ScanCache.shared.keep(entry, for: key)
    return entry
  }

  /// Electrons per pixel of every crystal, centred on the direct beam: one more pass over the patterns of
  /// the crystals, summed by region, then non-negative least squares with Poisson weights by pixel.
  func patterns(_ crystals: [PointSet], _ reading: ScanReading) throws(AnalysisError) -> [Pixels] {
    let geometry = reading.geometry
    let regions = RegionPatterns(crystals, isMeasured: reading.digests.map { $0 != nil })
    let count = geometry.width * geometry.height
    var sums = [Float](repeating: 0, count: regions.members.count * count)
    var background = [[Float]](
      repeating: [Float](repeating: 0, count: geometry.rings), count: regions.members.count)
    let reader = SpotReader(geometry)
    let points = regions.regionOfPoint.indices.filter { regions.regionOfPoint[$0] != nil }
    try each(points, part: 0.95...1) { frames in
      sums.withUnsafeMutableBufferPointer { sums in
        guard let base = sums.baseAddress else { return }
        for (point, pixels) in frames {
          guard let region = regions.regionOfPoint[point], let digest = reading.digests[point],
            let beam = reading.beam(point)
          else { continue }
          reader.addCentred(pixels, beam: beam, into: base + region * count)
          for (ring, level) in digest.background.enumerated() { background[region][ring] += level }
        }
      }
    }
    var levels: [[Float]] = []
    for rings in background {
      levels.append(
        (0..<count).map { i in
          let (dx, dy) = (i % geometry.width - geometry.width / 2, i / geometry.width - geometry.height / 2)
          let r = Double(dx * dx + dy * dy).squareRoot()
          // The direct beam belongs to nobody.
          if r < geometry.innerRadius { return .infinity }
          let low = min(Int(r), rings.count - 1)
          let part = Float(r - Double(low))
          return rings[low] * (1 - part) + rings[min(low + 1, rings.count - 1)] * part
        })
    }
    let bySums = regions.members.indices.map { region in
      (0..<count).map { levels[region][$0].isFinite ? sums[region * count + $0] : 0 }
    }
    let finite = levels.map { $0.map { $0.isFinite ? $0 : 0 } }
    return regions.solve(bySums, background: finite).map {
      Pixels(width: geometry.width, height: geometry.height, values: $0)
    }
  }

  private func frame(_ index: Int) throws(AnalysisError) -> Pixels {
    let pixels: Pixels
    do {
      pixels = try source.frame(at: index).pixels
    } catch {
      throw .file(error)
    }
    guard pixels.width == source.summary.width, pixels.height == source.summary.height else {
      throw .failed("pattern \(index) is \(pixels.width) x \(pixels.height): not as large as the others")
    }
    return pixels
  }

  func each(
    _ points: [Int], part: ClosedRange<Double>, _ body: ([(point: Int, pixels: Pixels)]) -> Void
  ) throws(AnalysisError) {
    var at = 0
    while at < points.count {
      if context.isCancelled() { throw .cancelled }
      let end = min(points.count, at + Self.portion)
      var portion: [(point: Int, pixels: Pixels)] = []
      for point in points[at..<end] { portion.append((point, try frame(point))) }
      body(portion)
      at = end
      context.progress(
        part.lowerBound + (part.upperBound - part.lowerBound) * Double(at) / Double(points.count))
    }
  }
}
