import JSON
import Learning
import System

/// The models of another service.
package struct RemoteModels {
  package struct Entry: Sendable {
    package var id: String
    package var engine: String
    package var sha256: String
    package var summary: String
  }

  /// What became of a model that was asked for.
  package enum Outcome {
    case taken(ModelFolder)
    case isHere(ModelFolder)
  }

  private let client: HTTPClient

  package init(_ client: HTTPClient) { self.client = client }

  package func list() throws -> [Entry] {
    let answer = try json(client.get("/api/v1/models"))
    guard let models = answer["models"]?.items else {
      throw ConnectionError("\(client.address): answers, but is no Ewald")
    }
    return models.compactMap { model in
      guard let id = model["id"]?.string, ModelFolder.isName(id), let engine = model["engine"]?.string,
        let digest = model["sha256"]?.string
      else { return nil }
      return Entry(id: id, engine: engine, sha256: digest, summary: model["summary"]?.string ?? "")
    }
  }

  /// Fetches a model into a folder. What is not, byte for byte, what the list and the manifest name is not kept.
  package func pull(_ entry: Entry, into folder: String, beside library: ModelLibrary) throws -> Outcome {
    let here = library.models() + ModelLibrary(folders: [folder]).models()
    if let known = here.first(where: { $0.id == entry.id }) {
      guard known.sha256 == entry.sha256 else {
        throw ConnectionError(
          "\(entry.id): another model of this name is here (\(known.path), \(known.sha256.prefix(8))); theirs is \(entry.sha256.prefix(8)). Remove or rename one of them"
        )
      }
      return .isHere(known)
    }
    let manifest = try client.get("/api/v1/models/\(entry.id)/\(ModelFolder.manifestFile)")
    guard SHA256.hex(manifest) == entry.sha256 else {
      throw ConnectionError(
        "\(client.address): \(entry.id): the manifest is not the one of the list (SHA-256)")
    }
    return .taken(
      try ModelFolder.receive(manifest: manifest, into: folder) { name in
        try client.get("/api/v1/models/\(entry.id)/\(Self.encoded(name))", limit: 256 << 20)
      })
  }

  /// Sends a model; gives the ticket that its validation there has.
  package func push(_ model: ModelFolder) throws -> String {
    try model.verify()
    var files = [(ModelFolder.manifestFile, try model.manifestBytes())]
    for name in model.fileNames { files.append((name, try model.bytes(of: name))) }
    let answer = try json(client.post("/api/v1/models", files: files))
    guard let ticket = answer["id"]?.string else {
      throw ConnectionError("\(client.address): answers, but gives no ticket")
    }
    return ticket
  }

  private func json(_ bytes: [UInt8]) throws -> JSONValue {
    do throws(JSONError) {
      return try JSONValue(bytes)
    } catch {
      throw ConnectionError("\(client.address): answers no JSON")
    }
  }

  /// A name as a part of a path.
  private static func encoded(_ name: String) -> String {
    let kept = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)
    return name.utf8.reduce(into: "") { text, byte in
      if kept.contains(byte) {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
  }
}
