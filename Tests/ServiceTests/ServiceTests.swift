import Glibc
import JSON
import LiveSession
import System
import Testing

import Service

@Suite struct ServiceTests {
  @Test func everyFormOfAFrameGivesTheSameAnswer() throws {
    let running = try RunningService()
    let client = running.client
    let forms: [(name: String, bytes: [UInt8], fields: [String: String])] = [
      ("a.tif", Disc.tiff, [:]), ("a.npy", Disc.npy, [:]),
      ("a.raw", Disc.raw, ["parameters": Disc.rawParameters]),
    ]
    var answers: [JSONValue] = []
    for form in forms {
      let reply = try client.post("/api/v1/analyses", file: form.bytes, named: form.name, fields: form.fields)
      #expect(reply.status == 200)
      #expect(reply.json["file"]?.string == form.name)
      #expect(reply.json["type"]?.string == "result")
      answers.append(try #require(reply.json["values"]))
    }
    #expect(answers[0].items?.isEmpty == false)
    #expect(answers[1] == answers[0] && answers[2] == answers[0])
    // As `run` gives it.
    let path = "\(running.scratch.path)/a.tif"
    try NewFile.write(Disc.tiff, to: path)
    let own = try running.service.analyst.answer(path: path)
    #expect(try JSONValue(Service.line(own).dropLast())["values"] == answers[0])
  }

  @Test func picturesComeWhereTheyAreAskedFor() throws {
    let running = try RunningService()
    let reply = try running.client.post("/api/v1/analyses?pictures=1", file: Disc.tiff, named: "a.tif")
    #expect(reply.json["sheet"]?.string == "AQID")
    #expect(reply.json["pictures"]?[0]?["name"]?.string == "measured")
    #expect(reply.json["result"]?["engine"]?.string == "frame")
  }

  @Test func anAnswerIsWrittenDownAndComputedAgain() throws {
    let running = try RunningService()
    let reply = try running.client.post(
      "/api/v1/analyses", file: Disc.tiff, named: "../../etc/a.tif",
      fields: ["settings": #"{"drift_limit_px": 3}"#])
    #expect(reply.json["file"]?.string == "a.tif")
    let logged = try running.client.get("/api/v1/requests?limit=5").json
    let request = try #require(logged["requests"]?[0])
    #expect(request["status"]?.int == 200 && request["engine"]?.string == "frame")
    #expect(request["settings"]?["drift_limit_px"]?.string == "3")
    #expect(request["input"]?.string == SHA256.hex(Disc.tiff) + ".tif")
    let (recorded, answer) = try running.service.replay(try #require(request["id"]?.string))
    #expect(ReplayVerification.differences(recorded, answer.finding).isEmpty)
  }

  @Test(
    arguments: [
      ("/api/v1/analyses", String(repeating: "nonsense ", count: 9), [:], 415, "not TIFF"),
      ("/api/v1/analyses", "", [:], 400, "empty"),
      ("/api/v1/analyses", "x", ["engine": "best"], 422, "best is none of"),
      ("/api/v1/analyses", "x", ["settings": "[1]"], 422, "object"),
      ("/api/v1/analyses", "x", ["settings": "{"], 400, "JSON"),
      ("/api/v1/analyses", "x", ["settings": String(repeating: "[", count: 9999)], 400, "nested too deeply"),
      ("/api/v1/analyses", "x", ["settings": #"{"model": "/etc"}"#], 422, "path"),
      (
        "/api/v1/analyses", "x",
        ["parameters": #"{"file_params":{"typ":"raw","dtype":"f9","width":1,"height":1}}"#], 422, "dtype"
      ),
      (
        "/api/v1/analyses", "x",
        ["parameters": #"{"file_params":{"typ":"raw","dtype":"u1","width":5,"height":1}}"#], 422,
        "the file has 1"
      ),
      ("/inference/", "x", [:], 400, "parameters"),
      ("/inference/", "x", ["parameters": "{}"], 422, "physical_params"),
    ] as [(String, String, [String: String], Int, String)])
  func whatCannotBeAnsweredGetsASentence(
    _ target: String, _ file: String, _ fields: [String: String], _ status: Int, _ words: String
  ) throws {
    let running = try RunningService()
    let reply = try running.client.post(target, file: Array(file.utf8), named: "a.tif", fields: fields)
    #expect(reply.status == status)
    #expect(reply.error.contains(words))
    #expect(reply.json["status"]?.int == status)
  }

  @Test func aSettingThatTheEngineDoesNotHaveIsNamed() throws {
    let running = try RunningService()
    let reply = try running.client.post(
      "/api/v1/analyses", file: Disc.tiff, named: "a.tif", fields: ["settings": #"{"colour": "red"}"#])
    #expect(reply.status == 422)
    #expect(reply.error.contains("colour: not a parameter of frame"))
  }

  @Test func nothingElseIsReached() throws {
    let running = try RunningService()
    for target in [
      "/etc/passwd", "/../tokens", "/%2e%2e/tokens", "/api/v1/models/..%2f..%2fx", "/api/v1/sessions/..",
      "/api/v1/models/a/b",
    ] {
      #expect(try running.client.get(target).status == 404)
    }
    #expect(try running.client.ask("DELETE", "/api/v1/models").status == 405)
    #expect(try running.client.ask("BREW", "/").status == 405)
    #expect(
      try running.client.ask("POST", "/api/v1/tickets", [("Content-Type", "text/plain")], body: [1]).status
        == 415)
    let page = try running.client.get("/")
    #expect(
      page.status == 200 && page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
    #expect(page.headers["x-content-type-options"] == "nosniff")
  }

  @Test func anotherSitesPageMayNotAsk() throws {
    let running = try RunningService()
    for header in [("Origin", "http://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")] {
      #expect(try running.client.ask("GET", "/api/v1/models", [header]).status == 403)
    }
    #expect(try running.client.ask("GET", "/api/v1/models", [("Origin", "http://localhost")]).status == 200)
    let descriptor = try running.client.connect()
    defer { close(descriptor) }
    running.client.send(
      Array("GET /api/v1/models HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".utf8),
      on: descriptor)
    #expect(try Client.reply(running.client.rest(of: descriptor)).status == 403)
  }

  @Test func aTokenIsAskedForAndItsScopeHolds() throws {
    let (reader, first) = Tokens.make(name: "reader", scope: .read)
    let (chief, second) = Tokens.make(name: "chief", scope: .admin)
    let running = try RunningService(tokens: "\(first)\n\(second)\n")
    func status(_ method: String, _ target: String, _ token: String?) throws -> Int {
      try running.client.ask(method, target, token.map { [("Authorization", "Bearer \($0)")] } ?? []).status
    }
    #expect(try status("GET", "/api/v1", nil) == 200)
    #expect(try status("GET", "/api/v1/models", nil) == 401)
    #expect(try status("GET", "/api/v1/models", "wrong") == 401)
    #expect(try status("GET", "/api/v1/models", reader) == 200)
    #expect(try status("GET", "/api/v1/requests", reader) == 403)
    #expect(try status("GET", "/api/v1/requests", chief) == 200)
    let refused = try running.client.post(
      "/api/v1/analyses", file: Disc.tiff, named: "a.tif", headers: [("Authorization", "Bearer \(reader)")])
    #expect(refused.status == 403 && refused.error.contains("reader may read; this needs analyse"))
    // Written down by its own thread, though its body was never looked at.
    func isNoted() throws -> Bool {
      let reply = try running.client.ask("GET", "/api/v1/requests", [("Authorization", "Bearer \(chief)")])
      let text = String(decoding: reply.body, as: UTF8.self)
      return text.contains("403") && text.contains("reader may read; this needs analyse")
    }
    let deadline = ContinuousClock.now + .seconds(60)
    while try !isNoted() {
      try #require(ContinuousClock.now < deadline, "the refusal is not in the register")
    }
  }

  @Test func aBodyHasAnEnd() throws {
    let running = try RunningService()
    let stated = try running.client.ask(
      "POST", "/api/v1/tickets", [("Content-Type", "application/json")],
      body: [UInt8](repeating: 32, count: 3 << 20))
    #expect(stated.status == 413)
    // Not stated, but sent in pieces without end.
    let descriptor = try running.client.connect()
    defer { close(descriptor) }
    running.client.send(
      Client.head(
        "POST", "/api/v1/tickets", [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")]),
      on: descriptor)
    let piece = Array("10000\r\n".utf8) + [UInt8](repeating: 32, count: 1 << 16) + Array("\r\n".utf8)
    for _ in 0..<40 { running.client.send(piece, on: descriptor) }
    running.client.send(Array("0\r\n\r\n".utf8), on: descriptor)
    #expect(try Client.reply(running.client.rest(of: descriptor)).status == 413)
    #expect(try running.client.get("/api/v1").status == 200)
  }

  @Test func brokenRequestsCostTheirOwnConnection() throws {
    let running = try RunningService()
    var random = SplitMix64(seed: 3)
    let whole = Client.head(
      "POST", "/api/v1/analyses",
      [("Content-Type", Form(file: [], name: "").type), ("Content-Length", "400")])
    for _ in 0..<300 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let descriptor = try running.client.connect()
      running.client.send(bytes, on: descriptor)
      close(descriptor)
    }
    #expect(try running.client.get("/api/v1").status == 200)
  }

  @Test func theDocumentTellsWhatThereIs() throws {
    let running = try RunningService()
    let document = try running.client.get("/api/v1/openapi.json").json
    #expect(document["openapi"]?.string == "3.1.0")
    guard case .object(let paths)? = document["paths"],
      case .object(let schemas)? = document["components"]?["schemas"]
    else { return #expect(Bool(false), "no paths or no schemas") }
    let told = Set(
      paths.flatMap { path, operations -> [String] in
        guard case .object(let methods) = operations else { return [] }
        return methods.keys.map { "\($0.uppercased()) \(path)" }
      })
    #expect(told == Set(Service.allRoutes.map { "\($0.method.rawValue) \($0.path)" }))
    #expect(told.count == Service.allRoutes.count)
    // Every schema that is named is there, and every one that is there is named.
    let text = String(decoding: document.bytes, as: UTF8.self)
    let named = Set(
      text.split(separator: "#/components/schemas/").dropFirst().map { String($0.prefix { $0 != "\"" }) })
    #expect(named == Set(schemas.keys))
    let identifiers = text.split(separator: "\"operationId\":\"").dropFirst().map {
      String($0.prefix { $0 != "\"" })
    }
    #expect(Set(identifiers).count == identifiers.count)
  }

  @Test func aRouteIsMatchedByItsOwnPathOnly() {
    for route in Service.allRoutes {
      let path = route.path.split(separator: "/", omittingEmptySubsequences: false)
        .map { $0.hasPrefix("{") ? "x-1" : String($0) }.joined(separator: "/")
      let found = Service.allRoutes.filter { $0.method == route.method && $0.match(path) != nil }
      #expect(found.count == 1, "\(route.path)")
    }
  }
}
