import System
import Glibc
import Synchronization

/// The end of a worker, for the operator in one line and for the developer in a file.
package struct Incident: Sendable, Equatable {
  package var text: String
}

/// Where the ends of workers are told and reported.
package final class IncidentLog: Sendable {
  /// A file that grows by a report an incident; nil where none is wanted.
  package let path: String?
  package let incidents: AsyncStream<Incident>
  private let teller: AsyncStream<Incident>.Continuation
  private let written = Mutex(0)

  /// A disk is not to be filled by an engine that dies over every frame.
  private static let limit = 16 << 20

  package init(path: String?) {
    self.path = path
    (incidents, teller) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1000))
  }

  /// `details` are lines of what was asked; the last words follow them.
  func record(_ text: String, details: [String], _ lastWords: LastWords) {
    append(([text] + details.map { "  " + $0 } + [lastWords.text, ""]).joined(separator: "\n"))
    teller.yield(Incident(text: text))
  }

  private func makeFolder(of path: String) {
    var folder = ""
    for part in path.split(separator: "/").dropLast() {
      folder += (folder.isEmpty && !path.hasPrefix("/") ? "" : "/") + part
      mkdir(folder, 0o755)
    }
  }

  private func append(_ report: String) {
    guard let path else { return }
    var moment = time(nil)
    var parts = tm()
    gmtime_r(&moment, &parts)
    var stamp = [CChar](repeating: 0, count: 32)
    strftime(&stamp, stamp.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    let time = String(decoding: stamp.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let bytes = Array("\(time) \(report)\n".utf8)
    written.withLock { written in
      guard written + bytes.count <= Self.limit else { return }
      makeFolder(of: path)
      let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
      guard file >= 0 else { return }
      defer { close(file) }
      _ = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
      written += bytes.count
    }
  }
}
