import JSON

/// JSON in the metadata that microscopes' programs store. Every number, word and text is kept as a clean text:
/// Velox writes its numbers as texts anyway. Broken JSON gives no answer.
struct MetadataText {
  private let value: JSONValue

  init?(_ bytes: [UInt8]) {
    // What is not UTF-8 is Latin-1; control characters become blanks, which are harmless anywhere.
    let text =
      String(validating: bytes, as: UTF8.self) == nil
      ? Array(String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })).utf8) : bytes
    guard let value = try? JSONValue(text.map { $0 < 0x20 ? 0x20 : $0 }, scalars: .text) else { return nil }
    self.value = value
  }

  private init?(_ value: JSONValue?) {
    guard let value else { return nil }
    self.value = value
  }

  subscript(name: String) -> MetadataText? { MetadataText(value[name]) }
  subscript(index: Int) -> MetadataText? { MetadataText(value[index]) }

  var text: String? { value.string.map { CleanText.utf8($0.utf8) } }
  var number: Double? { text.flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil } }
  var items: [MetadataText]? { value.items?.compactMap { MetadataText($0) } }

  /// In the order of their names.
  var members: [(name: String, value: MetadataText)] {
    guard case .object(let members) = value else { return [] }
    return members.sorted { $0.key < $1.key }.compactMap { name, value in
      MetadataText(value).map { (name, $0) }
    }
  }
}
