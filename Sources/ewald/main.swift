import Glibc
import Learning
import System
import TerminalUI

// A pipe's reader may leave; `write` then says so, which is enough.
signal(SIGPIPE, SIG_IGN)
// A file-size limit must be an error of `write`, not the end of the session.
signal(SIGXFSZ, SIG_IGN)

// Before anything else: it may start the program anew. Should this process ever trap, nobody is asked at the
// terminal what to do about it.
OpenMPPolicy.ensurePassive(others: ["SWIFT_BACKTRACE": "enable=no"])
TerminalDescriptions.offer()

let words = CommandLine.arguments.dropFirst()
// While there is one thread: the C library asks how many heaps it may have when the second one wants memory, and
// never again.
if Ewald.livesForDays(words) { Heap.keepSmall() }
let code = await Ewald.main(words)
exit(code.rawValue)
