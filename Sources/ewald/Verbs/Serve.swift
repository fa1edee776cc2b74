import Diffraction
import Dispatch
import Glibc
import Learning
import LiveSession
import Scattering
import Service
import System
import TerminalUI

let serveVerb = Verb(
  name: "serve", operands: "[token NAME|replay ID]",
  summary: "answer over HTTP: the published clients, a page, read-only viewers, training on demand",
  options: [
    Verb.Option("--listen", "HOST:PORT|unix:PATH", "where (127.0.0.1:8230); port 0 takes a free one"),
    Verb.Option("--data", "DIR", "requests, tickets, inputs, models trained here (data folder/service)"),
    Verb.Option("--models", "DIR[:DIR…]", "further folders of models"),
    Verb.Option(
      "--sessions", "DIR[:DIR…]", "folders of session files to be looked at (where sessions are kept)"),
    Verb.Option("--tokens", "FILE", "who may ask: without it, this machine only, and everyone on it"),
    Verb.Option("--scope", "read|analyse|train|admin", "token: what it may do (analyse)"),
    Verb.Option("--certificate", "FILE", "PEM, with --key: TLS"),
    Verb.Option("--key", "FILE", "PEM of the certificate's key"),
    Verb.Option("--keep-gb", "N", "inputs that are kept for answers to be computed again (4)"),
    Verb.Option("--settings", "FILE", "lines such as listen = 127.0.0.1:8230; flags come before it"),
  ] + WorkerOptions.options,
  run: { arguments in
    switch (arguments.operands.first, arguments.operands.count) {
    case (nil, 0): return try await serve(ServeSettings(arguments))
    case ("token", 2): return try makeToken(arguments.operands[1], arguments)
    case ("replay", 2): return try replay(arguments.operands[1], try ServeSettings(arguments))
    default: throw UsageError("serve: nothing, token NAME or replay ID is needed")
    }
  })

/// The flags of `serve`, and a file's lines for those that were not given.
private struct ServeSettings {
  let arguments: Arguments
  private var lines: [String: String] = [:]

  init(_ arguments: Arguments) throws {
    self.arguments = arguments
    guard let path = arguments["--settings"] else { return }
    let known = ["listen", "data", "models", "sessions", "tokens", "certificate", "key", "keep-gb"]
    for line in try SettingsFile.lines(path) {
      let name = line.name.split(separator: "_").joined(separator: "-")
      guard known.contains(name) else {
        throw UsageError("\(path): \(line.name): is no setting of serve\(Spelling.hint(name, among: known))")
      }
      lines[name] = line.value
    }
  }

  subscript(name: String) -> String? { arguments["--\(name)"] ?? lines[name] }

  func folders(_ name: String) -> [String] { (self[name] ?? "").split(separator: ":").map(String.init) }

  var data: String { self["data"] ?? (UserFolders.data ?? "./.local/share") + "/ewald/service" }

  func place() throws -> Listener.Place {
    let text = self["listen"] ?? "127.0.0.1:8230"
    guard let place = Listener.place(text) else {
      throw UsageError("serve: --listen \(text): HOST:PORT, [ADDRESS]:PORT or unix:PATH is needed")
    }
    return place
  }

  func tokens() throws -> Tokens? { try self["tokens"].map { try Tokens(file: $0) } }

  /// Both or none.
  func certificate() throws -> (certificate: String, key: String)? {
    switch (self["certificate"], self["key"]) {
    case (nil, nil): return nil
    case (let certificate?, let key?):
      return (try WholeFile.text(certificate, limit: 1 << 20), try WholeFile.text(key, limit: 1 << 20))
    default: throw UsageError("serve: --certificate and --key go together")
    }
  }

  func keptBytes() throws -> Int {
    guard let text = self["keep-gb"] else { return 4 << 30 }
    guard let value = Double(text), 0.01...100_000 ~= value else {
      throw UsageError("serve: --keep-gb \(text): a number from 0.01 to 100000 is needed")
    }
    return Int(value * Double(1 << 30))
  }

  func service() throws -> Service {
    // The processes that analyse look for models where this one does.
    let folders =
      [data + "/models"] + self.folders("models") + [Environment["EWALD_MODELS"]].compactMap { $0 }
    setenv("EWALD_MODELS", folders.joined(separator: ":"), 1)
    try Folder.makeWithParents(data)
    let sessions = self.folders("sessions")
    return try Service(
      host: .ewald,
      analyst: try WorkerOptions(arguments).analyst(
        engine: Analyst.suitable, reports: data + "/incidents.txt"),
      library: .standard,
      places: Service.Places(data: data, sessions: sessions.isEmpty ? [SessionSetup.dataFolder] : sessions),
      tokens: try tokens(), inputBytes: try keptBytes())
  }
}

@MainActor
private func serve(_ settings: ServeSettings) async throws -> ExitCode {
  let place = try settings.place()
  let tokens = try settings.tokens()
  guard tokens != nil || Listener.isLocal(place) else {
    throw UsageError("serve: \(settings["listen"] ?? "") is open to the network: --tokens FILE is needed")
  }
  var options = HTTPServer.Options()
  if let pair = try settings.certificate() {
    (options.certificate, options.key) = (pair.certificate, pair.key)
  }
  let listener: Listener
  do {
    listener = try Listener(place)
  } catch {
    throw Failure("serve: \(error)")
  }
  let service = try settings.service()
  let server = try HTTPServer(listener, folder: service.scratch, options: options, handler: service)
  switch listener.place {
  case .network(let host, let port):
    let name = host.contains(":") ? "[\(host)]" : host
    Console.message("listening on \(options.key == nil ? "http" : "https")://\(name):\(port)/")
  case .unix(let path): Console.message("listening on unix:\(path)")
  }
  let code = await Signals.wait()
  server.stop()
  service.stop()
  if case .unix(let path) = listener.place { unlink(path) }
  return code == .interrupted ? .interrupted : .ok
}

private func makeToken(_ name: String, _ arguments: Arguments) throws -> ExitCode {
  guard name.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "#") }), 1...60 ~= name.utf8.count
  else {
    throw UsageError("serve token \(name): a name without blanks is needed")
  }
  let scope = try arguments.choice("--scope", Scope.analyse)
  let (token, line) = Tokens.make(name: name, scope: scope)
  if let path = arguments["--tokens"] {
    var text = (try? WholeFile.text(path, limit: 1 << 20)) ?? ""
    if !text.isEmpty, !text.hasSuffix("\n") { text += "\n" }
    try NewFile.write(Array((text + line + "\n").utf8), to: path)
    chmod(path, 0o600)
    Console.message("written to \(path), which holds only its digest; the token, said this once:")
  } else {
    Console.message("for the tokens file: \(line)")
  }
  Console.line(token)
  return .ok
}

/// Computes a logged answer again and says whether it is the same.
private func replay(_ id: String, _ settings: ServeSettings) throws -> ExitCode {
  let service = try settings.service()
  defer { service.stop() }
  let (recorded, answer) = try service.replay(id)
  let differences = ReplayVerification.differences(recorded, answer.finding)
  for difference in differences { Console.line("\(difference)") }
  for line in FindingText.lines(answer.result, answer.engine.outputs) { Console.line(line) }
  Console.line(differences.isEmpty ? "the same as recorded" : "not as recorded")
  return differences.isEmpty ? .ok : .failed
}

extension ServiceHost {
  /// What this program lends it.
  static let ewald = ServiceHost(
    version: Ewald.version,
    sheet: { answer in
      sheet(answer)?.plate.png([("Title", answer.result.file), ("Software", "ewald \(Ewald.version)")])
    },
    figures: { answer in
      (sheet(answer)?.figures(width: 480) ?? []).map { ($0.name, $0.plate.png()) }
    },
    picture: { pixels, signal in
      let figure = PictureFigure(Exhibit.Image("", pixels, signal: signal), Look(for: .pattern(signal)))
      return figure.image(most: 768)
    },
    checkCrystal: checkCrystal,
    crystals: Crystal.knownNames)

  /// In a process of its own: what somebody sent may end it, and must end nothing else.
  private static func checkCrystal(_ text: String) throws {
    let folder = try Folder.makeTemporary("ewald-crystal")
    defer { Folder.removeTree(folder) }
    let path = "\(folder)/crystal.cif"
    try NewFile.write(Array(text.utf8), to: path, durability: .cached)
    guard let process = Companion("/proc/self/exe", ["crystal", path]) else {
      throw SystemError("ewald crystal", "be started")
    }
    DispatchQueue.global().asyncAfter(deadline: .now() + 20) { process.end(SIGKILL) }
    var last = ""
    let code = process.lines { last = $0 }
    guard code != 0 else { return }
    throw Failure(
      code == nil ? "cannot be read as a crystal" : Console.said(last).replacing("\(path): ", with: ""))
  }

  private static func sheet(_ answer: SingleAnswer) -> ValidationSheet? {
    ValidationSheet(
      answer.detail, answer.engine,
      origin: Origin.lines(of: answer.result, answer.summary, content: answer.content))
  }
}
