import Diffraction
import FrameFormats
import JSON
import Learning
import LiveSession
import System

extension Service {
  /// Analyses what was sent and notes it for the register.
  func analyse(_ submission: Submission, engine: String, settings: [String: String], _ call: Call?) throws
    -> SingleAnswer
  {
    var analyst = analyst
    guard engine == Analyst.suitable || analyst.engine(named: engine) != nil else {
      let names = ([Analyst.suitable] + analyst.engines.map(\.name)).joined(separator: ", ")
      throw Refusal(422, "engine: \(engine.prefix(60)) is none of \(names)")
    }
    analyst.choice = engine
    // A setting may name a model or a crystal, never a file of this machine.
    if let odd = settings.sorted(by: { $0.key < $1.key }).first(where: {
      $0.value.contains("/") || $0.value.contains("..")
    }) {
      throw Refusal(422, "\(odd.key.prefix(60)): a path is not taken here")
    }
    call?.note { facts in
      facts.engine = engine
      facts.settings = String(
        decoding: JSONValue.object(settings.mapValues { .text($0) }).bytes, as: UTF8.self)
    }
    let isAbandoned: @Sendable () -> Bool = if let call { call.request.isAbandoned } else { { false } }
    let answer: SingleAnswer
    do {
      var byEngine: [String: [String: String]] = [:]
      for known in analyst.engines { byEngine[known.name] = settings }
      answer = try analyst.answer(
        path: submission.path, name: submission.name, settings: byEngine,
        isCancelled: isAbandoned)
    } catch let error as FileRefusal {
      throw Refusal(error.kind == .unsupported ? 415 : 422, "\(submission.name): \(error.reason)")
    } catch let error as InvalidParameter {
      throw Refusal(422, "\(error)")
    } catch let error as AnalysisError {
      throw Refusal(422, "\(submission.name): \(error)")
    }
    let line = Self.line(answer)
    call?.note { facts in
      facts.engine = answer.engine.name
      facts.model = answer.result.model.map { "\($0.id) \($0.sha256)" }
      facts.result = String(decoding: line.dropLast(), as: UTF8.self)
    }
    return answer
  }

  /// As it would stand in a session file.
  package static func line(_ answer: SingleAnswer) -> [UInt8] {
    let clock = SessionClock.system
    return SessionEvent.result(answer.result).line(
      Stamp(
        sequence: 1, unixMilliseconds: clock.unixMilliseconds(),
        monotonicNanoseconds: clock.monotonicNanoseconds()))
  }

  /// `settings` of a form: a JSON object of numbers and texts.
  static func settings(_ text: String?) throws -> [String: String] {
    guard let text, !text.isEmpty else { return [:] }
    guard case .object(let members) = try Call.json(Array(text.utf8)) else {
      throw Refusal(422, "settings: a JSON object such as {\"convergence_mrad\": 20} is needed")
    }
    var settings: [String: String] = [:]
    for (name, value) in members {
      switch value {
      case .text(let text): settings[name] = text
      case .number(let number): settings[name] = ParameterValue.number(number).description
      case .null: break
      default: throw Refusal(422, "settings: \(name.prefix(60)): a number or a text is needed")
      }
    }
    return settings
  }

  // MARK: - What the routes do

  static func analyseFile(_ service: Service, _ call: Call) throws -> Response {
    let submission = try Submission(call, service)
    let answer = try service.analyse(
      submission, engine: submission.fields["engine"] ?? Analyst.suitable,
      settings: try settings(submission.fields["settings"]), call)
    guard call.query("pictures") ?? submission.fields["pictures"] == "1" || call.query("pictures") == "1"
    else {
      return .bytes(line(answer), type: "application/json")
    }
    let pictures = service.host.figures(answer).map { figure in
      JSONValue.object(["name": .text(figure.name), "png": .text(Base64.text(figure.png))])
    }
    var members: [String: JSONValue] = [
      "request": .text(call.id), "result": try JSONValue(line(answer).dropLast()),
      "pictures": .list(pictures),
    ]
    if let sheet = service.host.sheet(answer) { members["sheet"] = .text(Base64.text(sheet)) }
    return .json(.object(members))
  }

  static func describeFile(_ service: Service, _ call: Call) throws -> Response {
    let submission = try Submission(call, service)
    let source: any FrameSource
    do throws(FileRefusal) {
      source = try service.analyst.files.open(submission.path)
    } catch {
      throw Refusal(error.kind == .unsupported ? 415 : 422, "\(submission.name): \(error.reason)")
    }
    let summary = source.summary
    var members: [String: JSONValue] = [
      "file": .text(submission.name), "format": .text("\(summary.format)"), "width": .integer(summary.width),
      "height": .integer(summary.height), "dtype": .text(summary.sample.rawValue),
      "frames": .integer(summary.frames),
      "engine": .text(service.analyst.engine(for: summary, choice: Analyst.suitable)?.name ?? ""),
      "warnings": .list(summary.warnings.map { .text($0) }),
    ]
    let beam = summary.beam
    for (name, value) in [
      ("voltage_kv", beam.voltageKilovolts), ("convergence_mrad", beam.convergenceMilliradians),
      ("camera_length_mm", beam.cameraLengthMillimetres), ("exposure_s", beam.exposureSeconds),
    ] {
      if let value, value.value.isFinite { members[name] = .number(value.value) }
    }
    return .json(.object(members))
  }

  static func listEngines(_ service: Service, _ call: Call) throws -> Response {
    .json(
      .object([
        "engines": .list(
          service.analyst.engines.filter { $0.name != "drill" }.map { engine in
            .object([
              "name": .text(engine.name), "label": .text(engine.label),
              "outputs": .list(
                engine.outputs.map { .object(["name": .text($0.name), "unit": .text($0.unit)]) }),
              "settings": .list(engine.parameters.map(\.json)),
            ])
          })
      ]))
  }
}

extension Parameter {
  fileprivate var json: JSONValue {
    var members: [String: JSONValue] = [
      "name": .text(name), "title": .text(title), "unit": .text(unit),
      "standard": .text(standard.description),
    ]
    switch domain {
    case .number(let range):
      members["type"] = .text("number")
      members["from"] = .number(range.lowerBound)
      members["to"] = .number(range.upperBound)
    case .choice(let choices):
      members["type"] = .text("choice")
      members["choices"] = .list(choices.map { .text($0) })
    case .text: members["type"] = .text("text")
    }
    return .object(members)
  }
}
