import Glibc
import System

/// The files that a plan names, found from where the plan lies.
package struct PlanFiles: Sendable {
  package struct File: Sendable, Equatable {
    package var name: String
    package var bytes: [UInt8]
    package var sha256: String
  }

  private let folder: String
  /// By name: a part knows a file by its name alone.
  package private(set) var files: [String: File] = [:]
  private var places: [String: String] = [:]

  package init(folder: String) { self.folder = folder }

  /// What a value of a setting that may be a file stands for: names that the program knows stay, a pattern becomes
  /// the files that it fits, in the order of their names.
  package mutating func values(of axis: SweepPlan.Axis) throws(SweepError) -> [(value: String, file: File?)] {
    var values: [(value: String, file: File?)] = []
    var once = Set<String>()
    for value in axis.values {
      guard value.contains("/") || value.contains(".") || value.contains("*") else {
        values.append((value, nil))
        continue
      }
      let paths = Self.paths(FilePath.absolute(value, in: folder))
      guard !paths.isEmpty else {
        throw SweepError("\(axis.place): \(axis.name) = \(value): no such file beside the plan")
      }
      for path in paths {
        let file = try take(path, axis)
        guard once.insert(file.name).inserted else {
          throw SweepError("\(axis.place): \(axis.name) = \(value): \(file.name) comes twice")
        }
        values.append((file.name, file))
      }
    }
    return values
  }

  private mutating func take(_ path: String, _ axis: SweepPlan.Axis) throws(SweepError) -> File {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    if let known = files[name], places[name] == path { return known }
    guard Part.isPlain(name) else {
      throw SweepError("\(axis.place): \(axis.name): \(path): give the file a plainer name")
    }
    let bytes: [UInt8]
    do {
      bytes = try WholeFile.bytes(path, limit: 16 << 20)
    } catch {
      throw SweepError("\(axis.place): \(axis.name): \(error)")
    }
    let file = File(name: name, bytes: bytes, sha256: SHA256.hex(bytes))
    if let other = files[name], other.sha256 != file.sha256 {
      throw SweepError(
        "\(axis.place): \(axis.name): \(path): another file is called \(name), too; rename one")
    }
    files[name] = file
    places[name] = path
    return file
  }

  /// A part's words with its files where they lie now, to be looked at before there is a sweep.
  package func located(_ words: [String], flags: Set<String>) -> [String] {
    var words = words
    for index in words.indices.dropFirst() where flags.contains(words[index - 1]) {
      if let place = places[words[index]] { words[index] = place }
    }
    return words
  }

  private static func paths(_ pattern: String) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard PathText.withCString(pattern, { glob($0, 0, nil, &found) }) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { index in
      found.gl_pathv[index].map { PathText.text(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
    }.filter { path in
      var status = stat()
      return PathText.withCString(path) { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFREG
    }
  }
}
