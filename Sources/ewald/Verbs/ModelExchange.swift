import Learning
import Service
import System

/// Models between this program and a service.
struct ModelExchange {
  private let remote: RemoteModels
  private let address: HTTPAddress
  private let folder: String

  init(_ url: String, _ arguments: Arguments) throws {
    guard let address = HTTPAddress(url) else {
      throw UsageError("models \(url): http://HOST[:PORT], https://HOST[:PORT] or unix:PATH is needed")
    }
    self.address = address
    folder = arguments["--to"] ?? (UserFolders.data ?? "./.local/share") + "/ewald/models"
    let token = try arguments["--token-file"].map { try WholeFile.text($0, limit: 4096).trimmed }
    // It becomes a line of the request's head.
    if let token, !token.utf8.allSatisfy({ 0x20 < $0 && $0 < 0x7F }) {
      throw UsageError("models: --token-file \(arguments["--token-file"] ?? ""): holds no token")
    }
    remote = RemoteModels(HTTPClient(address, token: token, trust: arguments["--trust"]))
  }

  /// All of theirs without names.
  func pull(_ names: [String], _ library: ModelLibrary) throws -> ExitCode {
    let theirs = try remote.list()
    if let odd = names.first(where: { name in !theirs.contains { $0.id == name } }) {
      throw UsageError("models pull \(odd): \(address) has \(theirs.map(\.id).joined(separator: ", "))")
    }
    var code = ExitCode.ok
    for entry in theirs where names.isEmpty || names.contains(entry.id) {
      do {
        switch try remote.pull(entry, into: folder, beside: library) {
        case .taken(let model): Console.line("\(model.id)  \(model.sha256.prefix(8))  \(model.path)")
        case .isHere(let model): Console.line("\(model.id)  \(model.sha256.prefix(8))  is here already")
        }
      } catch {
        Console.message("\(error)")
        code = .failed
      }
    }
    return code
  }

  func push(_ names: [String], _ library: ModelLibrary) throws -> ExitCode {
    var code = ExitCode.ok
    for name in names {
      guard let model = library.models().first(where: { $0.id == name }) else {
        let known = library.models().map(\.id).joined(separator: ", ")
        throw UsageError("models push \(name): is none of \(known)")
      }
      do {
        let ticket = try remote.push(model)
        Console.line("\(name)  is in quarantine there and measured; ticket \(ticket)")
      } catch {
        Console.message("\(name): \(error)")
        code = .failed
      }
    }
    return code
  }
}
