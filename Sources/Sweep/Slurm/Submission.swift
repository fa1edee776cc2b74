import Glibc
import JSON
import System

/// Parts that were handed to Slurm as one array: task 0 does the first of them.
package struct Submission: Sendable, Equatable {
  package var number: Int
  package var parts: [Int]
  /// Slurm's number; nil where nobody wrote it down, as when the one who submitted was killed.
  package var job: String?

  package init(number: Int, parts: [Int], job: String? = nil) {
    self.number = number
    self.parts = parts
    self.job = job
  }

  /// `123_4` of a part.
  package func task(of part: Int) -> String? {
    guard let job, let index = parts.firstIndex(of: part) else { return nil }
    return "\(job)_\(index)"
  }

  package var name: String { Self.name(number) }

  private static func name(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  /// All of a sweep, the oldest first.
  package static func all(in folder: String) -> [Submission] {
    FolderNames("\(folder)/submissions").compactMap { name in
      guard name.hasSuffix(".json"), let number = Int(name.dropLast(5)) else { return nil }
      return Submission(number, in: folder)
    }.sorted { $0.number < $1.number }
  }

  package init?(_ number: Int, in folder: String) {
    let stem = "\(folder)/submissions/\(Self.name(number))"
    guard number > 0, let bytes = try? WholeFile.bytes("\(stem).json", limit: 64 << 20),
      let parts = (try? JSONValue(bytes))?["parts"]?.ints
    else { return nil }
    let job = (try? WholeFile.text("\(stem).job", limit: 4096))?.trimmed
    self.init(number: number, parts: parts, job: job.flatMap { $0.isEmpty ? nil : $0 })
  }

  /// Takes the next free number for these parts. Another who submits at the same time takes another one.
  package static func make(_ parts: [Int], in folder: String) throws(SweepError) -> Submission {
    var number = (all(in: folder).last?.number ?? 0) + 1
    while true {
      let submission = Submission(number: number, parts: parts)
      do throws(SystemError) {
        let file = try NewFile(path: "\(folder)/submissions/\(submission.name).json", overwrite: .refuse)
        try file.write(JSONValue.object(["parts": .integers(parts)]).bytes)
        try file.finish()
        return submission
      } catch {
        guard error.cause == .exists, number < 1_000_000 else { throw SweepError(error) }
        number += 1
      }
    }
  }

  package func note(_ job: String, in folder: String) throws(SweepError) {
    do {
      try NewFile.write(Array((job + "\n").utf8), to: "\(folder)/submissions/\(name).job")
    } catch {
      throw SweepError(error)
    }
  }

  /// Slurm refused it: nothing of it will run.
  func withdraw(in folder: String) {
    PathText.withCString("\(folder)/submissions/\(name).json") { _ = unlink($0) }
  }
}
