import JSON

/// What a client gets.
package struct Response: Sendable {
  package enum Body: Sendable {
    case bytes([UInt8])
    /// Comes as it happens, for as long as the client listens.
    case stream(any EventStream)
  }

  package var status: Int
  package var type: String
  package var body: Body
  package var headers: [(name: String, value: String)] = []

  package init(_ status: Int = 200, type: String, body: Body) {
    self.status = status
    self.type = type
    self.body = body
  }

  package static func json(_ value: JSONValue, status: Int = 200) -> Response {
    Response(status, type: "application/json", body: .bytes(value.bytes + [UInt8(ascii: "\n")]))
  }

  package static func bytes(_ bytes: [UInt8], type: String) -> Response {
    Response(type: type, body: .bytes(bytes))
  }

  /// The bytes of what is no stream.
  package var bytes: [UInt8] {
    if case .bytes(let bytes) = body { return bytes }
    return []
  }
}

/// Why a request is not answered: a status and a sentence, and nothing of the program's inside.
package struct Refusal: Error, Sendable, CustomStringConvertible {
  package var status: Int
  package var description: String
  /// Seconds after which it may be tried again.
  package var retryAfter: Int?

  package init(_ status: Int, _ description: String, retryAfter: Int? = nil) {
    self.status = status
    self.description = description
    self.retryAfter = retryAfter
  }

  package static func notFound(_ what: String) -> Refusal { Refusal(404, "\(what): there is none here") }

  package var response: Response {
    var response = Response.json(
      .object(["error": .text(description), "status": .integer(status)]), status: status)
    if let retryAfter { response.headers.append(("Retry-After", "\(max(1, retryAfter))")) }
    if status == 401 { response.headers.append(("WWW-Authenticate", "Bearer")) }
    return response
  }
}

/// Text that comes as it happens.
package protocol EventStream: AnyObject, Sendable {
  /// Fills the buffer with what there is: 0 where nothing is there now, nil at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int?
  /// Calls back once, when there may be more; at once where there is.
  func whenReady(_ wake: @escaping @Sendable () -> Void)
  /// The client is gone.
  func close()
}
