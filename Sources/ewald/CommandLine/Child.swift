import Glibc
import System

/// Another run of this very program, in the background.
struct Child: Sendable {
  private let process: pid_t

  static func start(_ words: [String]) throws -> Child {
    // The terminal belongs to the screen.
    let streams: [(number: Int32, ours: Int32?)] = [(0, nil), (1, nil), (2, nil)]
    guard let process = Spawning.start("/proc/self/exe", ["ewald"] + words, streams: streams) else {
      throw Failure("cannot start a second ewald: \(Errno(errno))")
    }
    return Child(process: process)
  }

  func stop() {
    kill(process, SIGTERM)
    var status: Int32 = 0
    waitpid(process, &status, 0)
  }
}
