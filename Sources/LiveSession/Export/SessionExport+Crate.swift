import JSON
import System
import Diffraction
import FrameFormats

/// RO-Crate 1.1: a folder that says in JSON-LD what is in it and where it came from.
extension SessionExport {
  /// Writes a folder with the session file, its table, its page and `ro-crate-metadata.json`. The last is
  /// written last: a folder that has it is whole.
  package static func crate(
    _ session: SessionFile, to folder: String, overwrite: Overwrite = .refuse, chapters: [Chapter] = []
  ) throws(SessionFileError) {
    let table = try SessionTable(session)
    let name = String(session.path.split(separator: "/").last ?? "session.jsonl")
    let place = folder.hasSuffix("/") ? folder : folder + "/"
    let descriptor = place + "ro-crate-metadata.json"
    do throws(SystemError) {
      try Folder.make(folder)
      if overwrite == .refuse, FilePath.exists(descriptor) { throw SystemError(descriptor, "write", .exists) }
    } catch {
      throw SessionFileError(error)
    }
    let copy = try copy(session, to: place + name, overwrite)
    let csv = try csv(table, to: place + "results.csv", overwrite)
    try summary(session, to: place + "summary.html", overwrite: overwrite, chapters: chapters)
    let file = try ExportFile(path: descriptor, overwrite: overwrite)
    try CrateWriter(table: table, file: file).write(results: [
      CrateWriter.Part(name: name, format: "application/x-ndjson", bytes: copy.bytes, sha256: copy.sha256),
      CrateWriter.Part(name: "results.csv", format: "text/csv", bytes: csv.bytes, sha256: csv.sha256),
      CrateWriter.Part(name: "summary.html", format: "text/html", bytes: nil, sha256: nil),
    ])
    try file.finish()
  }

  private static func copy(
    _ session: SessionFile, to path: String, _ overwrite: Overwrite
  ) throws(SessionFileError) -> (bytes: Int, sha256: String) {
    let file = try ExportFile(path: path, overwrite: overwrite)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    while case let count = session.read(into: buffer, at: file.byteCount), count > 0 {
      try file.write(Array(buffer[..<count]))
    }
    guard file.byteCount == session.byteCount else {
      throw SessionFileError(.unreadable, "\(session.path): cannot be read to its end")
    }
    let sha256 = try file.finish()
    return (file.byteCount, sha256)
  }
}

private struct CrateWriter {
  struct Part {
    var name: String
    var format: String
    var bytes: Int?
    var sha256: String?
  }

  let table: SessionTable
  let file: ExportFile

  func write(results: [Part]) throws(SessionFileError) {
    try file.write("{\"@context\":\"https://w3id.org/ro/crate/1.1/context\",\"@graph\":[\n")
    try file.write(descriptor.bytes)
    try entity(root(results))
    for part in results { try entity(self.part(part)) }
    try entity(action(results))
    try entity(program)
    for model in table.models { try entity(self.model(model)) }
    if let name = table.state.session?.operatorName { try entity(person(name)) }
    for row in table.state.files where row.run != nil { try entity(input(row)) }
    try file.write("\n]}\n")
  }

  private func entity(_ json: JSONWriter) throws(SessionFileError) {
    try file.write(",\n")
    try file.write(json.bytes)
  }

  private var descriptor: JSONWriter {
    object("ro-crate-metadata.json", "CreativeWork") { json in
      json.reference("conformsTo", "https://w3id.org/ro/crate/1.1")
      json.reference("about", "./")
    }
  }

  private func root(_ parts: [Part]) -> JSONWriter {
    object("./", "Dataset") { json in
      json.member("name", "Session \(table.state.sessionID?.description ?? "")")
      json.member(
        "description",
        "Results of the analysis of electron diffraction frames and the record of how they were made.")
      json.member("datePublished", Timestamp.text(unixMilliseconds: table.lastTime))
      json.references("hasPart", parts.map { Self.encode($0.name) })
      json.references("mentions", ["#analysis"])
    }
  }

  private func part(_ part: Part) -> JSONWriter {
    object(Self.encode(part.name), "File") { json in
      json.member("name", part.name)
      json.member("encodingFormat", part.format)
      if let bytes = part.bytes { json.member("contentSize", "\(bytes)") }
      json.member("sha256", ifPresent: part.sha256)
    }
  }

  private func action(_ parts: [Part]) -> JSONWriter {
    object("#analysis", "CreateAction") { json in
      json.member("name", "Analysis of the frames of a session")
      if let first = table.firstTime { json.member("startTime", Timestamp.text(unixMilliseconds: first)) }
      json.member("endTime", Timestamp.text(unixMilliseconds: table.lastTime))
      json.references("instrument", ["#program"] + table.models.map { Self.identity($0) })
      json.references("object", table.state.files.lazy.filter { $0.run != nil }.map { "#file-\($0.id)" })
      json.references("result", parts.map { Self.encode($0.name) })
      if table.state.session?.operatorName != nil { json.reference("agent", "#operator") }
    }
  }

  private var program: JSONWriter {
    object("#program", "SoftwareApplication") { json in
      let session = table.state.session
      json.member("name", session?.program ?? "")
      json.member("softwareVersion", "\(session?.version ?? "") (\(session?.commit ?? ""))")
      json.member("operatingSystem", session?.system ?? "")
    }
  }

  private func model(_ model: ModelIdentity) -> JSONWriter {
    object(Self.identity(model), "SoftwareSourceCode") { json in
      json.member("name", model.id)
      json.member("sha256", model.sha256)
    }
  }

  private func person(_ name: String) -> JSONWriter {
    object("#operator", "Person") { json in json.member("name", name) }
  }

  /// An input stays where it is; the crate names it by its content, so that it can be told again.
  private func input(_ row: FileRow) -> JSONWriter {
    object("#file-\(row.id)", "CreativeWork") { json in
      json.member("name", SessionTable.display(row.path))
      json.member("contentSize", "\(row.size)")
      if let content = table.content(of: row) { json.member("identifier", content) }
      json.member("dateModified", Timestamp.text(unixMilliseconds: row.modifiedNanoseconds / 1_000_000))
    }
  }

  private func object(_ id: String, _ type: String, _ body: (inout JSONWriter) -> Void) -> JSONWriter {
    var json = JSONWriter()
    json.object { json in
      json.member("@id", id)
      json.member("@type", type)
      body(&json)
    }
    return json
  }

  private static func identity(_ model: ModelIdentity) -> String {
    "#model-\(encode(model.id))-\(encode(model.sha256))"
  }

  /// Percent-encoded as RFC 3986 has it for one part of a path.
  static func encode(_ name: String) -> String {
    var text = ""
    for byte in name.utf8 {
      switch byte {
      case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        text += byte < 16 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return text
  }
}

extension JSONWriter {
  fileprivate mutating func reference(_ name: String, _ id: String) {
    key(name)
    object { json in json.member("@id", id) }
  }

  fileprivate mutating func references(_ name: String, _ ids: some Sequence<String>) {
    key(name)
    array { json in
      for id in ids { json.object { json in json.member("@id", id) } }
    }
  }
}
