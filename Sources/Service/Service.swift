import Diffraction
import Glibc
import JSON
import Learning
import LiveSession
import Synchronization
import System

/// What the program around it lends the service: how answers are drawn, how crystals are checked.
package struct ServiceHost: Sendable {
  package var version: String
  /// The validation sheet as PNG; nil where there is nothing to draw.
  package var sheet: @Sendable (SingleAnswer) -> [UInt8]?
  /// Each figure of an answer as PNG.
  package var figures: @Sendable (SingleAnswer) -> [(name: String, png: [UInt8])]
  /// An image as PNG.
  package var picture: @Sendable (Pixels, Exhibit.Signal) -> [UInt8]
  /// Throws what is wrong with a CIF file.
  package var checkCrystal: @Sendable (String) throws -> Void
  /// Names that stand for crystals without a file.
  package var crystals: [String]

  package init(
    version: String, sheet: @escaping @Sendable (SingleAnswer) -> [UInt8]?,
    figures: @escaping @Sendable (SingleAnswer) -> [(name: String, png: [UInt8])],
    picture: @escaping @Sendable (Pixels, Exhibit.Signal) -> [UInt8],
    checkCrystal: @escaping @Sendable (String) throws -> Void, crystals: [String]
  ) {
    self.version = version
    self.sheet = sheet
    self.figures = figures
    self.picture = picture
    self.checkCrystal = checkCrystal
    self.crystals = crystals
  }
}

/// Ewald for those who ask over HTTP: the same engines through the same analyst.
package final class Service: RequestHandler {
  package struct Places: Sendable {
    /// Requests, tickets, inputs, models that were trained here.
    package var data: String
    /// Where session files lie.
    package var sessions: [String]

    package init(data: String, sessions: [String]) {
      self.data = data
      self.sessions = sessions
    }
  }

  let host: ServiceHost
  package let analyst: Analyst
  let register: Register
  let inputs: InputStore
  let training: TrainingQueue
  let sessions: SessionShelf
  let library: ModelLibrary
  /// Where files lie while they are looked at.
  package let scratch: String
  private let tokens: Tokens?
  var needsToken: Bool { tokens != nil }
  private let quotas = Quotas()
  private let routes: [Route]

  /// Without tokens whoever can connect may do everything: for this machine only.
  package init(
    host: ServiceHost, analyst: Analyst, library: ModelLibrary, places: Places, tokens: Tokens?,
    inputBytes: Int = 4 << 30, trainer: String = "/proc/self/exe"
  ) throws {
    self.host = host
    self.analyst = analyst
    self.library = library
    self.tokens = tokens
    try Folder.makeWithParents(places.data)
    scratch = "\(places.data)/scratch"
    Folder.removeTree(scratch)
    try Folder.make(scratch)
    register = try Register(path: "\(places.data)/register.sqlite")
    inputs = try InputStore(folder: "\(places.data)/inputs", limit: inputBytes)
    training = try TrainingQueue(register, folder: places.data, executable: trainer)
    sessions = SessionShelf(folders: places.sessions)
    routes = Self.allRoutes
  }

  /// After the last answer.
  package func stop() {
    training.stop()
    sessions.stop()
    Folder.removeTree(scratch)
  }

  /// What may be larger than this is no frame.
  package static let bodyLimit = 256 << 20

  // MARK: - Who may ask what

  package func admit(_ head: RequestHead) throws(Refusal) -> Int {
    let (route, _) = try self.route(head)
    try checkOrigin(head)
    guard let scope = route.scope else { return 0 }
    let account = try self.account(head)
    guard account.scope >= scope else {
      throw Refusal(403, "\(account.name) may \(account.scope.rawValue); this needs \(scope.rawValue)")
    }
    try quotas.take(account, bytes: min(head.contentLength ?? 0, Self.bodyLimit))
    return route.limit
  }

  package func takesLong(_ head: RequestHead) -> Bool {
    guard let (route, _) = try? route(head) else { return false }
    return route.takesLong
  }

  private func account(_ head: RequestHead) throws(Refusal) -> Account {
    guard let tokens else { return .local }
    guard let header = head.headers["authorization"], header.lowercased().hasPrefix("bearer ") else {
      throw Refusal(401, "a token is needed: Authorization: Bearer …")
    }
    guard let account = tokens.account(for: header.dropFirst(7).trimmed) else {
      throw Refusal(401, "this token is not known")
    }
    return account
  }

  /// A page of another site, open in a browser on this machine, must not speak for its user.
  private func checkOrigin(_ head: RequestHead) throws(Refusal) {
    if let site = head.headers["sec-fetch-site"], site == "cross-site",
      head.headers["sec-fetch-mode"] != "navigate"
    {
      throw Refusal(403, "another site's page may not ask here")
    }
    let named = head.headers["host"] ?? ""
    if let origin = head.headers["origin"], origin != "null",
      origin.split(separator: "/").last.map(String.init) != named
    {
      throw Refusal(403, "another site's page may not ask here")
    }
    // Nor one that has this machine's address under its own name.
    if tokens == nil, !named.isEmpty, !Self.isLocal(named) {
      throw Refusal(403, "\(named.prefix(80)): only localhost is answered where no token is asked for")
    }
  }

  private static func isLocal(_ host: String) -> Bool {
    if host.hasPrefix("[::1]") { return true }
    let name = host.split(separator: ":", maxSplits: 1).first.map(String.init) ?? ""
    // Clients of a Unix socket name it as they like.
    return name == "localhost" || name.hasPrefix("127.") && name.utf8.allSatisfy { $0 == 46 || 48...57 ~= $0 }
  }

  // MARK: - Answers

  package func respond(to request: Request) -> Response {
    let started = ContinuousClock.now
    var log = LoggedRequest(
      id: "\(Register.newIdentifier())", unixMilliseconds: Register.now, token: "",
      client: request.head.client,
      path: request.head.path, status: 200, milliseconds: 0)
    let response: Response
    var isLogged = false
    do {
      if request.isAbandoned() { throw Refusal(408, "the client hung up before its turn came") }
      let (route, names) = try self.route(request.head)
      isLogged = route.isLogged
      let account =
        route.scope == nil ? Account(name: "anyone", scope: .read) : try self.account(request.head)
      log.token = account.name
      let call = Call(request: request, account: account, names: names, id: log.id)
      response = try route.answer(self, call)
      call.complete(&log)
    } catch let refusal as Refusal {
      log.error = refusal.description
      response = refusal.response
    } catch {
      // What went wrong inside is for those who run the service.
      log.error = "\(error)"
      response =
        Refusal(500, "the request could not be answered; the register says why under \(log.id)").response
    }
    guard isLogged else { return response }
    let passed = (ContinuousClock.now - started).components
    log.status = response.status
    log.milliseconds = Double(passed.seconds) * 1e3 + (Double(passed.attoseconds) * 1e-12).rounded() / 1e3
    do {
      try register.add(log)
    } catch {
      // An answer that could not be written down could not be computed again: it is none.
      return Refusal(503, "the register cannot be written", retryAfter: 60).response
    }
    return response
  }

  private func route(_ head: RequestHead) throws(Refusal) -> (Route, [String: String]) {
    var others: [String] = []
    for route in routes {
      guard let names = route.match(head.path) else { continue }
      if route.method == head.method { return (route, names) }
      others.append(route.method.rawValue)
    }
    if others.isEmpty {
      throw Refusal(404, "there is nothing here; /api/v1/openapi.json tells what there is")
    }
    throw Refusal(405, "\(others.joined(separator: " and ")) is understood here")
  }
}

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
    guard JSONDepth.isBounded(bytes) else { throw Refusal(400, "JSON: nested more than 64 deep") }
    do throws(JSONError) {
      return try JSONValue(bytes)
    } catch {
      throw Refusal(400, "JSON: \(error)")
    }
  }
}

/// A reader that calls itself must not be led down without end.
enum JSONDepth {
  static func isBounded(_ bytes: [UInt8]) -> Bool {
    var depth = 0
    var isInString = false
    var isEscaped = false
    for byte in bytes {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        if depth > 64 { return false }
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
    }
    return true
  }
}
