import Diffraction
import Foundation
import LiveSession
import Testing

private let digest = String(repeating: "0a", count: 32)

/// One event of every type, as the schema wants them: a digest has its full length.
private let events: [SessionEvent] = sampleEvents.map { event in
  switch event {
  case .checkpoint: .checkpoint(CheckpointRecord(files: 1, results: 2, sha256: digest))
  case .end: .end(EndRecord(files: 1, results: 2, sha256: digest))
  default: event
  }
}

private func object(_ event: SessionEvent) throws -> [String: Any] {
  try #require(JSONSerialization.jsonObject(with: Data(event.line(stamp))) as? [String: Any])
}

private func accepts(_ object: [String: Any]) throws -> Bool {
  try JSONSchema(SessionSchema.text).accepts(try JSONSerialization.data(withJSONObject: object))
}

@Test func theSchemaUsesNothingThatTheValidatorPassesOver() throws {
  #expect(try JSONSchema(SessionSchema.text).unknownKeywords.isEmpty)
  #expect(SessionSchema.text.contains("\"$id\": \"\(SessionSchema.fileName)\""))
}

@Test(arguments: events) func everyEventIsAsTheSchemaSays(event: SessionEvent) throws {
  #expect(try JSONSchema(SessionSchema.text).accepts(event.line(stamp)))
}

@Test(arguments: events) func everyMemberThatIsWrittenIsInTheSchema(event: SessionEvent) throws {
  let schema = try #require(
    JSONSerialization.jsonObject(with: Data(SessionSchema.text.utf8)) as? [String: Any])
  let definitions = try #require(schema["$defs"] as? [String: [String: Any]])
  let name = ["resume": "session", "end": "checkpoint"][event.type] ?? event.type
  let known = try #require(definitions[name]?["properties"] as? [String: Any])
  let common = try #require(schema["properties"] as? [String: Any])
  for member in try object(event).keys { #expect(known[member] != nil || common[member] != nil, "\(member)") }
}

@Test(arguments: events) func aLineWithoutARequiredMemberIsRefused(event: SessionEvent) throws {
  let optional: Set<String> = [
    "mono_ns", "host", "user", "operator", "sample", "schema", "content", "format", "frames",
    "declared_frames",
    "shape", "dtype", "metadata", "warnings", "reason", "offset", "same_as", "frame", "model", "supersedes",
    "previous",
  ]
  let whole = try object(event)
  for member in whole.keys {
    var spoiled = whole
    spoiled[member] = nil
    // The kind of a refusal is optional, the kind of a note is not.
    let mayMiss = optional.contains(member) || (member == "kind" && event.type == "file")
    #expect(try accepts(spoiled) == mayMiss, "\(member)")
  }
}

@Test(arguments: events) func aMemberOfAnotherTypeIsRefused(event: SessionEvent) throws {
  let whole = try object(event)
  for (member, value) in whole {
    var spoiled = whole
    spoiled[member] = value is String ? 7 as Any : "text"
    #expect(try !accepts(spoiled), "\(member)")
  }
}

@Test(arguments: [
  ("\"seq\":7", "\"seq\":0"), ("\"v\":1", "\"v\":2"), ("\"seq\":7", "\"seq\":7.5"), ("T", "t"),
  ("\"file_id\":3", "\"file_id\":0"), ("\"verdict\":\"doubtful\"", "\"verdict\":\"perhaps\""),
  ("\"frame\":0", "\"frame\":-1"), ("\"duration_ms\":41.5", "\"duration_ms\":-1"),
  ("\"value\":17.2", "\"value\":\"17.2\""), ("\"code\":\"2PK\"", "\"code\":\"\""),
  ("\"lo\":16.1", "\"lo\":[]"),
  ("\"params\":{\"convergence_mrad\":\"20\"}", "\"params\":{\"convergence_mrad\":20}"),
  ("\"result_id\":\"0", "\"result_id\":\"x"), ("\"centres\":[1,2.5]", "\"centres\":[1,true,\"2\"]"),
  ("\"alternatives\":[{\"value\":24.5,", "\"alternatives\":[{"), ("\"unit\":\"nm\"", "\"unit\":null"),
]) func aHostileResultIsRefused(old: String, new: String) throws {
  let result = try #require(events.first { $0.type == "result" })
  let text = String(decoding: result.line(stamp), as: UTF8.self)
  let at = try #require(text.range(of: old))
  #expect(try !JSONSchema(SessionSchema.text).accepts(text.replacingCharacters(in: at, with: new).utf8))
}

@Test func aStateThatOnlyPassesIsNotForTheFile() throws {
  let schema = try JSONSchema(SessionSchema.text)
  for status in FileStatus.allCases {
    #expect(schema.accepts(fileEvent(1, nil, status).line(stamp)) == !status.isTransient)
  }
}

@Test func everyWordOfThisVersionIsInTheSchema() throws {
  let schema = try JSONSchema(SessionSchema.text)
  for kind in NoteRecord.Kind.allCases {
    #expect(schema.accepts(SessionEvent.note(NoteRecord(fileID: 1, kind: kind)).line(stamp)))
  }
  for verdict in Verdict.allCases {
    #expect(schema.accepts(resultEvent(1, file: 1, verdict: verdict).line(stamp)))
  }
  for sample in SampleType.allCases {
    let file = FileRecord(fileID: 1, path: "a", status: .done, sample: sample.rawValue)
    #expect(schema.accepts(SessionEvent.file(file).line(stamp)))
  }
}

@Test func aTypeOfALaterVersionIsAccepted() throws {
  let schema = try JSONSchema(SessionSchema.text)
  let line =
    #"{"v":1,"type":"hologram","seq":1,"time":"2026-11-20T12:04:31.250Z","mono_ns":1,"phase":{"x":1}}"#
  #expect(schema.accepts(line.utf8))
  #expect(!schema.accepts("[]".utf8) && !schema.accepts("7".utf8) && !schema.accepts("{\"v\":1}".utf8))
}
