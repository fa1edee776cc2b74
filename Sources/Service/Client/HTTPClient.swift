import JSON
import System

/// Asks another service.
package struct HTTPClient: Sendable {
  package let address: HTTPAddress
  private let token: String?
  private let trust: String?

  /// `trust` is a file of certificates in PEM form that are believed, in place of the system's.
  package init(_ address: HTTPAddress, token: String? = nil, trust: String? = nil) {
    self.address = address
    self.token = token
    self.trust = trust
  }

  /// The body of an answer that is none of refusal.
  package func get(_ path: String, limit: Int = 16 << 20) throws(ConnectionError) -> [UInt8] {
    try ask("GET", path, limit: limit)
  }

  /// Sends a form of files and gives what is answered.
  package func post(_ path: String, files: [(name: String, bytes: [UInt8])]) throws(ConnectionError)
    -> [UInt8]
  {
    // No content holds it: a digest of a random number.
    var random = SystemRandomNumberGenerator()
    let mark = SHA256.hex(withUnsafeBytes(of: (random.next(), random.next())) { Array($0) })
    var body: [UInt8] = []
    for file in files {
      body += Array(
        "--\(mark)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(file.name)\"\r\n\r\n".utf8)
      body += file.bytes + [13, 10]
    }
    body += Array("--\(mark)--\r\n".utf8)
    return try ask("POST", path, limit: 16 << 20, ("multipart/form-data; boundary=\(mark)", body))
  }

  private func ask(
    _ method: String, _ path: String, limit: Int, _ content: (type: String, body: [UInt8])? = nil
  ) throws(ConnectionError) -> [UInt8] {
    let connection = try OutgoingConnection(address, trust: trust)
    var lines = ["\(method) \(address.prefix)\(path) HTTP/1.1", "Host: \(address.host)", "Connection: close"]
    if let token { lines.append("Authorization: Bearer \(token)") }
    if let content {
      lines += ["Content-Type: \(content.type)", "Content-Length: \(content.body.count)"]
    }
    try connection.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (content?.body ?? []))
    let reply: HTTPReply
    do {
      reply = try HTTPReply(limit: limit) { () throws(ConnectionError) in try connection.read() }
    } catch {
      throw ConnectionError("\(error)".hasPrefix("\(address)") ? "\(error)" : "\(address): \(error)")
    }
    guard 200...299 ~= reply.status else {
      let said = (try? JSONValue(reply.body))?["error"]?.string
      throw ConnectionError("\(address): \(said ?? "answers \(reply.status)")")
    }
    return reply.body
  }
}
