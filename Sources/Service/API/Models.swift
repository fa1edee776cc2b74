import JSON
import Learning
import LiveSession
import System

extension Service {
  static func listModels(_ service: Service, _ call: Call) throws -> Response {
    .json(
      .object([
        "models": .list(
          service.library.models().map { model in
            .object([
              "id": .text(model.id), "engine": .text(model.engine), "sha256": .text(model.sha256),
              "summary": .text(model.summary), "domain": model.manifest["domain"] ?? .null,
              "validation": model.manifest["validation"] ?? .null,
              "author": model.manifest["author"] ?? .null, "licence": model.manifest["licence"] ?? .null,
              "made": model.manifest["made"] ?? .null,
              "files": .list(model.fileNames.map { .text($0) }),
            ])
          })
      ]))
  }

  static func showModel(_ service: Service, _ call: Call) throws -> Response {
    .json(try service.model(call["id"]).manifest)
  }

  /// A file of a model, as its manifest's digest says it is.
  static func modelFile(_ service: Service, _ call: Call) throws -> Response {
    let model = try service.model(call["id"])
    let name = call["file"]
    if name == ModelFolder.manifestFile {
      return .bytes(try WholeFile.bytes("\(model.path)/\(name)", limit: 16 << 20), type: "application/json")
    }
    guard model.fileNames.contains(name) else { throw Refusal.notFound("file \(name.prefix(80))") }
    return .bytes(try model.bytes(of: name), type: "application/octet-stream")
  }

  private func model(_ id: String) throws -> ModelFolder {
    guard let model = library.models().first(where: { $0.id == id }) else {
      throw Refusal.notFound("model \(id.prefix(80))")
    }
    return model
  }

  // MARK: - Training

  static func listTickets(_ service: Service, _ call: Call) throws -> Response {
    .json(.object(["tickets": .list(try service.register.tickets().map(\.json))]))
  }

  static func showTicket(_ service: Service, _ call: Call) throws -> Response {
    guard let ticket = try service.register.ticket(call["id"]) else {
      throw Refusal.notFound("ticket \(call["id"].prefix(80))")
    }
    return .json(ticket.json)
  }

  static func train(_ service: Service, _ call: Call) throws -> Response {
    let request = try TrainingRequest(try call.json())
    if let cif = request.cif {
      do {
        try service.host.checkCrystal(cif)
      } catch {
        throw Refusal(422, "cif: \(error)")
      }
    } else if !service.host.crystals.contains(request.crystal) {
      throw Refusal(
        422, "crystal: without a cif one of \(service.host.crystals.joined(separator: ", ")) is needed")
    }
    let ticket = try service.training.add(request, for: call.account)
    return .json(ticket.json, status: 202)
  }

  static func cancelTicket(_ service: Service, _ call: Call) throws -> Response {
    guard let ticket = try service.training.cancel(call["id"]) else {
      throw Refusal.notFound("ticket \(call["id"].prefix(80))")
    }
    return .json(ticket.json)
  }

  // MARK: - The register

  static func listRequests(_ service: Service, _ call: Call) throws -> Response {
    let limit = call.query("limit").flatMap { Int($0) } ?? 50
    guard 1...1000 ~= limit else { throw Refusal(422, "limit: a number from 1 to 1000 is needed") }
    return .json(.object(["requests": .list(try service.register.requests(limit: limit).map(\.json))]))
  }

  static func showRequest(_ service: Service, _ call: Call) throws -> Response {
    guard let request = try service.register.request(call["id"]) else {
      throw Refusal.notFound("request \(call["id"].prefix(80))")
    }
    return .json(request.json)
  }
}

extension Service {
  /// Computes the answer of a logged request again: the recorded line and the new one.
  package func replay(_ id: String) throws -> (recorded: ResultRecord, answer: SingleAnswer) {
    guard let request = try register.request(id) else { throw Refusal.notFound("request \(id)") }
    guard let input = request.input, let name = request.name, let line = request.result,
      let recorded = ResultRecord(line: line)
    else {
      throw Refusal(
        422, "request \(id) has no answer that could be computed again (\(request.error ?? request.path))")
    }
    let digest = String(input.prefix(64))
    guard let path = inputs.find(digest: digest, name: input) else {
      throw Refusal(404, "the input \(digest) is no longer kept")
    }
    let settings = try Self.settings(request.settings)
    let submission = Submission(name: name, path: path, digest: digest, fields: [:])
    return (
      recorded, try analyse(submission, engine: request.engine ?? Analyst.suitable, settings: settings, nil)
    )
  }
}
