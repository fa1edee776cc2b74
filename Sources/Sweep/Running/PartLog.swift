import Glibc
import System

/// What a part's program said, of all attempts: a line is in the file when it was said.
final class PartLog {
  private let descriptor: Int32

  init?(_ path: String) {
    descriptor = PathText.withCString(path) { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644) }
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  /// A log that cannot be written is no reason to lose the part.
  func add(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  }
}
