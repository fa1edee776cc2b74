import System

/// `name = value`, a line each; `#` begins a remark.
enum SettingsFile {
  static func lines(_ path: String) throws -> [(name: String, value: String, number: Int)] {
    guard let text = try? WholeFile.text(path, limit: 1 << 20) else {
      throw UsageError("\(path): cannot be read")
    }
    var result: [(name: String, value: String, number: Int)] = []
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = line.prefix { $0 != "#" }
      if line.allSatisfy(\.isWhitespace) { continue }
      let parts = line.split(separator: "=", maxSplits: 1).map(\.trimmed)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw UsageError("\(path): line \(number + 1): NAME = VALUE is needed")
      }
      result.append((parts[0], parts[1], number + 1))
    }
    return result
  }
}
