import Glibc
import JSON
import Learning
import System
import Testing

import Service

/// Stands for `ewald models validate`: writes what it would have found.
private func measurer(in scratch: Scratch, among: Double = 0.95, ending: String = "exit 0") throws -> String {
  let path = "\(scratch.path)/measurer"
  let script = """
    #!/bin/sh
    [ "$1 $2" = "models validate" ] || exit 9
    while [ $# -gt 0 ]; do [ "$1" = --report ] && out=$2; shift; done
    echo '{"phase":"tables","progress":0.25}'
    \(ending == "exit 0" ? "" : ending)
    echo '[{"of":"noise 0.1","among_three":\(among),"thickness_error_median_percent":2}]' > "$out"
    """
  try NewFile.write(Array(script.utf8), to: path)
  chmod(path, 0o755)
  return path
}

@discardableResult
private func model(_ id: String, claims among: Double = 0.95, in folder: String) throws -> ModelFolder {
  try Folder.makeWithParents(folder)
  return try ModelFolder.write(
    id: id, engine: "pacbed",
    manifest: [
      "summary": .text("a test's"),
      "validation": .list([
        .object([
          "of": .text("noise 0.1"), "among_three": .number(among),
          "thickness_error_median_percent": .number(2),
        ])
      ]),
    ],
    files: ["network": Array("weights".utf8), "the crystal.cif": Array("data_x".utf8)], to: "\(folder)/\(id)")
}

private func remote(_ running: RunningService) throws -> RemoteModels {
  RemoteModels(HTTPClient(try #require(HTTPAddress("unix:\(running.client.path)"))))
}

private func isTaken(_ outcome: RemoteModels.Outcome) -> Bool {
  if case .taken = outcome { true } else { false }
}

/// Models from one service to another.
@Suite struct ModelExchangeTests {
  @Test func aModelIsPulledWhole() throws {
    let scratch = try Scratch()
    let running = try RunningService(in: scratch)
    let theirs = try model("rutile-80kv", in: "\(scratch.path)/data/models")
    let remote = try remote(running)
    let entry = try #require(try remote.list().first)
    let library = ModelLibrary(folders: [])
    let folder = "\(scratch.path)/mine/models"
    #expect(isTaken(try remote.pull(entry, into: folder, beside: library)))
    let mine = try ModelFolder(path: "\(folder)/rutile-80kv")
    try mine.verify()
    #expect(mine.sha256 == theirs.sha256 && mine.fileNames == ["network", "the crystal.cif"])
    // A second time there is nothing to do, and another model of the name is left alone.
    #expect(!isTaken(try remote.pull(entry, into: folder, beside: library)))
    var other = entry
    other.sha256 = String(repeating: "0", count: 64)
    let error = try #require(throws: ConnectionError.self) {
      _ = try remote.pull(other, into: folder, beside: library)
    }
    #expect("\(error)".contains("another model of this name is here"))
    other.id = "not-there"
    #expect(throws: ConnectionError.self) { _ = try remote.pull(other, into: folder, beside: library) }
  }

  @Test func whatIsNotAsTheManifestSaysIsNotKept() throws {
    let scratch = try Scratch()
    let running = try RunningService(in: scratch)
    try model("rutile-80kv", in: "\(scratch.path)/data/models")
    let remote = try remote(running)
    var entry = try #require(try remote.list().first)
    try NewFile.write([1, 2, 3], to: "\(scratch.path)/data/models/rutile-80kv/network")
    let folder = "\(scratch.path)/mine"
    #expect(throws: (any Error).self) {
      _ = try remote.pull(entry, into: folder, beside: ModelLibrary(folders: []))
    }
    #expect(FolderNames(folder).filter { !$0.hasPrefix(".") }.isEmpty)
    entry.sha256 = String(repeating: "a", count: 64)
    let error = try #require(throws: ConnectionError.self) {
      _ = try remote.pull(entry, into: folder, beside: ModelLibrary(folders: []))
    }
    #expect("\(error)".contains("not the one of the list"))
  }

  @Test func aModelThatIsSentIsMeasuredBeforeItIsOffered() throws {
    let scratch = try Scratch()
    let running = try RunningService(in: scratch, trainer: try measurer(in: scratch))
    let mine = try model("gold-200kv", in: "\(scratch.path)/mine")
    let id = try remote(running).push(mine)
    let ticket = try running.client.settled(id)
    #expect(ticket["state"]?.string == "done" && ticket["model"]?.string == "gold-200kv")
    #expect(ticket["request"]?["validate"]?.string == mine.sha256)
    let offered = try ModelFolder(path: "\(scratch.path)/data/models/gold-200kv")
    try offered.verify()
    #expect(offered.sha256 == mine.sha256)
    #expect(!FilePath.exists("\(scratch.path)/data/training/\(id)"))
  }

  @Test(arguments: [(0.7, 0.7, "70.0 %"), (0.99, 0.88, "claims"), (0.95, 0.6, "60.0 %")])
  func aModelThatIsWorthLessThanItSaysIsKeptAside(_ claimed: Double, _ found: Double, _ words: String) throws
  {
    let scratch = try Scratch()
    let running = try RunningService(in: scratch, trainer: try measurer(in: scratch, among: found))
    let id = try remote(running).push(try model("gold-200kv", claims: claimed, in: "\(scratch.path)/mine"))
    let ticket = try running.client.settled(id)
    #expect(ticket["state"]?.string == "kept_aside")
    #expect(ticket["message"]?.string?.contains(words) == true)
    #expect(try remote(running).list().isEmpty)
    #expect(FilePath.exists("\(scratch.path)/data/aside/gold-200kv/manifest.json"))
  }

  @Test func aModelThatCannotBeMeasuredIsNotOffered() throws {
    let scratch = try Scratch()
    let running = try RunningService(
      in: scratch, trainer: try measurer(in: scratch, ending: "echo 'ewald: no network' >&2; exit 1"))
    let id = try remote(running).push(try model("gold-200kv", in: "\(scratch.path)/mine"))
    let ticket = try running.client.settled(id)
    #expect(ticket["state"]?.string == "failed" && ticket["message"]?.string == "no network")
    #expect(try remote(running).list().isEmpty)
  }

  @Test(
    arguments: [
      (["manifest.json": #"{"engine":"sped"}"#], 422, "engine"), (["manifest.json": "{"], 400, "JSON"),
      (["network": "x"], 400, "manifest.json"),
      (
        ["manifest.json": #"{"version":1,"id":"../x","engine":"pacbed","files":{}}"#], 422,
        "its id is no name"
      ),
      (
        [
          "manifest.json":
            #"{"version":1,"id":"x","engine":"pacbed","files":{"../y":{"sha256":"00"}}}"#
        ], 422, "its list of files"
      ),
      (
        ["manifest.json": #"{"version":1,"id":"x","engine":"pacbed","files":{"y":{"sha256":"00"}}}"#], 400,
        "the form has no file y"
      ),
      (
        [
          "manifest.json": #"{"version":1,"id":"x","engine":"pacbed","files":{"y":{"sha256":"00"}}}"#,
          "y": "z",
        ],
        422, "SHA-256"
      ),
    ] as [([String: String], Int, String)])
  func whatIsNoModelIsRefused(_ files: [String: String], _ status: Int, _ words: String) throws {
    let scratch = try Scratch()
    let running = try RunningService(in: scratch)
    var body: [UInt8] = []
    for (name, text) in files {
      body += Array(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n\r\n\(text)\r\n".utf8)
    }
    let reply = try running.client.ask(
      "POST", "/api/v1/models", [("Content-Type", "multipart/form-data; boundary=x")],
      body: body + Array("--x--\r\n".utf8))
    #expect(reply.status == status, "\(reply.error)")
    #expect(reply.error.contains(words), "\(reply.error)")
    #expect(!reply.error.contains(scratch.path))
    #expect(FolderNames("\(scratch.path)/data/training").filter { !$0.hasPrefix(".") }.isEmpty)
  }
}
