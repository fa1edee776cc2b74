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
  private let unnoted = Mutex(0)
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
    if let origin = head.headers["origin"],
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

  /// Who fills the register with what is refused fills it slowly: two a second are noted, and how many were not.
  package func note(_ refusal: Refusal, of head: RequestHead) {
    guard let (route, _) = try? route(head), route.isLogged else { return }
    // No token has this name.
    let anyone = Account(name: "", scope: .read, requestsPerMinute: 120)
    guard (try? quotas.take(anyone, bytes: 0)) != nil else { return unnoted.withLock { $0 += 1 } }
    let others = unnoted.withLock { count in
      defer { count = 0 }
      return count
    }
    let asked = try? self.account(head)
    try? register.add(
      LoggedRequest(
        id: "\(Register.newIdentifier())", unixMilliseconds: Register.now, token: asked?.name ?? "unknown",
        client: head.client, path: head.path, status: refusal.status, milliseconds: 0,
        error: others == 0
          ? refusal.description : "\(refusal.description) (\(others) more before were not noted)"))
  }

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
      if let body = request.body, request.head.contentLength == nil {
        try quotas.take(account, requests: 0, bytes: body.count)
      }
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
