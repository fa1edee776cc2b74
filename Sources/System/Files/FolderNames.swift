import Glibc

/// The names in a folder, `.` and `..` with them, in no order, as text that `PathText` turns back into the
/// same bytes; empty when the folder cannot be read.
package struct FolderNames: Sequence, IteratorProtocol {
  private final class Handle {
    let pointer: OpaquePointer
    init(_ pointer: OpaquePointer) { self.pointer = pointer }
    deinit { closedir(pointer) }
  }

  private let handle: Handle?

  package init(_ folder: String) {
    handle = PathText.withCString(folder) { opendir($0) }.map { Handle($0) }
  }

  package mutating func next() -> String? {
    guard let handle, let entry = readdir(handle.pointer) else { return nil }
    return withUnsafeBytes(of: &entry.pointee.d_name) { PathText.text($0.prefix { $0 != 0 }) }
  }
}
