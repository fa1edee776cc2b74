import JSON
import System
import Glibc

/// One figure of a suite, with the goal that stands on the design page.
struct Measurement {
  var name: String
  var median: Double
  var unit: String
  var goal: String

  init(_ name: String, _ median: Double, _ unit: String, goal: String = "") {
    self.name = name
    self.median = median
    self.unit = unit
    self.goal = goal
  }
}

extension Measurement {
  /// One line for people.
  var text: String {
    let value = median.isFinite ? "\((median * 1000).rounded() / 1000)" : "null"
    return "  \(name)\(String(repeating: " ", count: max(1, 58 - name.count)))\(value) \(unit)"
  }

  /// One line for the scripts that compare: the name of the suite, of the case, and the figure.
  func line(_ suite: String) -> String {
    var json = JSONWriter()
    json.object { json in
      json.member("suite", suite)
      json.member("case", name)
      json.member("median", (median * 1000).rounded() / 1000)
      json.member("unit", unit)
    }
    return json.text
  }
}

func median(_ values: [Double]) -> Double { percentile(values, 50) }

func percentile(_ values: [Double], _ percent: Double) -> Double {
  let sorted = values.sorted()
  guard !sorted.isEmpty else { return .nan }
  return sorted[min(sorted.count - 1, Int(Double(sorted.count) * percent / 100))]
}

/// Seconds of the monotonic clock.
func seconds() -> Double { SystemClock.monotonic.seconds }

/// Seconds of processor time of this process: what other programs do does not count.
func processorSeconds() -> Double { SystemClock.process.seconds }

/// Megabytes that the process holds.
func residentMegabytes() -> Double {
  let fields = (try? WholeFile.text("/proc/self/statm", limit: 4096))?.split(separator: " ") ?? []
  let pages = fields.count > 1 ? Double(fields[1]) ?? 0 : 0
  return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / 1e6
}

/// A folder for one suite, on the disk that holds temporary files; removed afterwards.
func withTemporaryFolder<R: Sendable>(_ body: @Sendable (String) async -> R) async -> R {
  guard let folder = try? Folder.makeTemporary("ewald-bench") else {
    preconditionFailure("temporary files can be written")
  }
  defer { Folder.removeTree(folder) }
  return await body(folder)
}
