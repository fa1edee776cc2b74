import JSON
import Diffraction

/// How much of a line is wanted: everything, or what the state keeps (a session of a million lines is
/// opened without its curves, and one line's curves are read when the operator looks at it).
package enum Detail: Sendable { case full, summary }

/// A line of the session file.
package struct RecordedEvent: Sendable {
  package var stamp: Stamp
  /// Nil for a type that a later version added.
  package var event: SessionEvent?
}

package enum LineError: Error, Equatable, CustomStringConvertible {
  case json(JSONError)
  case missing(String)
  case newerVersion(Int)

  package var description: String {
    switch self {
    case .json(let error): error.description
    case .missing(let name): "no \"\(name)\""
    case .newerVersion(let version):
      "written by a newer program: format \(version), this one reads \(sessionFormatVersion)"
    }
  }
}

extension RecordedEvent {
  /// Reads one line, without its newline.
  package init(_ line: UnsafeBufferPointer<UInt8>, detail: Detail) throws(LineError) {
    let head = try LineHead(line)
    stamp = head.stamp
    // The line is walked a second time by the reader of its type; the head is at its beginning.
    event =
      switch head.type {
      case "session": .session(try SessionRecord(line))
      case "resume": .resume(try SessionRecord(line))
      case "file": .file(try FileRecord(line, detail))
      case "result": .result(try ResultRecord(line, detail))
      default: try Self.shortEvent(head.type, line)
      }
  }
}

/// What every line begins with; the members may stand anywhere.
private struct LineHead {
  var type: String
  var stamp: Stamp

  init(_ line: UnsafeBufferPointer<UInt8>) throws(LineError) {
    var version: Int?
    var type: String?
    var sequence: Int?
    var time: Int?
    var monotonic: Int?
    try line.members(until: {
      monotonic != nil && time != nil && sequence != nil && type != nil && version != nil
    }) {
      json, key throws(JSONError) in
      switch key {
      case "v": version = try json.integer()
      case "type": type = try json.string()
      case "seq": sequence = try json.integer()
      case "time": time = try json.plainString().flatMap { Timestamp.unixMilliseconds($0) }
      case "mono_ns": monotonic = try json.integer()
      default: try json.skip()
      }
    }
    guard try need(version, "v") <= sessionFormatVersion else { throw .newerVersion(version ?? 0) }
    self.type = try need(type, "type")
    stamp = Stamp(
      sequence: try need(sequence, "seq"), unixMilliseconds: try need(time, "time"),
      monotonicNanoseconds: monotonic ?? 0)
  }
}

private func need<T>(_ value: T?, _ name: String) throws(LineError) -> T {
  guard let value else { throw .missing(name) }
  return value
}

/// Files are counted from 1, and no disk holds more than this.
private func needFile(_ number: Int?) throws(LineError) -> Int {
  guard let number, 1..<(1 << 40) ~= number else { throw .missing("file_id") }
  return number
}

extension UnsafeBufferPointer<UInt8> {
  /// Walks the members of the one object that the line is; stops early once `enough`.
  fileprivate func members(
    until enough: () -> Bool = { false },
    _ body: (inout JSONReader, JSONKey) throws(JSONError) -> Void
  ) throws(LineError) {
    do throws(JSONError) {
      var json = JSONReader(self)
      if try json.object(until: enough, body) { try json.end() }
    } catch {
      throw .json(error)
    }
  }
}

extension SessionRecord {
  fileprivate init(_ line: UnsafeBufferPointer<UInt8>) throws(LineError) {
    var id: Identifier?
    self.init(
      id: Identifier(unixMilliseconds: 0, random: (0, 0)), program: "", version: "", commit: "", system: "",
      folders: [])
    try line.members { json, key throws(JSONError) in
      switch key {
      case "id": id = try json.identifier()
      case "program": program = try json.string()
      case "version": version = try json.string()
      case "commit": commit = try json.string()
      case "os": system = try json.string()
      case "host": host = try json.string()
      case "user": user = try json.string()
      case "operator": operatorName = try json.string()
      case "sample": sample = try json.string()
      case "folders": try json.array { json throws(JSONError) in folders.append(try json.string()) }
      case "settings": settings = try json.texts()
      case "models": try json.array { json throws(JSONError) in models.append(try json.model()) }
      default: try json.skip()
      }
    }
    self.id = try need(id, "id")
  }
}

extension FileRecord {
  fileprivate init(_ line: UnsafeBufferPointer<UInt8>, _ detail: Detail) throws(LineError) {
    var number: Int?
    var state: FileStatus?
    self.init(fileID: 0, path: "", status: .done)
    try line.members { json, key throws(JSONError) in
      switch key {
      case "file_id": number = try json.integer()
      case "path": path = try json.string()
      case "state": state = FileStatus(rawValue: try json.string())
      case "revision": revision = try json.integer()
      case "size": size = try json.integer()
      case "mtime_ns": modifiedNanoseconds = try json.integer()
      case "device": device = try json.integer()
      case "inode": inode = try json.integer()
      case "frames": frames = try json.integer()
      case "declared_frames": declaredFrames = try json.integer()
      case "warnings": try json.array { json throws(JSONError) in warnings.append(try json.string()) }
      case "reason": reason = try json.string()
      case "kind": kind = try json.string()
      case "offset": offset = try json.integer()
      case "same_as": sameAs = try json.integer()
      case "content": content = try json.string()
      case "format" where detail == .full: format = try json.string()
      case "dtype" where detail == .full: sample = try json.string()
      case "shape" where detail == .full:
        try json.array { json throws(JSONError) in shape.append(try json.integer()) }
      case "metadata" where detail == .full:
        try json.array { json throws(JSONError) in metadata.append(try json.metadataItem()) }
      default: try json.skip()
      }
    }
    fileID = try needFile(number)
    status = try need(state, "state")
  }
}

extension ResultRecord {
  fileprivate init(_ line: UnsafeBufferPointer<UInt8>, _ detail: Detail) throws(LineError) {
    var id: Identifier?
    var number: Int?
    var engine: String?
    self.init(
      resultID: Identifier(unixMilliseconds: 0, random: (0, 0)), fileID: 0, file: "", frame: nil, engine: "",
      finding: Finding(values: []), parameters: [:], durationMilliseconds: 0)
    try line.members { json, key throws(JSONError) in
      switch key {
      case "result_id": id = try json.identifier()
      case "file_id": number = try json.integer()
      case "file": file = try json.string()
      case "frame": frame = try json.integer()
      case "engine": engine = try json.string()
      case "values":
        finding.values.reserveCapacity(16)
        try json.array { json throws(JSONError) in finding.values.append(try json.quantity(detail)) }
      case "verdict": finding.verdict = Verdict(rawValue: try json.string()) ?? .doubtful
      case "reasons": try json.array { json throws(JSONError) in finding.reasons.append(try json.reason()) }
      case "supersedes": supersedes = try json.identifier()
      case "previous": previous = try json.identifier()
      case "histograms" where detail == .full:
        try json.dictionary { json, name throws(JSONError) in
          finding.histograms.append(try json.histogram(name))
        }
      case "profiles" where detail == .full:
        try json.dictionary { json, name throws(JSONError) in finding.profiles.append(try json.profile(name))
        }
      case "model": finding.model = try json.model()
      case "params" where detail == .full: parameters = try json.texts()
      case "artifacts" where detail == .full: finding.artifacts = try json.texts()
      case "duration_ms" where detail == .full: durationMilliseconds = try json.double()
      default: try json.skip()
      }
    }
    resultID = try need(id, "result_id")
    fileID = try needFile(number)
    self.engine = try need(engine, "engine")
  }
}

extension RecordedEvent {
  /// The types that are a few words; nil for one that a later version added.
  private static func shortEvent(
    _ type: String, _ line: UnsafeBufferPointer<UInt8>
  ) throws(LineError) -> SessionEvent? {
    var number: Int?
    var resultID: Identifier?
    var texts: [String: String] = [:]
    var counts: [String: Int] = [:]
    try line.members { json, key throws(JSONError) in
      switch key {
      case "file_id": number = try json.integer()
      case "result_id": resultID = try json.identifier()
      case "kind": texts["kind"] = try json.string()
      case "text": texts["text"] = try json.string()
      case "engine": texts["engine"] = try json.string()
      case "name": texts["name"] = try json.string()
      case "old": texts["old"] = try json.string()
      case "new": texts["new"] = try json.string()
      case "code": texts["code"] = try json.string()
      case "sha256": texts["sha256"] = try json.string()
      case "files": counts["files"] = try json.integer()
      case "results": counts["results"] = try json.integer()
      default: try json.skip()
      }
    }
    func word(_ name: String) throws(LineError) -> String { try need(texts[name], name) }
    switch type {
    case "accept":
      return .accept(AcceptRecord(fileID: try needFile(number), resultID: try need(resultID, "result_id")))
    case "note":
      let kind = try need(NoteRecord.Kind(rawValue: try word("kind")), "kind")
      return .note(NoteRecord(fileID: try needFile(number), kind: kind, text: texts["text"] ?? ""))
    case "setting":
      return .setting(
        SettingRecord(
          engine: try word("engine"), name: try word("name"), old: texts["old"] ?? "", new: texts["new"] ?? ""
        ))
    case "acknowledge": return .acknowledge(AcknowledgeRecord(code: try word("code")))
    case "event": return .event(IncidentRecord(name: try word("name"), text: texts["text"] ?? ""))
    case "checkpoint":
      return .checkpoint(
        CheckpointRecord(
          files: counts["files"] ?? 0, results: counts["results"] ?? 0, sha256: try word("sha256")))
    case "end":
      return .end(
        EndRecord(files: counts["files"] ?? 0, results: counts["results"] ?? 0, sha256: try word("sha256")))
    default: return nil
    }
  }
}

extension JSONReader {
  /// Nil for a text that is no identifier.
  fileprivate mutating func identifier() throws(JSONError) -> Identifier? {
    try plainString().flatMap { Identifier(bytes: $0) }
  }

  fileprivate mutating func quantity(_ detail: Detail) throws(JSONError) -> Quantity {
    var quantity = Quantity("", .nan)
    try object { json, key throws(JSONError) in
      switch key {
      case "name": quantity.name = try json.string()
      case "value": quantity.value = try json.optionalDouble() ?? .nan
      case "unit": quantity.unit = try json.string()
      case "lo": quantity.low = try json.optionalDouble()
      case "hi": quantity.high = try json.optionalDouble()
      case "probability": quantity.probability = try json.optionalDouble()
      case "said" where detail == .full: quantity.said = try json.string()
      case "alternatives" where detail == .full:
        try json.array { json throws(JSONError) in quantity.alternatives.append(try json.alternative()) }
      default: try json.skip()
      }
    }
    return quantity
  }

  private mutating func alternative() throws(JSONError) -> Quantity.Alternative {
    var alternative = Quantity.Alternative(value: .nan, probability: .nan)
    try object { json, key throws(JSONError) in
      switch key {
      case "value": alternative.value = try json.optionalDouble() ?? .nan
      case "probability": alternative.probability = try json.optionalDouble() ?? .nan
      default: try json.skip()
      }
    }
    return alternative
  }

  fileprivate mutating func reason() throws(JSONError) -> Reason {
    var reason = Reason("", "")
    try object { json, key throws(JSONError) in
      switch key {
      case "code": reason.code = try json.string()
      case "text": reason.text = try json.string()
      default: try json.skip()
      }
    }
    return reason
  }

  fileprivate mutating func histogram(_ name: String) throws(JSONError) -> Histogram {
    var histogram = Histogram(name: name, unit: "", centres: [], probabilities: [])
    try object { json, key throws(JSONError) in
      switch key {
      case "unit": histogram.unit = try json.string()
      case "centres": histogram.centres = try json.doubles()
      case "probabilities": histogram.probabilities = try json.doubles()
      default: try json.skip()
      }
    }
    return histogram
  }

  fileprivate mutating func profile(_ name: String) throws(JSONError) -> Profile {
    var profile = Profile(name: name, unit: "", values: [])
    try object { json, key throws(JSONError) in
      switch key {
      case "unit": profile.unit = try json.string()
      case "start": profile.start = try json.double()
      case "step": profile.step = try json.double()
      case "values": profile.values = try json.doubles()
      default: try json.skip()
      }
    }
    return profile
  }

  fileprivate mutating func model() throws(JSONError) -> ModelIdentity {
    var model = ModelIdentity(id: "", sha256: "")
    try object { json, key throws(JSONError) in
      switch key {
      case "id": model.id = try json.string()
      case "sha256": model.sha256 = try json.string()
      default: try json.skip()
      }
    }
    return model
  }

  fileprivate mutating func metadataItem() throws(JSONError) -> MetadataItem {
    var item = MetadataItem(name: "", value: "", source: "")
    try object { json, key throws(JSONError) in
      switch key {
      case "name": item.name = try json.string()
      case "value": item.value = try json.string()
      case "unit": item.unit = try json.string()
      case "source": item.source = try json.string()
      default: try json.skip()
      }
    }
    return item
  }

  fileprivate mutating func texts() throws(JSONError) -> [String: String] {
    var texts: [String: String] = [:]
    try dictionary { json, name throws(JSONError) in texts[name] = try json.string() }
    return texts
  }

  private mutating func doubles() throws(JSONError) -> [Double] {
    var values: [Double] = []
    try array { json throws(JSONError) in values.append(try json.optionalDouble() ?? .nan) }
    return values
  }
}

extension ResultRecord {
  /// A result's line, without its newline.
  package init?(line: String) {
    let event = Array(line.utf8).withUnsafeBufferPointer { try? RecordedEvent($0, detail: .full).event }
    guard case .result(let record)? = event else { return nil }
    self = record
  }
}
