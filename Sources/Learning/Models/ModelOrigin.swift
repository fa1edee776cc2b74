import JSON

/// Where a model comes from: what its manifest tells to those who have to trust it.
package struct ModelOrigin: Sendable {
  /// What made it.
  package var command: String
  package var author: String?
  /// Under which terms it may be handed on.
  package var licence: String?
  /// When, in UTC.
  package var made: String?

  package init(command: String, author: String? = nil, licence: String? = nil, made: String? = nil) {
    self.command = command
    self.author = author
    self.licence = licence
    self.made = made
  }

  var members: [String: JSONValue] {
    [("command", command), ("author", author), ("licence", licence), ("made", made)].reduce(into: [:]) {
      $0[$1.0] = $1.1.map { .text($0) }
    }
  }
}
