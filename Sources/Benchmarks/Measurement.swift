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

func median(_ values: [Double]) -> Double { percentile(values, 50) }

func percentile(_ values: [Double], _ percent: Double) -> Double {
  let sorted = values.sorted()
  guard !sorted.isEmpty else { return .nan }
  return sorted[min(sorted.count - 1, Int(Double(sorted.count) * percent / 100))]
}

/// Seconds of the monotonic clock.
func seconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// A folder for one suite, on the disk that holds temporary files; removed afterwards.
func withTemporaryFolder<R>(_ body: (String) async throws -> R) async rethrows -> R {
  var template = Array(
    "\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/ewald-bench-XXXXXX".utf8CString)
  mkdtemp(&template)
  let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer { removeTree(folder) }
  return try await body(folder)
}

private func removeTree(_ path: String) {
  guard let directory = opendir(path) else { return }
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    guard name != ".", name != ".." else { continue }
    if unlink("\(path)/\(name)") != 0 { removeTree("\(path)/\(name)") }
  }
  closedir(directory)
  rmdir(path)
}
