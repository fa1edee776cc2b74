import Analysis
import Glibc
import Learning

/// Results go to standard output, everything else to standard error.
enum Console {
  static func line(_ text: String) { write(text + "\n", to: 1) }
  static func bytes(_ bytes: [UInt8]) { write(bytes, to: 1) }
  static func message(_ text: String) { write("\(name)\(text)\n", to: 2) }

  /// The message without the program's name: what another ewald said, as this one says it on its screen.
  static func said(_ line: String) -> String {
    String(line.hasPrefix(name) ? line.dropFirst(name.count) : line[...])
  }

  private static let name = "ewald: "

  static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8), to: descriptor) }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      // A reader that went away (`| head`) is no error of ours.
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}

/// What every training says of its checkpoint.
extension Console {
  static func tell(_ place: CheckpointFile) throws(NetworkError) {
    if let step = try place.read()?.step { message("goes on from \(place.path) at step \(step)") }
  }

  static func stopped(_ place: CheckpointFile) -> ExitCode {
    message("stopped; the same command goes on from \(place.path)")
    return .interrupted
  }
}
