import Glibc

/// The program's own file, and how it was built.
package enum Program {
  /// Whether a sanitizer watches: it keeps terabytes of address space for itself, so no memory can be bounded.
  package static let isSanitized = ["__asan_init", "__tsan_init"].contains { (name: String) in
    dlsym(nil, name) != nil
  }

  /// The folders above it, the nearest first and the root as an empty text: a build lies inside its checkout.
  package static func folders(above program: String = "/proc/self/exe") -> [String] {
    guard let path = FilePath.resolved(program) else { return [] }
    var parts = path.split(separator: "/")
    var folders: [String] = []
    while parts.popLast() != nil { folders.append(parts.map { "/\($0)" }.joined()) }
    return folders
  }
}
