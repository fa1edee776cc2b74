import Diffraction
import Glibc
import JSON
import LiveSession
import System
import Testing

import Service

/// A session of three frames, and the lines to go on with.
private struct WrittenSession {
  let path: String
  private var sequence = 0

  init(_ scratch: Scratch) throws {
    path = "\(scratch.path)/sessions/a.session.jsonl"
    try append(
      .session(
        SessionRecord(
          id: Identifier(unixMilliseconds: 1, random: (1, 2)), program: "ewald", version: "0", commit: "",
          system: "",
          folders: ["\(scratch.path)"], settings: [:])))
    for number in 1...3 { try addFrame(number) }
  }

  mutating func addFrame(_ number: Int) throws {
    try append(.file(FileRecord(fileID: number, path: "f\(number).tif", status: .done)))
    try append(
      .result(
        ResultRecord(
          resultID: Identifier(unixMilliseconds: number, random: (1, UInt64(number))), fileID: number,
          file: "f\(number).tif", frame: 0, engine: "frame",
          finding: Finding(values: [Quantity("dose", Double(100 * number), unit: "counts")]), parameters: [:],
          durationMilliseconds: 1)))
  }

  private mutating func append(_ event: SessionEvent) throws {
    sequence += 1
    try write(
      event.line(Stamp(sequence: sequence, unixMilliseconds: 1000 * sequence, monotonicNanoseconds: sequence))
    )
  }

  func write(_ bytes: [UInt8]) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    defer { close(descriptor) }
    try #require(writeAll(descriptor, bytes))
  }

  private func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } == bytes.count
  }
}

@Suite struct ServiceSessionTests {
  @Test func aSessionIsShownAsItStands() throws {
    let running = try RunningService()
    var session = try WrittenSession(running.scratch)
    let client = running.client
    #expect(try client.get("/api/v1/sessions").json["sessions"]?[0]?["id"]?.string == "a")
    let first = try client.get("/api/v1/sessions/a").json
    #expect(first["files"]?.int == 3 && first["results"]?.int == 3)
    #expect(first["rows"]?[0]?["values"]?["dose"]?["value"]?.double == 300)
    try session.addFrame(4)
    let second = try client.get("/api/v1/sessions/a?rows=1").json
    #expect(second["results"]?.int == 4 && second["rows"]?.items?.count == 1)
    // A line that is being written is not there yet.
    try session.write(Array(#"{"v":1,"type":"result""#.utf8))
    #expect(try client.get("/api/v1/sessions/a").json["results"]?.int == 4)
    #expect(try client.get("/api/v1/sessions/a/files/2").json["values"]?[0]?["value"]?.double == 200)
    #expect(try client.get("/api/v1/sessions/a/files/99").status == 404)
    try NewFile.write(Disc.tiff, to: "\(running.scratch.path)/f1.tif")
    #expect(try client.get("/api/v1/sessions/a/files/1/picture").body == Array("96x64".utf8))
    #expect(try client.get("/api/v1/sessions/a/files/2/picture").status == 404)
  }

  @Test func linesComeAsTheyAreWritten() throws {
    let running = try RunningService()
    var session = try WrittenSession(running.scratch)
    let client = running.client
    let newest = try client.connect()
    let all = try client.connect()
    defer { for descriptor in [newest, all] { close(descriptor) } }
    client.send(Client.head("GET", "/api/v1/sessions/a/events", []), on: newest)
    client.send(Client.head("GET", "/api/v1/sessions/a/events?from=4", []), on: all)
    let told = client.read(all, until: "f3.tif\",\"frame\"")
    #expect(told.contains("text/event-stream") && told.contains("id: 4\n") && !told.contains("id: 3\n"))
    #expect(client.read(newest, until: "retry:").contains("200 OK"))
    try session.addFrame(4)
    let come = client.read(newest, until: "f4.tif\",\"frame\"")
    #expect(come.contains("id: 8\n") && come.contains("id: 9\n") && !come.contains("f3.tif"))
    // The end comes while both are listening.
    running.stop()
    for descriptor in [newest, all] { _ = client.rest(of: descriptor) }
    #expect(throws: Client.Unreachable.self) { try client.get("/api/v1") }
  }

  @Test func aTailHandsEveryLineOverOnce() throws {
    let scratch = try Scratch()
    try Folder.make("\(scratch.path)/sessions")
    var session = try WrittenSession(scratch)
    var tail = try SessionTail(path: session.path)
    var seen: [Int] = []
    try tail.follow { _, stamp in seen.append(stamp.sequence) }
    try tail.follow { _, stamp in seen.append(stamp.sequence) }
    try session.addFrame(4)
    try session.write(Array("{\"v\":1".utf8))
    try tail.follow { _, stamp in seen.append(stamp.sequence) }
    #expect(seen == Array(1...9))
  }
}
