import JSON
import Diffraction

/// The version of the line format. Additions keep it; readers ignore what they do not know and refuse
/// only a higher number.
package let sessionFormatVersion = 1

/// The longest line that is written; a reader takes any.
package let sessionLineLimit = 64 * 1024

extension SessionEvent {
  /// The event as one line of the session file, with its newline.
  package func line(_ stamp: Stamp) -> [UInt8] {
    var line = encoded(stamp, thin: false)
    // A line stays within 64 KiB: curves go before numbers do.
    if line.count > sessionLineLimit { line = encoded(stamp, thin: true) }
    return line
  }

  private func encoded(_ stamp: Stamp, thin: Bool) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { json in
      json.member("v", sessionFormatVersion)
      json.member("type", type)
      json.member("seq", stamp.sequence)
      json.member("time", Timestamp.text(unixMilliseconds: stamp.unixMilliseconds))
      json.member("mono_ns", stamp.monotonicNanoseconds)
      switch self {
      case .session(let record), .resume(let record): record.encode(into: &json)
      case .file(let record): record.encode(into: &json)
      case .result(let record): record.encode(into: &json, thin: thin)
      case .accept(let record):
        json.member("file_id", record.fileID)
        json.member("result_id", record.resultID.description)
      case .note(let record):
        json.member("file_id", record.fileID)
        json.member("kind", record.kind.rawValue)
        json.member("text", record.text)
      case .setting(let record):
        json.member("engine", record.engine)
        json.member("name", record.name)
        json.member("old", record.old)
        json.member("new", record.new)
      case .acknowledge(let record): json.member("code", record.code)
      case .event(let record):
        json.member("name", record.name)
        json.member("text", record.text)
      case .checkpoint(let record):
        json.member("files", record.files)
        json.member("results", record.results)
        json.member("sha256", record.sha256)
      case .end(let record):
        json.member("files", record.files)
        json.member("results", record.results)
        json.member("sha256", record.sha256)
      }
    }
    return writer.bytes + [UInt8(ascii: "\n")]
  }
}

extension SessionRecord {
  fileprivate func encode(into json: inout JSONWriter) {
    json.member("id", id.description)
    json.member("program", program)
    json.member("version", version)
    json.member("commit", commit)
    json.member("os", system)
    json.member("host", ifPresent: host)
    json.member("user", ifPresent: user)
    json.member("operator", ifPresent: operatorName)
    json.member("sample", ifPresent: sample)
    json.key("folders")
    json.array { json in for folder in folders { json.string(folder) } }
    json.member("settings", settings)
    json.key("models")
    json.array { json in for model in models { json.model(model) } }
    json.member("schema", "ewald-session-1.schema.json")
  }
}

extension FileRecord {
  fileprivate func encode(into json: inout JSONWriter) {
    json.member("file_id", fileID)
    json.member("path", path)
    json.member("state", status.rawValue)
    json.member("revision", revision)
    json.member("size", size)
    json.member("mtime_ns", modifiedNanoseconds)
    json.member("device", device)
    json.member("inode", inode)
    json.member("content", ifPresent: content)
    json.member("format", ifPresent: format)
    json.member("frames", ifPresent: frames)
    json.member("declared_frames", ifPresent: declaredFrames)
    if !shape.isEmpty {
      json.key("shape")
      json.array { json in for extent in shape { json.integer(extent) } }
    }
    json.member("dtype", ifPresent: sample)
    if !metadata.isEmpty {
      json.key("metadata")
      json.array { json in
        for item in metadata.prefix(100) {
          json.object { json in
            json.member("name", item.name)
            json.member("value", item.value)
            json.member("unit", item.unit)
            json.member("source", item.source)
          }
        }
      }
    }
    if !warnings.isEmpty {
      json.key("warnings")
      json.array { json in for warning in warnings.prefix(FileRecord.warningLimit) { json.string(warning) } }
    }
    json.member("reason", ifPresent: reason)
    json.member("kind", ifPresent: kind)
    json.member("offset", ifPresent: offset)
    json.member("same_as", ifPresent: sameAs)
  }
}

extension ResultRecord {
  fileprivate func encode(into json: inout JSONWriter, thin: Bool) {
    json.member("result_id", resultID.description)
    json.member("file_id", fileID)
    json.member("file", file)
    json.member("frame", ifPresent: frame)
    json.member("engine", engine)
    json.key("values")
    json.array { json in for value in finding.values { json.quantity(value) } }
    json.key("histograms")
    json.object { json in
      for histogram in finding.histograms where !thin {
        json.key(histogram.name)
        json.object { json in
          json.member("unit", histogram.unit)
          json.member("centres", histogram.centres)
          json.member("probabilities", histogram.probabilities)
        }
      }
    }
    json.key("profiles")
    json.object { json in
      for profile in finding.profiles where !thin {
        json.key(profile.name)
        json.object { json in
          json.member("unit", profile.unit)
          json.member("start", profile.start)
          json.member("step", profile.step)
          json.member("values", profile.values)
        }
      }
    }
    json.member("verdict", finding.verdict.rawValue)
    json.key("reasons")
    json.array { json in
      for reason in finding.reasons {
        json.object { json in
          json.member("code", reason.code)
          json.member("text", reason.text)
        }
      }
    }
    if let model = finding.model {
      json.key("model")
      json.model(model)
    }
    json.member("params", parameters)
    json.member("artifacts", finding.artifacts)
    json.member("duration_ms", durationMilliseconds)
    json.member("supersedes", ifPresent: supersedes?.description)
    json.member("previous", ifPresent: previous?.description)
  }
}

extension JSONWriter {
  fileprivate mutating func model(_ model: ModelIdentity) {
    object { json in
      json.member("id", model.id)
      json.member("sha256", model.sha256)
    }
  }

  fileprivate mutating func quantity(_ value: Quantity) {
    object { json in
      json.member("name", value.name)
      json.member("value", value.value)
      json.member("unit", value.unit)
      json.member("lo", ifPresent: value.low)
      json.member("hi", ifPresent: value.high)
      json.member("probability", ifPresent: value.probability)
      json.member("said", ifPresent: value.said)
      if !value.alternatives.isEmpty {
        json.key("alternatives")
        json.array { json in
          for alternative in value.alternatives {
            json.object { json in
              json.member("value", alternative.value)
              json.member("probability", alternative.probability)
            }
          }
        }
      }
    }
  }

  fileprivate mutating func member(_ name: String, _ values: [Double]) {
    key(name)
    array { json in for value in values { json.number(value) } }
  }

  /// Sorted by name, so that the same settings are the same bytes.
  fileprivate mutating func member(_ name: String, _ texts: [String: String]) {
    key(name)
    object { json in
      for (name, text) in texts.sorted(by: { $0.key < $1.key }) { json.member(name, text) }
    }
  }
}
