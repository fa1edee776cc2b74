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

/// A line's members as they are met; which of them a type needs is decided at the end.
private struct LineMembers {
  var version: Int?
  var type: String?
  var sequence: Int?
  var time: Int?
  var monotonic = 0
  var id: Identifier?
  var session = SessionFields()
  var file = FileRecord(fileID: 0, path: "", status: .done)
  var status: FileStatus?
  var hasFileID = false
  var finding = Finding(values: [])
  var filePath = ""
  var frame: Int?
  var engine: String?
  var parameters: [String: String] = [:]
  var duration = 0.0
  var resultID: Identifier?
  var supersedes: Identifier?
  var previous: Identifier?
  var name: String?
  var text: String?
  var code: String?
  var kind: String?
  var old: String?
  var new: String?
  var files: Int?
  var results: Int?
  var sha256: String?

  struct SessionFields {
    var program = ""
    var version = ""
    var commit = ""
    var system = ""
    var host: String?
    var user: String?
    var operatorName: String?
    var sample: String?
    var folders: [String] = []
    var settings: [String: String] = [:]
    var models: [ModelIdentity] = []
  }
}

extension RecordedEvent {
  /// Reads one line, without its newline.
  package init(_ line: UnsafeBufferPointer<UInt8>, detail: Detail) throws(LineError) {
    var members = LineMembers()
    do throws(JSONError) {
      var json = JSONReader(line)
      try json.object { json, key throws(JSONError) in try members.read(key, &json, detail) }
      try json.end()
    } catch {
      throw .json(error)
    }
    guard let version = members.version else { throw .missing("v") }
    guard version <= sessionFormatVersion else { throw .newerVersion(version) }
    guard let type = members.type else { throw .missing("type") }
    guard let sequence = members.sequence else { throw .missing("seq") }
    guard let time = members.time else { throw .missing("time") }
    stamp = Stamp(sequence: sequence, unixMilliseconds: time, monotonicNanoseconds: members.monotonic)
    event = try members.event(type)
  }
}

extension LineMembers {
  mutating func read(_ key: JSONKey, _ json: inout JSONReader, _ detail: Detail) throws(JSONError) {
    switch key {
    case "v": version = try json.integer()
    case "type": type = try json.string()
    case "seq": sequence = try json.integer()
    case "time": time = Timestamp.unixMilliseconds(try json.string())
    case "mono_ns": monotonic = try json.integer()
    case "file_id":
      file.fileID = try json.integer()
      hasFileID = true
    case "path": file.path = try json.string()
    case "state": status = FileStatus(rawValue: try json.string())
    case "revision": file.revision = try json.integer()
    case "size": file.size = try json.integer()
    case "mtime_ns": file.modifiedNanoseconds = try json.integer()
    case "device": file.device = try json.integer()
    case "inode": file.inode = try json.integer()
    case "content": file.content = try json.string()
    case "format": file.format = try json.string()
    case "frames": file.frames = try json.integer()
    case "declared_frames": file.declaredFrames = try json.integer()
    case "dtype": file.sample = try json.string()
    case "shape": try json.array { json throws(JSONError) in file.shape.append(try json.integer()) }
    case "reason": file.reason = try json.string()
    case "offset": file.offset = try json.integer()
    case "same_as": file.sameAs = try json.integer()
    case "result_id": resultID = Identifier(try json.string())
    case "file": filePath = try json.string()
    case "frame": frame = try json.integer()
    case "engine": engine = try json.string()
    case "values":
      try json.array { json throws(JSONError) in finding.values.append(try json.quantity(detail)) }
    case "verdict": finding.verdict = Verdict(rawValue: try json.string()) ?? .doubtful
    case "reasons": try json.array { json throws(JSONError) in finding.reasons.append(try json.reason()) }
    case "duration_ms": duration = try json.double()
    case "supersedes": supersedes = Identifier(try json.string())
    case "previous": previous = Identifier(try json.string())
    case "name": name = try json.string()
    case "text": text = try json.string()
    case "code": code = try json.string()
    case "kind": kind = try json.string()
    case "old": old = try json.string()
    case "new": new = try json.string()
    case "files": files = try json.integer()
    case "results": results = try json.integer()
    case "sha256": sha256 = try json.string()
    default:
      if detail == .full || version == nil || type == "session" || type == "resume" {
        try readDetail(key, &json)
      } else {
        try json.skip()
      }
    }
  }

  private mutating func readDetail(_ key: JSONKey, _ json: inout JSONReader) throws(JSONError) {
    switch key {
    case "histograms":
      try json.dictionary { json, name throws(JSONError) in
        finding.histograms.append(try json.histogram(name))
      }
    case "profiles":
      try json.dictionary { json, name throws(JSONError) in finding.profiles.append(try json.profile(name)) }
    case "model": finding.model = try json.model()
    case "params": parameters = try json.texts()
    case "artifacts": finding.artifacts = try json.texts()
    case "metadata":
      try json.array { json throws(JSONError) in file.metadata.append(try json.metadataItem()) }
    case "warnings": try json.array { json throws(JSONError) in file.warnings.append(try json.string()) }
    case "id": id = Identifier(try json.string())
    case "program": session.program = try json.string()
    case "version": session.version = try json.string()
    case "commit": session.commit = try json.string()
    case "os": session.system = try json.string()
    case "host": session.host = try json.string()
    case "user": session.user = try json.string()
    case "operator": session.operatorName = try json.string()
    case "sample": session.sample = try json.string()
    case "folders": try json.array { json throws(JSONError) in session.folders.append(try json.string()) }
    case "settings": session.settings = try json.texts()
    case "models": try json.array { json throws(JSONError) in session.models.append(try json.model()) }
    default: try json.skip()
    }
  }

  consuming func event(_ type: String) throws(LineError) -> SessionEvent? {
    switch type {
    case "session": .session(try sessionRecord())
    case "resume": .resume(try sessionRecord())
    case "file": .file(try fileRecord())
    case "result": .result(try resultRecord())
    case "accept":
      .accept(AcceptRecord(fileID: try fileID(), resultID: try need(resultID, "result_id")))
    case "note":
      .note(
        NoteRecord(
          fileID: try fileID(), kind: try need(NoteRecord.Kind(rawValue: kind ?? ""), "kind"),
          text: text ?? ""))
    case "setting":
      .setting(
        SettingRecord(
          engine: try need(engine, "engine"), name: try need(name, "name"), old: old ?? "", new: new ?? ""))
    case "acknowledge": .acknowledge(AcknowledgeRecord(code: try need(code, "code")))
    case "event": .event(HappeningRecord(name: try need(name, "name"), text: text ?? ""))
    case "checkpoint":
      .checkpoint(
        CheckpointRecord(files: files ?? 0, results: results ?? 0, sha256: try need(sha256, "sha256")))
    case "end":
      .end(EndRecord(files: files ?? 0, results: results ?? 0, sha256: try need(sha256, "sha256")))
    default: nil
    }
  }

  private func sessionRecord() throws(LineError) -> SessionRecord {
    SessionRecord(
      id: try need(id, "id"), program: session.program, version: session.version, commit: session.commit,
      system: session.system, host: session.host, user: session.user, operatorName: session.operatorName,
      sample: session.sample, folders: session.folders, settings: session.settings, models: session.models)
  }

  private func fileRecord() throws(LineError) -> FileRecord {
    var file = file
    file.fileID = try fileID()
    file.status = try need(status, "state")
    file.kind = kind
    return file
  }

  private func resultRecord() throws(LineError) -> ResultRecord {
    ResultRecord(
      resultID: try need(resultID, "result_id"), fileID: try fileID(), file: filePath, frame: frame,
      engine: try need(engine, "engine"), finding: finding, parameters: parameters,
      durationMilliseconds: duration, supersedes: supersedes, previous: previous)
  }

  private func fileID() throws(LineError) -> Int {
    guard hasFileID, 1..<(1 << 40) ~= file.fileID else { throw .missing("file_id") }
    return file.fileID
  }

  private func need<T>(_ value: T?, _ name: String) throws(LineError) -> T {
    guard let value else { throw .missing(name) }
    return value
  }
}

extension JSONReader {
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
