import System
import Arrays

/// Which file holds which content, for telling duplicates: sixteen bytes a content and four a file, where the
/// texts alone would be a hundred.
package struct ContentIndex: Sendable, Equatable {
  private struct Key: Hashable {
    var high: UInt64
    var low: UInt64

    init(_ content: String) {
      // What `contentHash` writes. Anything else (another version's digest) is brought to this length.
      var words = Self.words(content)
      if words == nil {
        var hash = SHA256()
        hash.update(Array(content.utf8))
        words = Self.words(String(hash.hex().prefix(32)))
      }
      (high, low) = words ?? (0, 0)
    }

    private static func words(_ text: String) -> (UInt64, UInt64)? {
      guard text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
        let low = UInt64(text.suffix(16), radix: 16)
      else { return nil }
      return (high, low)
    }
  }

  private var files: [Key: Int32] = [:]

  package init() {}

  package subscript(content: String) -> Int? {
    get { files[Key(content)].map { Int($0) } }
    set { files[Key(content)] = newValue.flatMap { Int32(exactly: $0) } }
  }
}
