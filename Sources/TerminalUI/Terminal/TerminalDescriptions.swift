import Glibc
import System

/// Descriptions of terminals (terminfo) that came with the program, for a machine that has none or does not know the
/// terminal at hand.
package enum TerminalDescriptions {
  /// Call first in `main`, while there is one thread: ncurses reads the environment when it first looks.
  package static func offer(_ folders: [String] = DataFolders.standard.found("terminfo")) {
    if let path = searchPath(Environment[variable], folders) { setenv(variable, path, 1) }
  }

  /// The machine's own go first: its administrator may know better. Nil where nothing is to be added.
  package static func searchPath(_ given: String?, _ folders: [String]) -> String? {
    let known =
      given.map { $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init) } ?? usual
    let added = folders.filter { !known.contains($0) }
    return added.isEmpty ? nil : (known + added).joined(separator: ":")
  }

  private static let variable = "TERMINFO_DIRS"
  /// Where distributions keep them; once the variable is set, ncurses looks last where it was built to look.
  private static let usual = ["/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo", "/usr/lib/terminfo"]
}
