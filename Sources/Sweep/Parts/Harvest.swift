import JSON
import System

/// All results of a sweep, read through, and one digest that says what they are: two sweeps of one plan have the
/// same, whoever made the parts.
package struct Harvest: Sendable {
  package private(set) var results: [PartResult] = []
  /// Parts without a sound result, and why.
  package private(set) var missing: [(part: Part, why: String)] = []
  package private(set) var attempts = 0
  package private(set) var processorSeconds = 0.0
  package private(set) var seconds = 0.0
  package private(set) var peakMegabytes = 0.0

  package init(_ folder: SweepFolder) {
    for part in folder.list.parts {
      do throws(SweepError) {
        if let result = try folder.soundResult(of: part) {
          results.append(result)
        } else {
          missing.append((part, "not done"))
        }
      } catch {
        missing.append((part, error.description))
      }
      let place = folder.place(of: part)
      let epochs = folder.leases(of: part).epochs
      attempts += epochs.count
      for attempt in epochs.compactMap({ Attempt($0, in: place) }) {
        processorSeconds += attempt.processorSeconds
        seconds += attempt.seconds
        peakMegabytes = max(peakMegabytes, attempt.peakMegabytes)
      }
    }
  }

  package var bytes: Int { results.reduce(0) { $0 + $1.size } }

  /// Of the names of the results and their digests, in the order of the plan.
  package var sha256: String {
    SHA256.hex(results.map { "\($0.sha256)  \($0.part)\n" }.joined().utf8)
  }

  /// The list of what is there, beside the results.
  package func write(to folder: SweepFolder) throws(SweepError) {
    let list = results.map { result in
      JSONValue.object([
        "name": .text(result.part), "sha256": .text(result.sha256), "bytes": .integer(result.size),
      ])
    }
    let json = JSONValue.object([
      "version": .integer(1), "sha256": .text(sha256), "results": .list(list),
      "missing": .list(missing.map { .text($0.part.name) }),
    ])
    do {
      try NewFile.write(Array(json.text.utf8), to: "\(folder.path)/results.json")
    } catch {
      throw SweepError(error)
    }
  }
}
