import JSON
import System

/// What became of one try at a part, as the process that tried tells at its end. One that was killed tells nothing:
/// then there is its lease and no such record.
package struct Attempt: Sendable, Equatable {
  package enum End: String, Sendable {
    case done
    /// Told to stop: by a time limit, a preemption, a person.
    case interrupted
    /// The program said why; doing it again will say the same.
    case failed
    /// Ended by a signal that nobody announced, as where memory is short.
    case killed
    /// Somebody else had the part by then.
    case lost
  }

  package var epoch: Int
  package var host: String
  package var job: String?
  package var end: End
  package var message: String
  /// Of the wall clock, of the processors, and of memory at its highest.
  package var seconds: Double
  package var processorSeconds: Double
  package var peakMegabytes: Double

  package init(
    epoch: Int, host: String, job: String?, end: End, message: String = "", seconds: Double = 0,
    processorSeconds: Double = 0, peakMegabytes: Double = 0
  ) {
    self.epoch = epoch
    self.host = host
    self.job = job
    self.end = end
    self.message = message
    self.seconds = seconds
    self.processorSeconds = processorSeconds
    self.peakMegabytes = peakMegabytes
  }
}

extension Attempt {
  private static func path(_ epoch: Int, in folder: String) -> String { "\(folder)/attempt-\(epoch).json" }

  package init?(_ epoch: Int, in folder: String) {
    guard let bytes = try? WholeFile.bytes(Self.path(epoch, in: folder), limit: 1 << 16),
      let json = try? JSONValue(bytes), let end = json["end"]?.string.flatMap({ End(rawValue: $0) })
    else { return nil }
    self.init(
      epoch: epoch, host: json["host"]?.string ?? "", job: json["job"]?.string, end: end,
      message: json["message"]?.string ?? "", seconds: json["seconds"]?.double ?? 0,
      processorSeconds: json["processor_seconds"]?.double ?? 0,
      peakMegabytes: json["peak_mb"]?.double ?? 0)
  }

  package func write(in folder: String) throws(SweepError) {
    func short(_ x: Double) -> JSONValue { .number((x * 100).rounded() / 100) }
    var members: [String: JSONValue] = [
      "host": .text(host), "end": .text(end.rawValue), "message": .text(message), "seconds": short(seconds),
      "processor_seconds": short(processorSeconds), "peak_mb": short(peakMegabytes),
    ]
    members["job"] = job.map(JSONValue.text)
    do {
      try NewFile.write(Array(JSONValue.object(members).text.utf8), to: Self.path(epoch, in: folder))
    } catch {
      throw SweepError(error)
    }
  }
}
