import Arrays
import Diffraction
import Glibc

/// Settings of the pass over the patterns.
package struct ReadingSettings: Sendable, Hashable {
  /// A peak stands this many Poisson standard deviations above the background.
  package var significance: Float = 4
  /// Peaks that make a vector.
  package var minimumPeaks = 5
  /// Follow the direct beam from pattern to pattern.
  package var followsBeam = true
  /// Nil measures it.
  package var spotSigma: Double?
  package var gain: Double?
  package var innerRadius: Double?

  package init() {}
}

/// A scan as it is read: digests of all patterns, the vectors found so far and their virtual images.
///
/// Patterns come in any number of portions. A vector that is found late is filled back from the peak lists
/// of the patterns read before it was known; `refill` measures it there, where the source still has them.
package struct ScanReading: Sendable {
  package let geometry: DetectorGeometry
  package let settings: ReadingSettings
  package let scanWidth: Int
  package let scanHeight: Int
  package private(set) var digests: [PatternDigest?]
  package private(set) var histogram: VectorHistogram
  package private(set) var vectors: [SpotVector] = []
  /// Smoothed electrons per pixel at vectors, by pattern; for those that were known when it was measured.
  private var samples: [[Float]]
  private let rings: RingTable

  package init(_ geometry: DetectorGeometry, scanWidth: Int, scanHeight: Int, settings: ReadingSettings) {
    self.geometry = geometry
    self.settings = settings
    self.scanWidth = scanWidth
    self.scanHeight = scanHeight
    digests = Array(repeating: nil, count: scanWidth * scanHeight)
    samples = Array(repeating: [], count: scanWidth * scanHeight)
    histogram = VectorHistogram(geometry)
    rings = RingTable(geometry)
  }

  package var patterns: Int { digests.reduce(0) { $0 + ($1 == nil ? 0 : 1) } }

  /// Reads a portion of patterns on all cores.
  package mutating func add(_ frames: [(point: Int, pixels: Pixels)]) {
    let (geometry, vectors, settings, rings) = (geometry, vectors, settings, rings)
    let pixels = frames.map(\.pixels)
    let read = parallelChunkMap(frames.count, size: max(1, (frames.count + 3) / 4)) { chunk in
      let reader = PatternReader(geometry, table: rings)
      return chunk.map { i in
        let digest = reader.read(pixels[i], significance: settings.significance)
        let values =
          vectors.isEmpty
          ? [] : reader.samples(pixels[i], centre: (digest.centreX, digest.centreY), vectors: vectors)
        return (digest, values)
      }
    }
    for (frame, (digest, values)) in zip(frames, read.joined()) where digests.indices.contains(frame.point) {
      digests[frame.point] = digest
      samples[frame.point] = values
      histogram.add(digest.peaks, above: settings.significance)
    }
    if !settings.followsBeam { holdBeam() }
  }

  /// Without descan the beam is where it is in most patterns.
  private mutating func holdBeam() {
    let xs = digests.compactMap { $0?.centreX }.sorted()
    let ys = digests.compactMap { $0?.centreY }.sorted()
    for i in digests.indices where digests[i] != nil {
      digests[i]?.centreX = xs[xs.count / 2]
      digests[i]?.centreY = ys[ys.count / 2]
    }
  }

  /// Chance gathers peaks in proportion to the patterns, and so do crystals that are worth the name.
  private var minimumPeaks: Int { max(settings.minimumPeaks, patterns / 4000) }

  /// Looks for vectors in what has gathered. Those known stay where they are, so that columns stay valid.
  package mutating func growVectors() {
    let spot = Float(geometry.spotSigma)
    let apart = 1.3 * spot
    let found = histogram.vectors(within: max(0.8, 0.8 * spot), minimum: minimumPeaks, apart: apart)
    for vector in found where !vectors.contains(where: { $0.distance(to: vector) < apart }) {
      vectors.append(vector)
    }
  }

  /// Drops what was found and looks again over all peaks: the vectors no longer depend on when they came.
  package mutating func settleVectors() {
    vectors = []
    for i in samples.indices { samples[i] = [] }
    growVectors()
  }

  /// Points whose values at some vectors come from their peak list only.
  package var pointsToRefill: [Int] {
    digests.indices.filter { digests[$0] != nil && samples[$0].count < vectors.count }
  }

  package mutating func refill(_ frames: [(point: Int, pixels: Pixels)]) {
    let (geometry, vectors, rings) = (geometry, vectors, rings)
    let jobs = frames.map { frame in
      (frame.pixels, digests[frame.point].map { (x: $0.centreX, y: $0.centreY) })
    }
    let values = parallelChunkMap(jobs.count, size: max(1, (jobs.count + 3) / 4)) { chunk in
      let reader = PatternReader(geometry, table: rings)
      return chunk.map { reader.samples(jobs[$0].0, centre: jobs[$0].1 ?? (0, 0), vectors: vectors) }
    }
    for (frame, values) in zip(frames, values.joined()) { samples[frame.point] = values }
  }

  /// The virtual dark-field matrix of everything read so far.
  package func table() -> VDFTable {
    let columns = vectors.count
    let area = Float(geometry.effectiveArea)
    let spot = Float(geometry.spotArea)
    let reach = Float(1.2 * geometry.spotSigma)
    let rings = vectors.map(\.length)
    var counts = [Float](repeating: 0, count: digests.count * columns)
    var background = counts
    counts.withUnsafeMutableBufferPointer { counts in
      background.withUnsafeMutableBufferPointer { background in
        for (point, digest) in digests.enumerated() {
          guard let digest else { continue }
          let last = digest.background.count - 1
          let row = point * columns
          for v in 0..<columns {
            let low = min(Int(rings[v]), last)
            let part = rings[v] - Float(low)
            let level =
              digest.background[low] * (1 - part) + digest.background[min(low + 1, last)] * part
            background[row + v] = level * area
            var value = level
            if v < samples[point].count {
              let sample = samples[point][v]
              value = sample.isFinite ? max(0, sample) : level
            } else {
              for peak in digest.peaks {
                let (dx, dy) = (peak.x - vectors[v].x, peak.y - vectors[v].y)
                if dx * dx + dy * dy < reach * reach {
                  value = max(value, level + peak.intensity / spot)
                }
              }
            }
            counts[row + v] = value * area
          }
        }
      }
    }
    var table = VDFTable(
      scanWidth: scanWidth, scanHeight: scanHeight, vectors: vectors, counts: counts, background: background,
      isMeasured: digests.map { $0 != nil }, electronsPerCount: spot / area)
    table.correctBackground()
    return table
  }
}
