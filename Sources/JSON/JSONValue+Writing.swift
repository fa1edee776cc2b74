extension JSONValue {
  /// Compact, members in the order of their names: equal values are equal bytes.
  package var bytes: [UInt8] {
    var json = JSONWriter()
    json.value(self)
    return json.bytes
  }

  /// For people: a member a line, lists of numbers on one line, members in the order of their names.
  package var text: String {
    var json = JSONWriter()
    write(to: &json, indent: 0)
    return json.text + "\n"
  }

  private func write(to json: inout JSONWriter, indent: Int) {
    switch self {
    case .object(let members) where !members.isEmpty:
      json.object { json in
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
          json.line(indent: indent + 2)
          json.key(name)
          value.write(to: &json, indent: indent + 2)
        }
        json.line(indent: indent)
      }
    case .list(let items) where items.contains(where: \.isNested):
      json.array { json in
        for item in items {
          json.line(indent: indent + 2)
          item.write(to: &json, indent: indent + 2)
        }
        json.line(indent: indent)
      }
    default: json.value(self)
    }
  }

  private var isNested: Bool {
    switch self {
    case .list, .object: true
    default: false
    }
  }
}

extension JSONWriter {
  package mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .bool(let value): boolean(value)
    // A whole number of any size stays one.
    case .number(let value): if let whole = Int(exactly: value) { integer(whole) } else { number(value) }
    case .text(let value): string(value)
    case .list(let items): array { json in for item in items { json.value(item) } }
    case .object(let members):
      object { json in
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
          json.key(name)
          json.value(value)
        }
      }
    }
  }
}
