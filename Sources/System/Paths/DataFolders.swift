/// Where what the program reads and no frame brings lies: `models`, `samples`, `terminfo`.
///
/// An archive that was unpacked anywhere, a package of the distribution and a checkout keep it in other places. In this
/// order: what `EWALD_DATA` names (somebody has decided), what the user added, what came with this very program, what
/// the machine has for all, the checkout around a build. Where two hold the same name, the first wins.
package struct DataFolders: Sendable, Equatable {
  /// Each holds `models`, `samples` … as far as it has them; nobody has looked yet whether it is there.
  package let folders: [String]
  /// Of the checkouts above the program, the `Samples`, which hold the models beside the samples.
  package let checkouts: [String]

  package static let standard = DataFolders(program: "/proc/self/exe") { Environment[$0] }

  /// A variable holds folders with colons between them; as the XDG Base Directory Specification has it, a path that
  /// is not absolute does not count.
  package init(program: String, variable: (String) -> String?) {
    func list(_ text: String?) -> [String] {
      (text ?? "").split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
    }
    let above = Program.folders(above: program)
    let home = list(variable("HOME")).first.map { "\($0)/.local/share" }
    var folders = list(variable("EWALD_DATA"))
    folders += [list(variable("XDG_DATA_HOME")).first ?? home].compactMap { $0 }.map { "\($0)/ewald" }
    // bin/ewald and share/ewald are neighbours, also where a link on the user's path leads to the program.
    if above.count > 1 { folders.append("\(above[1])/share/ewald") }
    let shared = list(variable("XDG_DATA_DIRS"))
    folders += (shared.isEmpty ? ["/usr/local/share", "/usr/share"] : shared).map { "\($0)/ewald" }
    var seen: Set<String> = []
    self.folders = folders.filter { seen.insert($0).inserted }
    checkouts = above.map { "\($0)/Samples" }.filter { FilePath.exists("\($0)/models") }
  }

  /// Where folders of that name are looked for, whether they are there or not.
  package func places(_ name: String) -> [String] {
    folders.map { "\($0)/\(name)" } + checkouts.map { name == "samples" ? $0 : "\($0)/\(name)" }
  }

  /// Those of the places that are there.
  package func found(_ name: String) -> [String] { places(name).filter { FilePath.exists($0) } }
}
