import JSON
import System
import Glibc

/// A trained model on disk: a folder with `manifest.json` and the files that it names, each with its SHA-256.
/// The manifest says what the model is for, the command that made it and how well it did; its own digest is
/// the identity that a session file records.
package struct ModelFolder: Sendable {
  package let path: String
  /// `rutile-80kv`: the name of the folder.
  package let id: String
  /// Whose model it is: `pacbed`.
  package let engine: String
  package let manifest: JSONValue
  package let sha256: String
  private let digests: [String: String]

  package static let manifestFile = "manifest.json"

  package init(path: String) throws(NetworkError) {
    let place = "\(path)/\(Self.manifestFile)"
    let bytes = try FileBytes.read(place, limit: 16 << 20)
    guard let manifest = try? JSONValue(bytes), let id = manifest["id"]?.string,
      let engine = manifest["engine"]?.string,
      case .object(let files)? = manifest["files"]
    else { throw .file(path: place, reason: "is not the manifest of a model") }
    guard manifest["version"]?.int == 1 else { throw .file(path: place, reason: "its version is not known") }
    let digests = files.compactMapValues { $0["sha256"]?.string }
    guard digests.count == files.count, digests.keys.allSatisfy(Self.isPlain) else {
      throw .file(path: place, reason: "its list of files is damaged")
    }
    self.path = path
    self.id = id
    self.engine = engine
    self.manifest = manifest
    self.digests = digests
    sha256 = SHA256.hex(bytes)
  }

  package var fileNames: [String] { digests.keys.sorted() }

  /// The command that made it.
  package var command: String? { manifest["command"]?.string }
  /// One line for a list: what it was trained on.
  package var summary: String { manifest["summary"]?.string ?? "" }
  package var manifestText: String { manifest.text }

  /// As it lies there: its digest is the model's identity.
  package func manifestBytes() throws(NetworkError) -> [UInt8] {
    let place = "\(path)/\(Self.manifestFile)"
    let bytes = try FileBytes.read(place, limit: 16 << 20)
    guard SHA256.hex(bytes) == sha256 else { throw Self.isChanged(place) }
    return bytes
  }

  /// A file of the model, as it was when the model was written.
  package func bytes(of name: String) throws(NetworkError) -> [UInt8] {
    let place = "\(path)/\(name)"
    guard let digest = digests[name] else {
      throw .file(path: place, reason: "the manifest does not name it")
    }
    let bytes = try FileBytes.read(place, limit: 256 << 20)
    guard SHA256.hex(bytes) == digest else { throw Self.isChanged(place) }
    return bytes
  }

  package func model(_ name: String) throws(NetworkError) -> TrainedNetwork {
    try TrainedNetwork(bytes: try bytes(of: name), path: "\(path)/\(name)")
  }

  /// Every file is there and unchanged.
  package func verify() throws(NetworkError) {
    for (name, digest) in digests.sorted(by: { $0.key < $1.key }) {
      let place = "\(path)/\(name)"
      let found: String
      do {
        found = try SHA256.hex(ofFile: place)
      } catch {
        throw NetworkError(error)
      }
      if found != digest { throw Self.isChanged(place) }
    }
  }

  private static func isChanged(_ place: String) -> NetworkError {
    .file(path: place, reason: "is not what the manifest names (SHA-256)")
  }

  /// Writes a model as a whole: it appears under its name when everything is there. Never over another one.
  @discardableResult
  package static func write(
    id: String, engine: String, origin: ModelOrigin? = nil, manifest: [String: JSONValue],
    files: [String: [UInt8]], to path: String
  ) throws(NetworkError) -> ModelFolder {
    guard !FilePath.exists(path) else { throw .file(path: path, reason: "is there already") }
    let draft = path + ".part"
    do {
      try Folder.make(draft)
    } catch {
      throw NetworkError(error)
    }
    var entries: [String: JSONValue] = [:]
    for (name, bytes) in files {
      guard isPlain(name) else { throw .file(path: "\(path)/\(name)", reason: "is no file name of a model") }
      entries[name] = .object(["bytes": .integer(bytes.count), "sha256": .text(SHA256.hex(bytes))])
      try FileBytes.write(bytes, to: "\(draft)/\(name)")
    }
    var manifest = manifest.merging(origin?.members ?? [:]) { $1 }
    manifest["version"] = .integer(1)
    manifest["id"] = .text(id)
    manifest["engine"] = .text(engine)
    manifest["files"] = .object(entries)
    try FileBytes.write(Array(JSONValue.object(manifest).text.utf8), to: "\(draft)/\(manifestFile)")
    guard rename(draft, path) == 0 else { throw NetworkError(SystemError(path, "rename")) }
    return try ModelFolder(path: path)
  }

  /// Takes a model that comes from elsewhere into a folder, as it is: its manifest, and every file that this names, with
  /// the digest stated there. It appears under its name when all is there. Never over another one.
  package static func receive(
    manifest bytes: [UInt8], into folder: String, file: (String) throws -> [UInt8]
  ) throws -> ModelFolder {
    let named = (try? JSONValue(bytes))?["id"]?.string ?? ""
    guard isName(named) else {
      throw NetworkError.file(path: manifestFile, reason: "its id is no name of letters, digits, - . _")
    }
    let path = "\(folder)/\(named)"
    guard !FilePath.exists(path) else { throw NetworkError.file(path: path, reason: "is there already") }
    let draft = path + ".part"
    // What an attempt that was cut off left.
    Folder.removeTree(draft)
    do {
      try Folder.makeWithParents(draft)
      try FileBytes.write(bytes, to: "\(draft)/\(manifestFile)")
      let model = try ModelFolder(path: draft)
      for name in model.fileNames { try FileBytes.write(try file(name), to: "\(draft)/\(name)") }
      try model.verify()
      guard rename(draft, path) == 0 else { throw SystemError(path, "rename") }
    } catch {
      Folder.removeTree(draft)
      throw error
    }
    return try ModelFolder(path: path)
  }

  /// What a model may be called: the name of its folder, too.
  package static func isName(_ text: String) -> Bool {
    1...100 ~= text.utf8.count && !text.hasPrefix(".") && !text.hasPrefix("-") && !text.hasSuffix(".part")
      && text.utf8.allSatisfy {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0
          || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || "-._".utf8.contains($0)
      }
  }

  /// A name that cannot lead out of the folder.
  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && !name.contains("/") && name != manifestFile
  }
}
