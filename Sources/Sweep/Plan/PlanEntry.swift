import JSON

/// One setting of a plan file as it stands there: a name, its values, and where, for those who have to mend it.
package struct PlanEntry: Sendable, Equatable {
  package var name: String
  package var values: [String]
  package var place: String

  package init(_ name: String, _ values: [String], place: String) {
    self.name = name
    self.values = values
    self.place = place
  }

  /// What stands behind the `=`: a list as TOML and JSON write it on one line, a text in quotes, or bare words
  /// with blanks between them.
  package init(_ name: String, text: String, place: String) throws(SweepError) {
    if text.hasPrefix("[") || text.hasPrefix("\"") {
      guard let value = try? JSONValue(text.utf8) else {
        throw SweepError(
          "\(place): \(name) = \(text): neither a list such as [\"a\", \"b\"] nor a text in quotes")
      }
      try self.init(name, json: value, place: place)
    } else {
      self.init(name, text.split(whereSeparator: \.isWhitespace).map(String.init), place: place)
    }
  }

  /// One value, or a list of them.
  package init(_ name: String, json: JSONValue, place: String) throws(SweepError) {
    var values: [String] = []
    for item in json.items ?? [json] {
      switch item {
      case .text(let text): values.append(text)
      case .bool(let answer): values.append(answer ? "true" : "false")
      case .number(let number):
        guard number.isFinite else { throw SweepError("\(place): \(name): holds what is no number") }
        values.append(JSONValue.number(number).text.split(separator: "\n").joined())
      case .null, .list, .object:
        throw SweepError("\(place): \(name): a text, a number, or a list of them is needed")
      }
    }
    self.init(name, values, place: place)
  }

  /// A plan as one JSON object; `slurm` and the like may be objects of their own.
  package static func list(_ json: JSONValue, file: String) throws(SweepError) -> [PlanEntry] {
    guard case .object(let members) = json else {
      throw SweepError("\(file): a JSON object with the plan's settings is needed")
    }
    var entries: [PlanEntry] = []
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      if case .object(let inner) = value {
        for (second, value) in inner.sorted(by: { $0.key < $1.key }) {
          entries.append(try PlanEntry("\(name).\(second)", json: value, place: file))
        }
      } else {
        entries.append(try PlanEntry(name, json: value, place: file))
      }
    }
    return entries
  }
}
