import System
import Diffraction
import Foundation
import Glibc
import LiveSession
import Testing

/// The records of a CSV file, by RFC 4180 and nothing else.
private func csv(_ bytes: [UInt8]) throws -> [[String]] {
  var records: [[String]] = []
  var record: [String] = []
  var cell: [UInt8] = []
  var isQuoted = false
  var index = 0
  while index < bytes.count {
    let byte = bytes[index]
    index += 1
    if isQuoted {
      if byte != UInt8(ascii: "\"") {
        cell.append(byte)
      } else if index < bytes.count, bytes[index] == byte {
        cell.append(byte)
        index += 1
      } else {
        isQuoted = false
      }
    } else if byte == UInt8(ascii: "\""), cell.isEmpty {
      isQuoted = true
    } else if byte == UInt8(ascii: ",") || byte == 13 {
      record.append(try #require(String(validating: cell, as: UTF8.self)))
      cell = []
      if byte == 13 {
        #expect(bytes[index] == 10)
        index += 1
        records.append(record)
        record = []
      }
    } else {
      #expect(byte != 10 && byte != UInt8(ascii: "\""))
      cell.append(byte)
    }
  }
  #expect(cell.isEmpty && record.isEmpty && !isQuoted)
  return records
}

private let hostile = "=HYPERLINK(\"http://x\",\"<script>alert('1')</script>\")\n,é\u{1b}[31m\u{202e}"

/// Three files with results of two engines, one superseded, one refused file, and people's words.
private func sampleSession(_ folder: TestFolder) throws -> SessionFile {
  let thickness = Quantity("thickness", 17.25, unit: "nm", low: 16, high: 18.5, probability: 0.75)
  let per = [Quantity("node_spacing", 0.5, unit: "1/nm"), Quantity("match", .nan)]
  try record(
    [
      .session(session), fileEvent(1, "a,\"b\".tif"), resultEvent(1, file: 1),
      resultEvent(2, file: 1, values: [Quantity("dose", 1e-7, unit: "counts")], supersedes: identifier(1)),
      fileEvent(2, "=cmd|' /C calc'!A0.tif"),
      resultEvent(
        3, file: 2, engine: "pacbed", values: [thickness] + per, verdict: .doubtful,
        reasons: [Reason("2PK", "second peak"), Reason("SAT", hostile)],
        model: ModelIdentity(id: "rutile-80kv", sha256: "00ff")),
      fileEvent(3, "bad.tif", .refused, reason: "broken"), fileEvent(4, "ü\u{10FFFF}.tif"),
      resultEvent(4, file: 4, values: [Quantity("dose", -3, unit: "counts")]),
      .note(NoteRecord(fileID: 2, kind: .tag, text: "-wedge")),
      .note(NoteRecord(fileID: 2, kind: .tag, text: "b")),
      .note(NoteRecord(fileID: 2, kind: .note, text: hostile)), .note(NoteRecord(fileID: 2, kind: .mark)),
      .note(NoteRecord(fileID: 4, kind: .exclude)),
    ], to: folder["s.jsonl"], isClosed: true)
  return try SessionFile(path: folder["s.jsonl"])
}

@Test func theTableHoldsOneRowForEveryResultThatCounts() throws {
  let folder = TestFolder()
  #expect(try SessionExport.csv(try sampleSession(folder), to: folder["t.csv"]) == 3)
  let records = try csv(folder.read("t.csv"))
  #expect(
    records[0] == [
      "file", "file_id", "revision", "frame", "engine", "verdict", "reasons", "dose_counts", "thickness_nm",
      "thickness_nm_lo", "thickness_nm_hi", "thickness_probability", "node_spacing_per_nm", "match", "model",
      "tags", "notes", "marked", "excluded", "time",
    ])
  #expect(records.count == 4 && records.allSatisfy { $0.count == records[0].count })
  #expect(records[1][0] == "a,\"b\".tif")
  #expect(records[1][7] == "1e-07" && records[1][8] == "")
  #expect(records[2][7...13] == ["", "17.25", "16", "18.5", "0.75", "0.5", ""])
  #expect(records[2][14] == "rutile-80kv 00ff" && records[2][17] == "True" && records[2][18] == "False")
  #expect(records[3][0] == "ü\\xFF.tif" && records[3][7] == "-3" && records[3][18] == "True")
  #expect(records[3][19] == "2026-11-20T12:04:31.250Z")
}

@Test func noTextOfTheTableIsAFormula() throws {
  let folder = TestFolder()
  try SessionExport.csv(try sampleSession(folder), to: folder["t.csv"])
  let records = try csv(folder.read("t.csv"))
  for record in records.dropFirst() {
    for (title, cell) in zip(records[0], record) where Double(cell) == nil {
      #expect(!["=", "+", "-", "@", "\t", "\r", "\n"].contains(cell.prefix(1)), "\(title): \(cell)")
    }
  }
  #expect(records[2][0] == "'=cmd|' /C calc'!A0.tif")
  #expect(records[2][15] == "'-wedge; b")
  #expect(records[2][16] == "'" + hostile)
}

@Test func anExportNeverOverwritesUnlessAsked() throws {
  let folder = TestFolder()
  let session = try sampleSession(folder)
  for name in ["t.csv", "t.html"] {
    folder.write(name, Array("mine".utf8))
    let export = { (overwrite: Overwrite) in
      name == "t.csv"
        ? try SessionExport.csv(session, to: folder[name], overwrite: overwrite)
        : try SessionExport.summary(session, to: folder[name], overwrite: overwrite)
    }
    let refusal = #expect(throws: SessionFileError.self) { try export(.refuse) }
    #expect(refusal?.kind == .exists)
    #expect(folder.read(name) == Array("mine".utf8))
    #expect(try export(.replace) == 3)
    #expect(folder.read(name).count > 100)
  }
  #expect(throws: SessionFileError.self) { try SessionExport.csv(session, to: folder["absent/t.csv"]) }
  let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
  #expect(!names.contains { $0.contains("partial") })
}

@Test func thePageShowsFactsAndLetsNoMarkupThrough() throws {
  let folder = TestFolder()
  let chapter = SessionExport.Chapter("<b>", "<svg><polyline/></svg>")
  #expect(
    try SessionExport.summary(try sampleSession(folder), to: folder["t.html"], chapters: [chapter]) == 3)
  let page = String(decoding: folder.read("t.html"), as: UTF8.self)
  #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</body></html>\n"))
  #expect(page.contains("&lt;script&gt;") && !page.contains("<script"))
  #expect(!page.contains("\u{1b}") && !page.contains("\u{202e}"))
  #expect(page.contains("<h2>&lt;b&gt;</h2>\n<svg><polyline/></svg>") && page.contains("17.25"))
  #expect(page.contains("<th>files</th><td>4</td>") && page.contains("<th>bad files</th><td>1</td>"))
  #expect(page.contains("pacbed: doubtful"))
  // As XML it is well-formed but for HTML's own void tags: every row that opens is closed.
  for tag in ["tr", "td", "th", "table", "svg", "h2", "p"] {
    let opened =
      page.components(separatedBy: "<\(tag)>").count + page.components(separatedBy: "<\(tag) ").count
    #expect(opened - 1 == page.components(separatedBy: "</\(tag)>").count, "\(tag)")
  }
  #expect(!page.contains("http://") || page.contains("&quot;http://x&quot;"))
}

@Test func aPageOfManyFilesHoldsTheLastThousand() throws {
  let folder = TestFolder()
  try record(
    [.session(session)] + (1...2500).flatMap { [fileEvent($0), resultEvent($0, file: $0)] }, to: folder["s"])
  #expect(try SessionExport.summary(try SessionFile(path: folder["s"]), to: folder["t.html"]) == 1000)
  #expect(String(decoding: folder.read("t.html"), as: UTF8.self).contains("The last 1000 of 2500."))
}

@Test func theCrateSaysWhatWasMadeFromWhatByWhat() throws {
  let folder = TestFolder()
  try SessionExport.crate(try sampleSession(folder), to: folder["crate"])
  #expect(folder.read("crate/s.jsonl") == folder.read("s.jsonl"))
  #expect(try csv(folder.read("crate/results.csv")).count == 4)
  let json = try #require(
    JSONSerialization.jsonObject(with: Data(folder.read("crate/ro-crate-metadata.json"))) as? [String: Any])
  #expect(json["@context"] as? String == "https://w3id.org/ro/crate/1.1/context")
  let graph = try #require(json["@graph"] as? [[String: Any]])
  var entities: [String: [String: Any]] = [:]
  for entity in graph { entities[try #require(entity["@id"] as? String)] = entity }
  #expect(entities.count == graph.count, "every entity has its own name")
  let ids = { (value: Any?) in (value as? [[String: String]] ?? []).compactMap { $0["@id"] } }
  #expect(ids(entities["./"]?["hasPart"]) == ["s.jsonl", "results.csv", "summary.html"])
  let action = try #require(entities["#analysis"])
  #expect(action["@type"] as? String == "CreateAction")
  #expect(ids(action["object"]) == ["#file-1", "#file-2", "#file-4"])
  #expect(ids(action["instrument"]) == ["#program", "#model-rutile-80kv-00ff"])
  for id in ids(action["object"]) + ids(action["instrument"]) + ids(action["result"]) {
    #expect(entities[id] != nil, "\(id) is described")
  }
  #expect(entities["#file-2"]?["identifier"] as? String == "c2")
  #expect(entities["#model-rutile-80kv-00ff"]?["sha256"] as? String == "00ff")
  let size = try #require(entities["s.jsonl"]?["contentSize"] as? String)
  #expect(Int(size) == folder.read("s.jsonl").count)
  // Not twice into the same folder.
  let refusal = #expect(throws: SessionFileError.self) {
    try SessionExport.crate(try SessionFile(path: folder["s.jsonl"]), to: folder["crate"])
  }
  #expect(refusal?.kind == .exists)
  try SessionExport.crate(try SessionFile(path: folder["s.jsonl"]), to: folder["crate"], overwrite: .replace)
}

@Test func whatIsNoSessionIsNotExported() throws {
  let folder = TestFolder()
  folder.write("s", Array("hello\n".utf8))
  let session = try SessionFile(path: folder["s"])
  #expect(throws: SessionFileError.self) { try SessionExport.csv(session, to: folder["t.csv"]) }
  #expect(access(folder["t.csv"], F_OK) != 0)
}
