import JSON
import Synchronization

/// A request on its way to an answer, and what the register shall know of it.
final class Call: Sendable {
  let request: Request
  let account: Account
  private let names: [String: String]
  let id: String
  private let facts = Mutex(Facts())

  struct Facts: Sendable {
    var input: String?
    var name: String?
    var engine: String?
    var settings: String?
    var model: String?
    var result: String?
  }

  init(request: Request, account: Account, names: [String: String], id: String) {
    self.request = request
    self.account = account
    self.names = names
    self.id = id
  }

  subscript(name: String) -> String { names[name] ?? "" }

  func query(_ name: String) -> String? { request.head.query[name].flatMap { $0.isEmpty ? nil : $0 } }

  func note(_ change: (inout Facts) -> Void) { facts.withLock { change(&$0) } }

  func complete(_ log: inout LoggedRequest) {
    let facts = facts.withLock { $0 }
    log.input = facts.input
    log.name = facts.name
    log.engine = facts.engine
    log.settings = facts.settings
    log.model = facts.model
    log.result = facts.result
  }

  /// The body as JSON.
  func json() throws -> JSONValue {
    guard let body = request.body else { throw Refusal(400, "a body of JSON is needed") }
    guard request.head.mediaType == "application/json" else {
      throw Refusal(415, "the body must be application/json")
    }
    return try Self.json(try body.bytes(limit: 2 << 20))
  }

  static func json(_ bytes: [UInt8]) throws -> JSONValue {
    do throws(JSONError) {
      return try JSONValue(bytes)
    } catch {
      throw Refusal(400, "JSON: \(error)")
    }
  }
}
