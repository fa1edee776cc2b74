import Arrays
import Diffraction
import Glibc

/// Settings of the pass over the patterns.
package struct ReadingSettings: Sendable, Hashable {
  /// A peak stands this many Poisson standard deviations above the background.
  package var significance = Float(SPEDSettings.peakSignificance.standard)
  /// Peaks that make a vector.
  package var minimumPeaks = 5
  /// Follow the direct beam from pattern to pattern.
  package var followsBeam = SPEDSettings.descan.standard
  /// Nil measures it.
  package var spotSigma: Double?
  package var gain: Double?
  package var innerRadius: Double?

  package init() {}
}

/// A scan as it is read: digests of all patterns, the vectors found in them and their virtual images.
///
/// Patterns come in any number of portions, also when the scan has grown since. `settleVectors` looks for vectors
/// in all that is there, `refill` measures them in every pattern.
package struct ScanReading: Sendable {
  package let geometry: DetectorGeometry
  package let settings: ReadingSettings
  package let scanWidth: Int
  package let scanHeight: Int
  package private(set) var digests: [PatternDigest?]
  package private(set) var vectors: [SpotVector] = []
  /// Without descan the direct beam is where it is in most patterns.
  private var heldBeam: SIMD2<Float>?
  /// Smoothed electrons per pixel at vectors, by pattern; empty before they were measured.
  private var samples: [[Float]]
  private let rings: RingTable

  package init(_ geometry: DetectorGeometry, scanWidth: Int, scanHeight: Int, settings: ReadingSettings) {
    self.geometry = geometry
    self.settings = settings
    self.scanWidth = scanWidth
    self.scanHeight = scanHeight
    digests = Array(repeating: nil, count: scanWidth * scanHeight)
    samples = Array(repeating: [], count: scanWidth * scanHeight)
    rings = RingTable(geometry)
  }

  package var patterns: Int { digests.reduce(0) { $0 + ($1 == nil ? 0 : 1) } }

  /// The direct beam of a pattern, in binned pixels.
  package func beam(_ point: Int) -> SIMD2<Float>? {
    digests[point].map { heldBeam ?? SIMD2($0.centreX, $0.centreY) }
  }

  /// Reads a portion of patterns on all cores.
  package mutating func add(_ frames: [(point: Int, pixels: Pixels)]) {
    let (geometry, significance, rings) = (geometry, settings.significance, rings)
    let pixels = frames.map(\.pixels)
    let read = parallelChunkMap(frames.count, size: max(1, (frames.count + 3) / 4)) { chunk in
      let reader = SpotReader(geometry, table: rings)
      return chunk.map { reader.read(pixels[$0], significance: significance) }
    }
    for (frame, digest) in zip(frames, read.joined()) where digests.indices.contains(frame.point) {
      digests[frame.point] = digest
    }
  }

  /// Chance gathers peaks in proportion to the patterns, and so do crystals that are worth the name.
  private var minimumPeaks: Int { max(settings.minimumPeaks, patterns / 4000) }

  /// Looks for vectors in all that was read: they do not depend on when it came.
  package mutating func settleVectors() {
    heldBeam = settings.followsBeam ? nil : usualBeam()
    for i in samples.indices { samples[i] = [] }
    var histogram = VectorHistogram(geometry)
    for digest in digests {
      guard let digest else { continue }
      let moved = heldBeam.map { SIMD2(digest.centreX, digest.centreY) - $0 } ?? .zero
      histogram.add(digest.peaks, movedBy: moved, above: settings.significance)
    }
    let spot = Float(geometry.spotSigma)
    vectors = histogram.vectors(within: max(0.8, 0.8 * spot), minimum: minimumPeaks, apart: 1.3 * spot)
  }

  private func usualBeam() -> SIMD2<Float>? {
    let xs = digests.compactMap { $0?.centreX }.sorted()
    let ys = digests.compactMap { $0?.centreY }.sorted()
    return xs.isEmpty ? nil : SIMD2(xs[xs.count / 2], ys[ys.count / 2])
  }

  /// Patterns in which the vectors were not measured yet.
  package var pointsToRefill: [Int] {
    digests.indices.filter { digests[$0] != nil && samples[$0].count < vectors.count }
  }

  package mutating func refill(_ frames: [(point: Int, pixels: Pixels)]) {
    let (geometry, vectors, rings) = (geometry, vectors, rings)
    let jobs = frames.map { (pixels: $0.pixels, beam: beam($0.point) ?? .zero) }
    let values = parallelChunkMap(jobs.count, size: max(1, (jobs.count + 3) / 4)) { chunk in
      let reader = SpotReader(geometry, table: rings)
      return chunk.map { reader.samples(jobs[$0].pixels, beam: jobs[$0].beam, vectors: vectors) }
    }
    for (frame, values) in zip(frames, values.joined()) { samples[frame.point] = values }
  }

  /// The virtual dark-field matrix of everything read so far.
  package func table() -> VDFTable {
    let columns = vectors.count
    let area = Float(geometry.effectiveArea)
    let spot = Float(geometry.spotArea)
    let rings = vectors.map(\.length)
    var counts = [Float](repeating: 0, count: digests.count * columns)
    var background = counts
    counts.withUnsafeMutableBufferPointer { counts in
      background.withUnsafeMutableBufferPointer { background in
        for (point, digest) in digests.enumerated() {
          guard let digest, samples[point].count == columns else { continue }
          let last = digest.background.count - 1
          let row = point * columns
          for v in 0..<columns {
            let low = min(Int(bounded: rings[v]), last)
            let part = rings[v] - Float(low)
            let level =
              digest.background[low] * (1 - part) + digest.background[min(low + 1, last)] * part
            background[row + v] = level * area
            let sample = samples[point][v]
            // Beyond the edge of this pattern nothing was measured.
            let value = sample.isFinite ? max(0, sample) : level
            counts[row + v] = value * area
          }
        }
      }
    }
    var table = VDFTable(
      scanWidth: scanWidth, scanHeight: scanHeight, vectors: vectors, counts: counts, background: background,
      isMeasured: digests.indices.map { digests[$0] != nil && samples[$0].count == columns },
      electronsPerCount: spot / area)
    table.correctBackground()
    return table
  }
}
