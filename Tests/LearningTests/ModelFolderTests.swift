import Foundation
import JSON
import Learning
import System
import Testing

@Suite("TrainedNetwork folders")
struct ModelFolderTests {
  private let root = FileManager.default.temporaryDirectory.appendingPathComponent("ewald-test-\(UUID())")
    .path

  private func withRoot(_ body: () throws -> Void) throws {
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: root) }
    try body()
  }

  private func write(_ name: String, engine: String = "pacbed") throws -> ModelFolder {
    try ModelFolder.write(
      id: name, engine: engine, manifest: ["summary": .text("a \"test\""), "command": .text("ewald train")],
      files: ["weights.bin": [1, 2, 3], "notes": Array("x".utf8)], to: "\(root)/\(name)")
  }

  @Test("What was written is read back with the same identity")
  func roundTrip() throws {
    try withRoot {
      let written = try write("rutile")
      let read = try ModelLibrary(folders: [root]).model("rutile", of: "pacbed")
      #expect(read.sha256 == written.sha256)
      #expect(read.summary == "a \"test\"")
      #expect(read.command == "ewald train")
      #expect(try read.bytes(of: "weights.bin") == [1, 2, 3])
      #expect(read.fileNames == ["notes", "weights.bin"])
      try read.verify()
      #expect(!FileManager.default.fileExists(atPath: "\(root)/rutile.part"))
    }
  }

  @Test("The manifests of the models that come with the program are what would be written today")
  func shippedManifests() throws {
    let models = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Samples/models"
    let folders = FolderNames(models).filter { FilePath.exists("\(models)/\($0)/manifest.json") }
    #expect(!folders.isEmpty)
    for name in folders {
      let bytes = try WholeFile.bytes("\(models)/\(name)/manifest.json")
      #expect(try Array(JSONValue(bytes).text.utf8) == bytes, "\(name)")
      let folder = try ModelFolder(path: "\(models)/\(name)")
      #expect(folder.sha256 == SHA256.hex(bytes))
      try folder.verify()
    }
  }

  @Test("A changed file is refused, and so is one that the manifest does not name")
  func damage() throws {
    try withRoot {
      let model = try write("rutile")
      try Data([1, 2, 4]).write(to: URL(fileURLWithPath: "\(root)/rutile/weights.bin"))
      #expect(throws: NetworkError.self) { try model.verify() }
      #expect(throws: NetworkError.self) { try model.bytes(of: "weights.bin") }
      #expect(throws: NetworkError.self) { try model.bytes(of: "../../etc/passwd") }
      #expect(try model.bytes(of: "notes") == Array("x".utf8))
    }
  }

  @Test("A model never replaces another, and a name of another engine's model is refused")
  func names() throws {
    try withRoot {
      _ = try write("a")
      #expect(throws: NetworkError.self) { try write("a") }
      _ = try write("b", engine: "cbleed")
      let library = ModelLibrary(folders: [root + "/absent", root])
      #expect(library.models().map(\.id) == ["a", "b"])
      #expect(library.models(of: "cbleed").map(\.id) == ["b"])
      #expect(throws: NetworkError.self) { try library.model("b", of: "pacbed") }
      #expect(throws: NetworkError.self) { try library.model("c", of: "pacbed") }
      #expect(try library.model("\(root)/a", of: "pacbed").id == "a")
    }
  }

  @Test("A damaged manifest is no model", arguments: ["", "{}", "{\"version\":2}", "[1"])
  func manifests(_ text: String) throws {
    try withRoot {
      try FileManager.default.createDirectory(atPath: "\(root)/m", withIntermediateDirectories: true)
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(root)/m/manifest.json"))
      #expect(throws: NetworkError.self) { try ModelFolder(path: "\(root)/m") }
      #expect(ModelLibrary(folders: [root]).models().isEmpty)
    }
  }
}
