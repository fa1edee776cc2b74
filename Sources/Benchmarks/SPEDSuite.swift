import JSON
import Arrays
import Diffraction
import FrameFormats
import Glibc
import SPED
import Scattering

/// A precession scan from the patterns to the crystals: the pass over the patterns, the factorisation, a changed
/// threshold, memory. `Benchmarks sped FOLDER` measures a set with truth in files instead, and is what
/// `Peers/sped/run.sh` sets beside scikit-image, scikit-learn and recorded figures of pyxem.
enum SPEDSuite {
  static func run() async -> [Measurement] {
    do {
      return try speeds(50, 40, detector: 144) + speeds(256, 256, detector: 144)
    } catch {
      return [Measurement("failed: \(error)", .nan, "")]
    }
  }

  private static func speeds(_ width: Int, _ height: Int, detector: Int) throws -> [Measurement] {
    // The same field at every size: more points, more pixels, the same crystals.
    let step = 300.0 / Double(width)
    let specimen = Specimen.strewn(
      count: 9, width: 300, height: step * Double(height), sizes: 36...70, seed: 11)
    var simulation = SPEDSimulation(crystal: try Crystal(known: "magnesium-oxide"), specimen: specimen)
    (simulation.scanWidth, simulation.scanHeight, simulation.step) = (width, height, step)
    simulation.detector = detector
    simulation.pixel = 4.67 / Double(detector)
    simulation.spotSigma = 0.95 * Double(detector) / 144 + 0.2
    let maker = simulation.maker()
    let name = "\(width)x\(height) of \(detector)x\(detector)"
    var figures: [Measurement] = []
    func add(_ what: String, _ value: Double, _ unit: String, goal: String = "") {
      figures.append(Measurement("\(name): \(what)", value, unit, goal: goal))
    }
    let before = residentMegabytes()
    let count = width * height
    let sample = ReadingCalibration.sample(of: count).map { maker.pattern($0) }
    let settings = ReadingSettings()
    let geometry = ReadingCalibration.geometry(
      width: detector, height: detector, frames: sample, settings: settings)
    var reading = ScanReading(geometry, scanWidth: width, scanHeight: height, settings: settings)
    // Patterns are made outside the clock, a portion at a time: they never are all in memory.
    var (wall, processor, at) = (0.0, 0.0, 0)
    while at < count {
      let range = at..<min(count, at + 512)
      let made = parallelMap(range.count) { maker.pattern(range.lowerBound + $0) }
      let frames = zip(range, made).map { (point: $0, pixels: $1) }
      let spent = measured { reading.add(frames) }
      wall += spent.wall
      processor += spent.processor
      at = range.upperBound
    }
    add("digest and peaks", Double(count) / wall, "patterns/s", goal: "5000")
    add("digest and peaks, processor time", processor * 1e6 / Double(count), "µs/pattern")
    let settling = measured { reading.settleVectors() }
    add("vectors", settling.wall * 1e3, "ms")
    (wall, processor, at) = (0, 0, 0)
    while at < count {
      let range = at..<min(count, at + 512)
      let made = parallelMap(range.count) { maker.pattern(range.lowerBound + $0) }
      let frames = zip(range, made).map { (point: $0, pixels: $1) }
      let spent = measured { reading.refill(frames) }
      processor += spent.processor
      at = range.upperBound
    }
    add(
      "values at \(reading.vectors.count) vectors, processor time", processor * 1e6 / Double(count),
      "µs/pattern")
    var table = reading.table()
    add("virtual dark-field matrix", measured { table = reading.table() }.wall * 1e3, "ms")
    var result = Segmenter(table, spotSigma: geometry.spotSigma, settings: SegmentationSettings())
      .segmentation()
    var changed = SegmentationSettings()
    changed.significance = 4.5
    let again = measured {
      _ = Segmenter(table, spotSigma: geometry.spotSigma, settings: changed).segmentation()
    }
    let goal = count > 10_000 ? "1000" : "100"
    add("segmentation after a changed threshold", again.wall * 1e3, "ms", goal: goal)
    add("segmentation after a changed threshold, processor time", again.processor * 1e3, "ms")
    var factors = LocalFactors(
      windows: result.crystals.map { $0.points.grown(2) },
      patterns: result.crystals.map { crystal in
        var pattern = [Float](repeating: 0, count: table.vectors.count)
        for (v, electrons) in zip(crystal.vectors, crystal.intensities) { pattern[v] = electrons }
        return pattern
      })
    let factorising = measured { factors.iterate(table, rounds: 100) }
    add("factorisation, 100 rounds", factorising.wall, "s")
    add("factorisation, 100 rounds, processor time", factorising.processor, "s")
    let truth = maker.truth().masks.map { points($0) }
    let quality = SPEDQuality(truth: truth, found: result.crystals.map(\.points))
    add("found of \(truth.count)", Double(quality.found), "")
    add("mean IoU", quality.mean, "")
    result.crystals = []
    add("resident memory above the start, peak", peakMegabytes() - before, "MB", goal: "1000")
    return figures
  }

  /// Prints what was found in a set of files with truth, as JSON lines; `methods` are beginnings of their names.
  static func score(folder: String, name: String, methods: [String] = []) {
    do {
      let block = "\(folder)/\(name).blo"
      let source = try FormatList.open(
        path: access(block, R_OK) == 0 ? block : "\(folder)/\(name)_patterns.tif")
      let masks = try FormatList.open(path: "\(folder)/\(name)_truth_masks.tif")
      let truth = try (0..<masks.summary.frames).map { points(try masks.frame(at: $0).pixels) }
      let scan = "\(masks.summary.width)x\(masks.summary.height)"
      for (method, settings) in [
        ("live", [:]), ("vdf log", ["method": "vdf", "peak_finder": "log"]),
        ("vdf maxima", ["method": "vdf", "peak_finder": "maxima"]),
        ("nmf", ["method": "nmf", "components": "11"]),
      ] as [(String, [String: String])]
      where methods.isEmpty || methods.contains(where: { method.hasPrefix($0) }) {
        var values = ParameterValues(["scan": .text(scan)])
        for (key, text) in settings { values[key] = Double(text).map { .number($0) } ?? .text(text) }
        let spent = try measured { _ = try SPEDEngine().analyze(.scan(source), values, AnalysisContext()) }
        let files = ArtifactStore()
        _ = try SPEDEngine().analyze(.scan(source), values, AnalysisContext(write: files.write))
        let quality = SPEDQuality(truth: truth, found: files.segments.map { points($0) })
        print(quality.line(method, seconds: spent.processor))
      }
    } catch {
      var json = JSONWriter()
      json.object { json in
        json.member("suite", "sped")
        json.member("error", "\(error)")
      }
      print(json.text)
    }
  }

  private static func points(_ mask: Pixels) -> PointSet {
    PointSet(
      width: mask.width, height: mask.height,
      points: mask.doubles().enumerated().filter { $0.1 > 0 }.map(\.offset))
  }
}

private func measured(_ body: () throws -> Void) rethrows -> (wall: Double, processor: Double) {
  let wall = seconds()
  let processor = processorSeconds()
  try body()
  return (seconds() - wall, processorSeconds() - processor)
}

/// Segments of one analysis, kept instead of written.
private final class ArtifactStore: @unchecked Sendable {
  private(set) var segments: [Pixels] = []

  @Sendable func write(_ artifact: Artifact) throws(AnalysisError) -> String {
    if artifact.role == "segments", case .images(let images, _) = artifact.content { segments = images }
    return artifact.file
  }
}

/// Segments against truth, with the rules that the peer was scored by.
struct SPEDQuality {
  let best: [Double]
  let found: Int
  let segments: Int
  let overSegmentation: Int
  let spurious: Int
  let overlapInBoth: Double

  var mean: Double { best.isEmpty ? 0 : best.reduce(0, +) / Double(best.count) }

  init(truth: [PointSet], found sets: [PointSet]) {
    let agreement = truth.map { t in sets.map { t.agreement($0) } }
    best = agreement.map { $0.max() ?? 0 }
    segments = sets.count
    // One to one, the best pair first.
    var pairs: [(value: Double, truth: Int, set: Int)] = []
    for (t, row) in agreement.enumerated() {
      for (s, value) in row.enumerated() where value > 0.5 { pairs.append((value, t, s)) }
    }
    pairs.sort { $0.value > $1.value }
    var (usedTruth, usedSets) = (Set<Int>(), Set<Int>())
    for pair in pairs where !usedTruth.contains(pair.truth) && !usedSets.contains(pair.set) {
      usedTruth.insert(pair.truth)
      usedSets.insert(pair.set)
    }
    found = usedTruth.count
    overSegmentation = truth.reduce(0) { sum, t in sum + max(0, sets.count { $0.part(in: t) >= 0.5 } - 1) }
    spurious = sets.count { set in truth.allSatisfy { set.part(in: $0) < 0.5 } }
    var (both, all) = (0, 0)
    for i in truth.indices {
      for j in truth.indices where j > i && !sets.isEmpty {
        let shared = truth[i].intersection(truth[j])
        all += shared.count
        func bestSet(_ k: Int) -> PointSet {
          sets[agreement[k].indices.max { agreement[k][$0] < agreement[k][$1] } ?? 0]
        }
        both += shared.overlap(bestSet(i).intersection(bestSet(j)))
      }
    }
    overlapInBoth = all > 0 ? Double(both) / Double(all) : 1
  }

  func line(_ method: String, seconds: Double) -> String {
    func digits(_ x: Double) -> Double { (x * 1000).rounded() / 1000 }
    var json = JSONWriter()
    json.object { json in
      json.member("suite", "sped")
      json.member("method", method)
      json.member("particles", best.count)
      json.member("found", found)
      json.member("mean_iou", digits(mean))
      json.member("best_iou", best.map(digits))
      json.member("segments", segments)
      json.member("over_segmentation", overSegmentation)
      json.member("spurious", spurious)
      json.member("overlap_in_both", digits(overlapInBoth))
      json.member("cpu_s", digits(seconds))
    }
    return json.text
  }
}

private func peakMegabytes() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return Double(usage.ru_maxrss) * 1024 / 1e6
}
