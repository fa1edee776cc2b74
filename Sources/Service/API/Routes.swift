import System

extension Service {
  private static let file = ("multipart/form-data", "Upload")
  private static let json = "application/json"

  /// The one list of what can be asked for; the OpenAPI document is made from it.
  package static let allRoutes: [Route] = [
    // The published interface.
    Route(
      method: .post, path: "/inference/",
      summary: "Thickness and mistilt as the published clients ask for them",
      scope: .analyse, limit: bodyLimit,
      form: .init(
        body: ("multipart/form-data", "PublishedRequest"), reply: (json, "PublishedAnswer"),
        others: [
          (202, "No model fits yet: one is trained, and the answer comes at /inference/delayed/{uuid}")
        ]),
      isLogged: true, takesLong: true, answer: Published.infer),
    Route(
      method: .get, path: "/inference/delayed/{uuid}",
      summary: "The answer of a request that had to wait for its model",
      scope: .analyse,
      form: .init(reply: (json, "PublishedAnswer"), others: [(202, "Still in training, with its progress")]),
      takesLong: true, answer: Published.delayed),
    Route(
      method: .get, path: "/pattern/", summary: "A simulated pattern", scope: .analyse,
      form: .init(
        query: [
          ("crystal_structure", "a known crystal"), ("acceleration_voltage", "V"),
          ("convergence_angle", "mrad"),
          ("thickness", "angstrom"), ("mistilt", "mrad (0)"), ("u", "zone axis (0)"), ("v", "(0)"),
          ("w", "(1)"),
          ("format", "png or tiff"),
        ], reply: ("image/png", "Binary")), isLogged: true, takesLong: true, answer: Published.pattern),

    // Our own.
    Route(
      method: .get, path: "/api/v1", summary: "Who this is", scope: nil,
      form: .init(reply: (json, "Service")), answer: about),
    Route(
      method: .get, path: "/api/v1/openapi.json", summary: "This document", scope: nil,
      answer: { service, _ in
        .json(OpenAPI.document(allRoutes, version: service.host.version))
      }),
    Route(
      method: .get, path: "/api/v1/engines", summary: "The engines, their values and their settings",
      scope: .read,
      form: .init(reply: (json, "Engines")), answer: listEngines),
    Route(
      method: .post, path: "/api/v1/analyses",
      summary: "Analyse a file; the answer is its line of a session file",
      scope: .analyse, limit: bodyLimit,
      form: .init(
        query: [("pictures", "1: an object with the line, the figures and the validation sheet as PNG")],
        body: file,
        reply: (json, "Result")), isLogged: true, takesLong: true, answer: analyseFile),
    Route(
      method: .post, path: "/api/v1/descriptions",
      summary: "What a file is: format, size, what its metadata state",
      scope: .analyse, limit: bodyLimit, form: .init(body: file, reply: (json, "Description")),
      takesLong: true, answer: describeFile),
    Route(
      method: .get, path: "/api/v1/models", summary: "The models with their domain and validation",
      scope: .read,
      form: .init(reply: (json, "Models")), answer: listModels),
    Route(
      method: .post, path: "/api/v1/models",
      summary: "Offer a model: it is kept in quarantine until its validation was run here", scope: .train,
      limit: bodyLimit,
      form: .init(
        body: ("multipart/form-data", "ModelFiles"), reply: (json, "Ticket"), others: [(202, "The ticket")]),
      isLogged: true, takesLong: true, answer: submitModel),
    Route(
      method: .get, path: "/api/v1/models/{id}", summary: "A model's manifest", scope: .read,
      form: .init(reply: (json, "Anything")), answer: showModel),
    Route(
      method: .get, path: "/api/v1/models/{id}/{file}", summary: "A file of a model", scope: .read,
      form: .init(reply: ("application/octet-stream", "Binary")), answer: modelFile),
    Route(
      method: .get, path: "/api/v1/tickets", summary: "The trainings, the newest first", scope: .read,
      form: .init(reply: (json, "Tickets")), answer: listTickets),
    Route(
      method: .post, path: "/api/v1/tickets", summary: "Have a model trained", scope: .train, limit: 2 << 20,
      form: .init(body: (json, "TrainingRequest"), reply: (json, "Ticket"), others: [(202, "The ticket")]),
      isLogged: true, takesLong: true, answer: train),
    Route(
      method: .get, path: "/api/v1/tickets/{id}", summary: "A training", scope: .read,
      form: .init(reply: (json, "Ticket")), answer: showTicket),
    Route(
      method: .delete, path: "/api/v1/tickets/{id}", summary: "Cancel a training", scope: .train,
      form: .init(reply: (json, "Ticket")), isLogged: true, answer: cancelTicket),
    Route(
      method: .get, path: "/api/v1/requests", summary: "The register, the newest first", scope: .admin,
      form: .init(query: [("limit", "1 to 1000 (50)")], reply: (json, "Requests")), answer: listRequests),
    Route(
      method: .get, path: "/api/v1/requests/{id}", summary: "A request as it was written down", scope: .admin,
      form: .init(reply: (json, "Anything")), answer: showRequest),
    Route(
      method: .get, path: "/api/v1/sessions", summary: "The sessions, the last changed first", scope: .read,
      form: .init(reply: (json, "Sessions")), answer: listSessions),
    Route(
      method: .get, path: "/api/v1/sessions/{id}",
      summary: "A session as it stands: counts, alarms, newest files",
      scope: .read, form: .init(query: [("rows", "0 to 1000 (100)")], reply: (json, "Session")),
      answer: showSession),
    Route(
      method: .get, path: "/api/v1/sessions/{id}/events", summary: "A session's lines as server-sent events",
      scope: .read,
      form: .init(query: [("from", "newest, or the number of a line")], reply: ("text/event-stream", "Text")),
      answer: sessionEvents),
    Route(
      method: .get, path: "/api/v1/sessions/{id}/files/{file}", summary: "The whole result of a file",
      scope: .read,
      form: .init(reply: (json, "Result")), answer: sessionResult),
    Route(
      method: .get, path: "/api/v1/sessions/{id}/files/{file}/picture", summary: "A file's first frame",
      scope: .read,
      form: .init(reply: ("image/png", "Binary")), takesLong: true, answer: sessionPicture),

    // The page.
    page("/", "text/html; charset=utf-8", PackageResources.index_html),
    page("/style.css", "text/css; charset=utf-8", PackageResources.style_css),
    page("/app.js", "text/javascript; charset=utf-8", PackageResources.app_js),
  ]

  private static func page(_ path: String, _ type: String, _ bytes: [UInt8]) -> Route {
    Route(
      method: .get, path: path, summary: "The page", scope: nil, form: .init(reply: (type, "Text")),
      answer: { _, _ in .bytes(bytes, type: type) })
  }

  private static func about(_ service: Service, _ call: Call) throws -> Response {
    .json(
      .object([
        "program": .text("ewald"), "version": .text(service.host.version),
        "api": .text("/api/v1/openapi.json"),
        "needs_token": .bool(service.needsToken), "crystals": .list(service.host.crystals.map { .text($0) }),
      ]))
  }
}
