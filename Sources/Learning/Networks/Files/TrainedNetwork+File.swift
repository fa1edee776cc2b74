import JSON

extension TrainedNetwork {
  /// One file (see `ArrayFile`): network, weights and notes.
  package func bytes() throws(NetworkError) -> [UInt8] {
    try weights.check(for: network)
    let content: [String: JSONValue] = [
      "kind": .text("model"), "network": network.json, "notes": .object(notes.mapValues(JSONValue.text)),
    ]
    return ArrayFile(content: content, arrays: weights.arrays).bytes()
  }

  package func write(to path: String) throws(NetworkError) { try FileBytes.write(try bytes(), to: path) }

  /// Throws where the file is damaged (its SHA-256 is checked) or its weights do not fit its network.
  package init(file path: String) throws(NetworkError) {
    try self.init(bytes: try FileBytes.read(path), path: path)
  }

  /// `path` is for the errors.
  package init(bytes: [UInt8], path: String) throws(NetworkError) {
    let file = try ArrayFile(bytes, path: path)
    guard file.content["kind"] == .text("model") else { throw .file(path: path, reason: "is not a model") }
    var notes: [String: String] = [:]
    if case .object(let members) = file.content["notes"] { notes = members.compactMapValues(\.string) }
    self.init(
      network: try Network(json: file.content["network"]), weights: Weights(file.arrays), notes: notes)
    try weights.check(for: network)
  }
}

extension Checkpoint {
  /// The arrays' names begin with the part they belong to: "weights/", "moment0/", "average/", "best/".
  package func write(to path: String) throws(NetworkError) {
    var file = ArrayFile(content: ["kind": .text("checkpoint")], arrays: [:])
    var parts: [(String, Weights?)] = [("weights/", weights), ("average/", average), ("best/", best)]
    for (index, moment) in moments.enumerated() { parts.append(("moment\(index)/", moment)) }
    for (prefix, part) in parts {
      for (name, tensor) in part?.arrays ?? [:] { file.arrays[prefix + name] = tensor }
    }
    file.content["step"] = .integer(step)
    file.content["moments"] = .integer(moments.count)
    if !notes.isEmpty { file.content["notes"] = .object(notes.mapValues(JSONValue.text)) }
    if let stopping {
      file.content["stopping"] = .object([
        "patience": .integer(stopping.patience), "minimumGain": .number(stopping.minimumGain),
        "best": stopping.best.isFinite ? .number(stopping.best) : .null,
        "sinceBest": .integer(stopping.sinceBest),
      ])
    }
    try FileBytes.write(file.bytes(), to: path)
  }

  package init(file path: String) throws(NetworkError) {
    let file = try ArrayFile(try FileBytes.read(path), path: path)
    guard file.content["kind"] == .text("checkpoint"), let step = file.content["step"]?.int,
      let moments = file.content["moments"]?.int, (0...4).contains(moments)
    else { throw .file(path: path, reason: "is not a checkpoint") }
    func part(_ prefix: String) -> Weights {
      var weights = Weights()
      for (name, tensor) in file.arrays where name.hasPrefix(prefix) {
        weights[String(name.dropFirst(prefix.count))] = tensor
      }
      return weights
    }
    var stopping: EarlyStopping?
    if let saved = file.content["stopping"], let patience = saved["patience"]?.int,
      let gain = saved["minimumGain"]?.double, let since = saved["sinceBest"]?.int
    {
      stopping = EarlyStopping(
        patience: patience, minimumGain: gain, best: saved["best"]?.double ?? .infinity, sinceBest: since)
    }
    let best = part("best/")
    self.init(
      step: step, weights: part("weights/"), moments: (0..<moments).map { part("moment\($0)/") },
      average: part("average/"), best: best.arrays.isEmpty ? nil : best, stopping: stopping)
    if case .object(let members) = file.content["notes"] { notes = members.compactMapValues(\.string) }
  }
}
