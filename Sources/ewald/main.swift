import Glibc

// A pipe's reader may leave; `write` then says so, which is enough.
signal(SIGPIPE, SIG_IGN)
// A file-size limit must be an error of `write`, not the end of the session.
signal(SIGXFSZ, SIG_IGN)

let words = CommandLine.arguments.dropFirst()
let code = await Ewald.main(words)
exit(code.rawValue)
