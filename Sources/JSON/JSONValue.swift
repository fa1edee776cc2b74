/// Any JSON as a tree: for files that are small, or of which every part is wanted.
package enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  package static func integer(_ value: Int) -> JSONValue { .number(Double(value)) }
  package static func integers(_ values: [Int]) -> JSONValue { .list(values.map(JSONValue.integer)) }

  package subscript(key: String) -> JSONValue? {
    if case .object(let members) = self { return members[key] }
    return nil
  }

  package subscript(index: Int) -> JSONValue? {
    if case .list(let items) = self, items.indices.contains(index) { return items[index] }
    return nil
  }

  package var double: Double? {
    if case .number(let value) = self { return value }
    return nil
  }

  package var int: Int? { double.flatMap { Int(exactly: $0) } }

  package var string: String? {
    if case .text(let value) = self { return value }
    return nil
  }

  package var items: [JSONValue]? {
    if case .list(let items) = self { return items }
    return nil
  }

  package var ints: [Int]? {
    guard let items else { return nil }
    let numbers = items.compactMap(\.int)
    return numbers.count == items.count ? numbers : nil
  }
}
