import JSON

/// One thing to be done: a command of the program, what it reads, and whose result it starts from.
package struct Part: Sendable, Equatable {
  /// A file that it reads, by the name that the command knows it by.
  package struct Input: Sendable, Equatable, Hashable {
    package var name: String
    package var sha256: String
  }

  /// From 1, in the order of the plan.
  package var number: Int
  /// Also of its result.
  package var name: String
  /// Without its output and without what it starts from.
  package var words: [String]
  package var inputs: [Input]
  /// The number of the part whose network it starts from.
  package var parent: Int?
  /// Parents that come before it.
  package var level = 0

  package init(number: Int, name: String, words: [String], inputs: [Input]) {
    self.number = number
    self.name = name
    self.words = words
    self.inputs = inputs
  }
}

extension Part {
  package var json: JSONValue {
    var members: [String: JSONValue] = [
      "number": .integer(number), "name": .text(name), "words": .list(words.map(JSONValue.text)),
      "inputs": .list(inputs.map(\.json)),
    ]
    if let parent { members["parent"] = .integer(parent) }
    if level > 0 { members["level"] = .integer(level) }
    return .object(members)
  }

  package init?(_ json: JSONValue) {
    guard let number = json["number"]?.int, let name = json["name"]?.string, Self.isPlain(name),
      let words = json["words"]?.items?.compactMap(\.string), !words.isEmpty,
      let inputs = json["inputs"]?.items?.compactMap(Input.init)
    else { return nil }
    self.init(number: number, name: name, words: words, inputs: inputs)
    parent = json["parent"]?.int
    level = json["level"]?.int ?? 0
  }

  /// A name that stays in its folder, whatever wrote it.
  static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 200 && !name.hasPrefix(".")
      && !name.utf8.contains { $0 < 32 || $0 == UInt8(ascii: "/") || $0 == 127 }
  }
}

extension Part.Input {
  var json: JSONValue { .object(["name": .text(name), "sha256": .text(sha256)]) }

  init?(_ json: JSONValue) {
    guard let name = json["name"]?.string, Part.isPlain(name), let sha256 = json["sha256"]?.string else {
      return nil
    }
    self.init(name: name, sha256: sha256)
  }
}
