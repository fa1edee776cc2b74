import CLinux
import Glibc
import System

/// The process that does a part's work: it becomes the program, in the part's folder, and ends with the process that
/// watches over it, whatever ends that one. Two of one part must never go on side by side.
package enum Step {
  /// Returns only where it cannot be.
  package static func become(_ program: String, parent: String, folder: String, words: [String]) -> SweepError
  {
    linux_end_with_parent(SIGKILL)
    guard parent == "\(getppid())" else { return SweepError("the process that watches over it has gone") }
    guard PathText.withCString(folder, { chdir($0) }) == 0 else {
      return SweepError(SystemError(folder, "enter"))
    }
    // What can be computed again is kept for the next attempt, and goes with the part.
    setenv("XDG_CACHE_HOME", "\(folder)/cache", 1)
    let copies = ([program.split(separator: "/").last.map(String.init) ?? program] + words).map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    execv(program, copies + [nil])
    return SweepError(SystemError(program, "start"))
  }
}
