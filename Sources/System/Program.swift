/// The program's own file.
package enum Program {
  /// The folders above it, the nearest first and the root as an empty text: a build lies inside its checkout.
  package static func folders(above program: String = "/proc/self/exe") -> [String] {
    guard let path = FilePath.resolved(program) else { return [] }
    var parts = path.split(separator: "/")
    var folders: [String] = []
    while parts.popLast() != nil { folders.append(parts.map { "/\($0)" }.joined()) }
    return folders
  }
}
