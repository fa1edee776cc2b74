import Glibc
import System

/// oneDNN runs on libgomp, whose idle threads spin: on busy cores an inference of 0.2 ms was seen to take
/// 70-130 ms. Ewald runs every primitive on one OpenMP thread and is parallel over images and jobs instead.
package enum OpenMPPolicy {
  /// Call first in `main`. libgomp reads its environment while the program is loaded, before `main` can
  /// set anything, so the program sets `OMP_WAIT_POLICY=PASSIVE` and `OMP_NUM_THREADS=1` and replaces
  /// itself once. Variables that the user has set are left alone. If the replacement fails the program
  /// goes on: `useOneThread()` still holds. `others` are variables that must be there as early, for others'
  /// sake.
  package static func ensurePassive(others: [String: String] = [:]) {
    guard Environment[marker] == nil,
      Environment["OMP_WAIT_POLICY"] == nil || others.keys.contains(where: { Environment[$0] == nil })
    else { return }
    setenv("OMP_WAIT_POLICY", "PASSIVE", 0)
    setenv("OMP_NUM_THREADS", "1", 0)
    for (name, value) in others { setenv(name, value, 0) }
    setenv(marker, "1", 1)
    var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) }
    arguments.append(nil)
    execv("/proc/self/exe", arguments)
    for argument in arguments { free(argument) }
  }

  /// Guards against replacing the program again and again.
  private static let marker = "EWALD_OMP_POLICY_SET"

  private typealias SetThreads = @convention(c) (Int32) -> Void

  /// Looked up, not linked: libgomp comes with the compiler, not with the library's package.
  private static let setThreads: SetThreads? = {
    guard let symbol = dlsym(UnsafeMutableRawPointer(bitPattern: 0), "omp_set_num_threads") else {
      return nil
    }
    return unsafeBitCast(symbol, to: SetThreads.self)
  }()

  /// The number of OpenMP threads is a property of the calling thread: every entry that makes or runs
  /// primitives calls this.
  static func useOneThread() { setThreads?(1) }
}
