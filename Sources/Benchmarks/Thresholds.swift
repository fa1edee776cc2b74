import Glibc
import System

/// What every figure may be, in a file beside the sources. Times and rates are held against a yardstick that runs
/// in the same minute, so that a slower machine is no slower program; the others are what they are.
struct Thresholds {
  /// What the yardstick took where the file was written, in ms.
  var yardstick: Double
  var limits: [Key: Limit]

  struct Key: Hashable {
    var suite: String
    var name: String
  }

  struct Limit {
    var value: Double
    var unit: String
  }

  static let path = String(#filePath.dropLast("Thresholds.swift".count)) + "thresholds.tsv"

  init(yardstick: Double, limits: [Key: Limit] = [:]) {
    self.yardstick = yardstick
    self.limits = limits
  }

  /// Nil where the file cannot be read.
  init?(path: String = Self.path) {
    guard let text = try? WholeFile.text(path, limit: 1 << 20) else { return nil }
    self.init(yardstick: .nan)
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 4, let value = Double(fields[3]) else { continue }
      if fields[0] == "yardstick" {
        yardstick = value
      } else {
        limits[Key(suite: fields[0], name: fields[1])] = Limit(value: value, unit: fields[2])
      }
    }
    guard yardstick.isFinite, yardstick > 0 else { return nil }
  }

  /// Half as much again as what a time was, two and a half times that of the slowest of many; two thirds of a rate; a quarter
  /// more memory; an answer is to stay what it was. Closer no machine that others share repeats a time.
  mutating func note(_ row: Measurement, of suite: String, yardstick now: Double) {
    guard row.median.isFinite else { return }
    let kind = Kind(row.unit)
    let slowness = kind.isOfTheMachine ? now / yardstick : 1
    let limit =
      switch kind {
      case .rate: row.median * slowness / 1.5
      case .time: row.median / slowness * (Self.isOfTheSlowest(row.name) ? 2.5 : 1.5)
      case .space: row.median * 1.25
      case .answer: row.median
      }
    limits[Key(suite: suite, name: row.name)] = Limit(value: limit, unit: row.unit)
  }

  /// How far a figure is from what it may be, as a ratio: above 1 is worse, or, with an answer, another.
  func ratio(_ row: Measurement, of suite: String, yardstick now: Double) -> Double? {
    guard let limit = limits[Key(suite: suite, name: row.name)] else { return nil }
    guard row.median.isFinite else { return .infinity }
    let kind = Kind(row.unit)
    let slowness = kind.isOfTheMachine ? now / yardstick : 1
    switch kind {
    case .rate: return limit.value / slowness / max(row.median, 1e-12)
    case .time, .space:
      if limit.value == 0 { return row.median == 0 ? 0 : .infinity }
      return row.median / (limit.value * slowness)
    case .answer: return abs(row.median - limit.value) / max(abs(limit.value) * 0.1, 0.002)
    }
  }

  func write(to path: String = Self.path) throws {
    var text = """
      # What `Benchmarks SUITE… --check` holds its figures against; written by `Benchmarks SUITE… --record`.
      # suite, case, unit, limit
      yardstick\t\tms\t\(yardstick)

      """
    for (key, limit) in limits.sorted(by: { ($0.key.suite, $0.key.name) < ($1.key.suite, $1.key.name) }) {
      text += "\(key.suite)\t\(key.name)\t\(limit.unit)\t\((limit.value * 1000).rounded() / 1000)\n"
    }
    try NewFile.write(Array(text.utf8), to: path, durability: .cached)
  }

  /// One of many, which anything else that the machine does makes slower.
  private static func isOfTheSlowest(_ name: String) -> Bool {
    ["worst", "p99", "longest", "latest"].contains { name.contains($0) }
  }

  /// What a unit says of its figure. Errors, shares and counts come of seeds: the same program gives the same, and
  /// whether more of them is better no unit tells, so a tenth either way is a change that someone has to look at.
  enum Kind {
    case time, rate, space, answer

    init(_ unit: String) {
      self =
        switch unit {
        case "ms", "s", "s of a core", "% of a core": .time
        case "B", "kB", "MB", "MiB", "bytes": .space
        default: unit.hasPrefix("µs") ? .time : unit.hasSuffix("/s") || unit == "times" ? .rate : .answer
        }
    }

    var isOfTheMachine: Bool { self == .time || self == .rate }
  }
}

/// Milliseconds of a fixed piece of work that no change of the program touches: arithmetic on one core, and a walk
/// through memory that no cache holds. The least of several, because others only add.
func yardstick() -> Double {
  var memory = [UInt64](repeating: 1, count: 1 << 22)
  return (0..<7).map { round in
    let start = processorSeconds()
    var state = UInt64(round) &+ 0x9e37_79b9_7f4a_7c15
    for _ in 0..<4_000_000 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      memory[Int(truncatingIfNeeded: state & 0x3f_ffff)] &+= state
    }
    let took = processorSeconds() - start
    precondition(memory[0] != 0 || state != 0, "the work is done")
    return took * 1000
  }.min() ?? .nan
}
