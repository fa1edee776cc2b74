import Glibc
import JSON
import System

/// Where a sweep lives: the same files whoever does its parts. Machines that work on it see this folder and need see
/// nothing else of each other.
///
/// | name | what |
/// |---|---|
/// | `plan`, `parts.json`, `inputs/` | what is to be done; written once |
/// | `parts/NNNNN/` | of a part that is at work: leases, attempts, what was said, the work of the latest attempt |
/// | `results/NAME/` | of a part that is done, whole from the moment it has its name |
/// | `aside/` | results that were found damaged |
/// | `array.sh`, `submissions/`, `logs/` | Slurm's |
package struct SweepFolder: Sendable {
  package let path: String
  package let list: PartList

  static let listName = "parts.json"

  /// Opens one that is there.
  package init(_ path: String) throws(SweepError) {
    let place = "\(path)/\(Self.listName)"
    let bytes: [UInt8]
    do {
      bytes = try WholeFile.bytes(place, limit: 1 << 30)
    } catch {
      throw SweepError("\(path): is not the folder of a sweep (\(error))")
    }
    list = try PartList(bytes, path: place)
    guard let real = FilePath.resolved(path) else { throw SweepError("\(path): cannot be found") }
    self.path = real
  }

  /// Writes one, or opens it where the same plan is there already.
  package static func make(
    _ path: String, plan: [UInt8], list: PartList, files: [PlanFiles.File]
  ) throws(SweepError) -> SweepFolder {
    let place = "\(path)/\(listName)"
    let bytes = Array(list.json.text.utf8)
    if let there = try? WholeFile.bytes(place, limit: 1 << 30) {
      guard there == bytes else {
        throw SweepError("\(path): holds the sweep of another plan; give another --output")
      }
      return try SweepFolder(path)
    }
    do throws(SystemError) {
      try Folder.makeWithParents(path)
      for name in ["inputs", "parts", "results", "aside", "submissions", "logs"] {
        try Folder.make("\(path)/\(name)")
      }
      for file in files { try NewFile.write(file.bytes, to: "\(path)/inputs/\(file.name)") }
      try NewFile.write(plan, to: "\(path)/plan")
      // Last: with it the folder is a sweep.
      try NewFile.write(bytes, to: place)
    } catch {
      throw SweepError(error)
    }
    return try SweepFolder(path)
  }

  package var results: String { "\(path)/results" }
  package func result(of part: Part) -> String { "\(results)/\(part.name)" }

  package func place(of part: Part) -> String {
    let digits = String(part.number)
    return "\(path)/parts/\(String(repeating: "0", count: max(0, 5 - digits.count)))\(digits)"
  }

  package func leases(of part: Part) -> LeaseBook { LeaseBook(folder: place(of: part)) }

  /// Nil where there is none yet; throws where what is there is not what it says.
  package func soundResult(of part: Part) throws(SweepError) -> PartResult? {
    let folder = result(of: part)
    guard FilePath.exists(folder) else { return nil }
    let result = try PartResult(folder: folder)
    guard result.part == part.name, result.command == list.command(part), result.inputs == part.inputs else {
      throw SweepError("\(folder): is the result of something else")
    }
    try result.verify(in: folder)
    return result
  }

  /// What the files' own clock says now, for ages of files: the machine that asks may have another time.
  package func now() -> Int64? {
    let probe = "\(path)/.clock-\(getpid())"
    defer { PathText.withCString(probe) { _ = unlink($0) } }
    guard (try? NewFile.write([], to: probe, durability: .cached)) != nil else { return nil }
    return (try? FileIdentity(path: probe))?.modified
  }
}
