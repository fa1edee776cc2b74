import Arrays
import Glibc
import PACBED
import Scattering

/// Position-averaged patterns of rutile along c at 80 kV: the table, patterns from it, training batches.
/// `Peers/pacbed/run.sh` sets them beside abTEM on the same machine.
enum PACBEDSuite {
  static func run(in scratch: String) async -> [Measurement] {
    do {
      return try measure(scratch)
    } catch {
      return [Measurement("failed: \(error)", .nan, "")]
    }
  }

  private static func measure(_ scratch: String) throws -> [Measurement] {
    var figures: [Measurement] = []
    func add(_ name: String, _ median: Double, _ unit: String, goal: String = "") {
      figures.append(Measurement(name, median, unit, goal: goal))
    }
    let crystal = try OrientedCrystal(Crystal(known: "rutile"), zone: [0, 0, 1])
    let request = TableRequest(
      crystal: crystal, kilovolts: 80, convergence: 25, mistilt: 10, angle: 47, thickness: 100)
    var made: PACBEDTable?
    let making = try measured { made = try PACBEDTable(computing: request) }
    guard let table = made else { return figures }
    add("table to 100 nm", making.wall, "s", goal: "15")
    add("table to 100 nm, processor time", making.processor, "s")
    add("table, step of incidences", table.step, "mrad")
    add("table, bytes", Double(table.byteCount) / 1048576, "MiB")

    let directory = scratch + "/tables"
    let cache = TableCache(directory: directory)
    var slight = request
    slight.thickness = 20
    slight.step = .fixed(table.step / 1.5)
    _ = try cache.table(for: slight)
    var bytes = 0
    let reading = try middle(3) { bytes = try cache.table(for: slight).table.byteCount }
    add("stored table of \(bytes >> 20) MiB, read and verified", reading.wall, "s")
    add("stored table, processor time", reading.processor, "s")

    let small = PatternGeometry(size: 128, pitch: 0.5)
    let illumination = Illumination(convergence: 20, mistilt: [5.2, 3], edge: .intensity(width: 0.5))
    let all = (1...300).map { Double($0) / 3 }
    let many = try middle(5) { _ = try table.patterns(small, illumination, thicknesses: all) }
    add("pattern 128x128, one of 300 thicknesses", many.wall * 1e3 / 300, "ms", goal: "0.2")
    add("pattern 128x128, one of 300 thicknesses, processor time", many.processor * 1e3 / 300, "ms")
    let one = try middle(9) { _ = try table.patterns(small, illumination, thicknesses: [20]) }
    add("pattern 128x128, alone", one.wall * 1e3, "ms")
    add("pattern 128x128, alone, processor time", one.processor * 1e3, "ms")

    // A tenth of the published training set: every thickness of a unit cell's step for so many geometries.
    let large = PatternGeometry(size: 200, pitch: 0.33)
    let cells = (1...338).map { Double($0) * crystal.period / 10 }
    let geometries = 41
    let tenth = try measured {
      for i in 0..<geometries {
        let x = Double(i) / Double(geometries)
        let lit = Illumination(
          convergence: 15 + 9 * x, mistilt: [10 * x * cos(7 * x), 10 * x * sin(7 * x)],
          edge: .intensity(width: 0.33))
        _ = try table.patterns(large, lit, thicknesses: cells)
      }
    }
    let patterns = Double(geometries * cells.count)
    add("140,000 patterns 200x200 (from \(Int(patterns)))", tenth.wall * 140_000 / patterns, "s", goal: "300")
    add("140,000 patterns 200x200, processor time", tenth.processor * 140_000 / patterns, "s")

    let domain = ModelDomain(crystal: try Crystal(known: "rutile"), kilovolts: 80, convergence: 15...24)
    let training = try TrainingPatterns(domain, tables: [table], seed: 1)
    let batch = middle(5) { _ = training.samples(0..<256) }
    add("training patterns 64x64, one thread", 256 / batch.wall, "1/s")
    add("training pattern 64x64, processor time", batch.processor / 256 * 1e3, "ms")
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    add("peak memory", Double(usage.ru_maxrss) / 1024, "MiB", goal: "1024")
    return figures
  }

  /// Processor time tells what a busy machine hides.
  private typealias Cost = (wall: Double, processor: Double)

  private static func middle(_ rounds: Int, _ body: () throws -> Void) rethrows -> Cost {
    var costs: [Cost] = []
    for _ in 0..<rounds { costs.append(try measured(body)) }
    return (costs.map(\.wall).sorted()[rounds / 2], costs.map(\.processor).sorted()[rounds / 2])
  }

  private static func measured(_ body: () throws -> Void) rethrows -> Cost {
    let wall = seconds()
    let processor = processorSeconds()
    try body()
    return (seconds() - wall, processorSeconds() - processor)
  }
}
