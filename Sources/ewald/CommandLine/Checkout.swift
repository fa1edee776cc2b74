import System

/// The source that this program was built from, as far as its place tells: a package says it in a file, a build lies
/// inside its checkout.
enum Checkout {
  /// The commit that the package names, or that is checked out above the program's own file; empty where there is none.
  static func commit(above program: String = "/proc/self/exe") -> String {
    // Beside this program and nowhere else: another one's commit would be wrong.
    if let prefix = Program.folders(above: program).dropFirst().first,
      let commit = line(prefix + "/share/ewald/commit")
    {
      return commit
    }
    for folder in Program.folders(above: program) {
      let git = folder + "/.git"
      guard let head = line(git + "/HEAD") else { continue }
      guard head.hasPrefix("ref: ") else { return head }
      let name = String(head.dropFirst(5))
      return line("\(git)/\(name)") ?? packed(name, git)
    }
    return ""
  }

  private static func packed(_ name: String, _ git: String) -> String {
    let references = (try? WholeFile.text(git + "/packed-refs", limit: 16 << 20)) ?? ""
    return references.split(separator: "\n").first { $0.hasSuffix(" " + name) }.map { String($0.prefix(40)) }
      ?? ""
  }

  private static func line(_ path: String) -> String? {
    (try? WholeFile.text(path, limit: 4096))?.split(separator: "\n").first.map(String.init)
  }
}
