/// What a client asks for, before its body has come.
package struct RequestHead: Sendable {
  package enum Method: String, Sendable { case get = "GET", post = "POST", delete = "DELETE" }

  package var method: Method
  /// Decoded, without the query.
  package var path: String
  package var query: [String: String]
  /// By their names in small letters.
  package var headers: [String: String]
  /// The client's address; empty behind a Unix socket.
  package var client: String

  package init(
    _ method: Method, _ path: String, query: [String: String] = [:], headers: [String: String] = [:],
    client: String = ""
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.client = client
  }

  /// What the client says of its body's size; nil where it says nothing, or nothing sensible.
  package var contentLength: Int? {
    headers["content-length"].flatMap { Int($0) }.flatMap { $0 < 0 ? nil : $0 }
  }

  /// The media type without its parameters.
  package var mediaType: String {
    let type = headers["content-type"]?.split(separator: ";").first ?? ""
    return type.split(separator: " ").joined().lowercased()
  }
}

/// A request whose body has come whole.
package struct Request: Sendable {
  package var head: RequestHead
  /// Nil where there is none.
  package var body: BodyFile?
  /// The client has hung up: nobody waits for an answer any more.
  package var isAbandoned: @Sendable () -> Bool

  package init(
    _ head: RequestHead, body: BodyFile? = nil, isAbandoned: @escaping @Sendable () -> Bool = { false }
  ) {
    self.head = head
    self.body = body
    self.isAbandoned = isAbandoned
  }
}
