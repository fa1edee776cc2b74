/// One thing that can be asked for.
package struct Route: Sendable {
  package var method: RequestHead.Method
  /// `/api/v1/tickets/{id}`.
  package var path: String
  var summary: String
  /// Who may ask; nil where nobody is asked who they are.
  var scope: Scope?
  /// The most bytes of a body.
  var limit = 0
  /// What the request and its answer are, for the OpenAPI document.
  var form = Form()
  /// What computes or changes something is written down.
  var isLogged = false
  /// An engine, or another program, has to work for it.
  var takesLong = false
  var answer: @Sendable (Service, Call) throws -> Response

  struct Form: Sendable {
    /// The query's names and what each means.
    var query: [(name: String, summary: String)] = []
    /// The media type of the body, and the name of its schema.
    var body: (type: String, schema: String)?
    var reply: (type: String, schema: String) = ("application/json", "Anything")
    /// Statuses other than 200 and those of refusals.
    var others: [(status: Int, summary: String)] = []
  }

  /// The values of the names in braces; nil where the path is another.
  package func match(_ path: String) -> [String: String]? {
    let pattern = self.path.split(separator: "/", omittingEmptySubsequences: false)
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard pattern.count == parts.count else { return nil }
    var names: [String: String] = [:]
    for (expected, part) in zip(pattern, parts) {
      if expected.hasPrefix("{"), expected.hasSuffix("}") {
        guard !part.isEmpty, part.utf8.count <= 200 else { return nil }
        names[String(expected.dropFirst().dropLast())] = String(part)
      } else if expected != part {
        return nil
      }
    }
    return names
  }
}
