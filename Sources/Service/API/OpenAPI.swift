import JSON

/// The interface's description (OpenAPI 3.1), made from the routes that answer.
enum OpenAPI {
  static func document(_ routes: [Route], version: String) -> JSONValue {
    var paths: [String: [String: JSONValue]] = [:]
    for route in routes {
      paths[route.path, default: [:]][route.method.rawValue.lowercased()] = operation(route)
    }
    return .object([
      "openapi": .text("3.1.0"),
      "info": .object([
        "title": .text("Ewald"), "version": .text(version),
        "summary": .text("What electron diffraction frames mean, with their uncertainty"),
        "license": .object(["name": .text("see the program's documentation")]),
      ]),
      "servers": .list([.object(["url": .text("/")])]),
      "security": .list([.object(["token": .list([])]), .object([:])]),
      "paths": .object(paths.mapValues { .object($0) }),
      "components": .object([
        "securitySchemes": .object(["token": .object(["type": .text("http"), "scheme": .text("bearer")])]),
        "schemas": .object(schemas),
      ]),
    ])
  }

  private static func operation(_ route: Route) -> JSONValue {
    var parameters = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { part in
      JSONValue.object([
        "name": .text(String(part.dropFirst().dropLast())), "in": .text("path"), "required": .bool(true),
        "schema": .object(["type": .text("string")]),
      ])
    }
    parameters += route.form.query.map { query in
      .object([
        "name": .text(query.name), "in": .text("query"), "description": .text(query.summary),
        "schema": .object(["type": .text("string")]),
      ])
    }
    var responses: [String: JSONValue] = [
      "200": .object([
        "description": .text(route.summary),
        "content": content(route.form.reply.type, route.form.reply.schema),
      ]),
      "default": .object([
        "description": .text("Why it is refused"), "content": content("application/json", "Refusal"),
      ]),
    ]
    for (status, summary) in route.form.others {
      responses["\(status)"] = .object([
        "description": .text(summary), "content": content("application/json", "Anything"),
      ])
    }
    var members: [String: JSONValue] = [
      "summary": .text(route.summary), "operationId": .text(identifier(route)),
      "parameters": .list(parameters),
      "responses": .object(responses),
    ]
    if let body = route.form.body {
      members["requestBody"] = .object(["required": .bool(true), "content": content(body.type, body.schema)])
    }
    if let scope = route.scope {
      members["description"] = .text("For tokens that may \(scope.rawValue).")
    } else {
      members["security"] = .list([.object([:])])
    }
    return .object(members)
  }

  private static func content(_ type: String, _ schema: String) -> JSONValue {
    let media = String(type.prefix { $0 != ";" })
    return .object([media: .object(["schema": .object(["$ref": .text("#/components/schemas/\(schema)")])])])
  }

  private static func identifier(_ route: Route) -> String {
    let words = route.path.split(whereSeparator: { !($0.isLetter || $0.isNumber) }).map(String.init)
    return ([route.method.rawValue.lowercased()] + (words.isEmpty ? ["page"] : words)).joined(separator: "_")
  }

  // MARK: - Schemas

  private static func type(_ name: String, _ description: String? = nil) -> JSONValue {
    var members: [String: JSONValue] = ["type": .text(name)]
    if let description { members["description"] = .text(description) }
    return .object(members)
  }

  private static func object(_ properties: [String: JSONValue], required: [String] = []) -> JSONValue {
    .object([
      "type": .text("object"), "properties": .object(properties),
      "required": .list(required.sorted().map { .text($0) }),
    ])
  }

  private static func list(of item: JSONValue) -> JSONValue {
    .object(["type": .text("array"), "items": item])
  }
  private static func reference(_ name: String) -> JSONValue {
    .object(["$ref": .text("#/components/schemas/\(name)")])
  }
  private static let pair = JSONValue.object([
    "type": .text("array"), "items": type("number"), "minItems": .integer(2), "maxItems": .integer(2),
  ])
  private static let binary = JSONValue.object([
    "type": .text("string"), "contentMediaType": .text("application/octet-stream"),
  ])

  private static let schemas: [String: JSONValue] = [
    "Anything": .object(["type": .text("object"), "additionalProperties": .bool(true)]),
    "Text": type("string"),
    "Binary": binary,
    "Refusal": object(
      ["error": type("string", "a sentence: what, where, what to do"), "status": type("integer")],
      required: ["error", "status"]),
    "Service": object(
      [
        "program": type("string"), "version": type("string"), "api": type("string"),
        "needs_token": type("boolean"),
        "crystals": list(of: type("string")),
      ], required: ["program", "version", "needs_token"]),
    "Upload": object(
      [
        "file": binary, "engine": type("string", "an engine's name, or auto"),
        "settings": type("string", "a JSON object of the engine's settings"),
        "parameters": type("string", "file_params for bare numbers, as in the published interface"),
      ], required: ["file"]),
    "PublishedRequest": object(
      [
        "file": binary,
        "parameters": type(
          "string",
          "JSON: file_params {typ raw, dtype, width, height, or typ dm4}, physical_params {acceleration_voltage V, zone_axis {u, v, w}, crystal_structure, convergence_angle mrad}"
        ),
      ], required: ["file", "parameters"]),
    "PublishedAnswer": object(
      [
        "thickness": type("number", "angstrom"),
        "mistilt": .object(["type": .list([.text("number"), .text("null")])]),
        "scale": .object(["type": .list([.text("number"), .text("null")])]),
        "validation": .object([
          "type": .list([.text("string"), .text("null")]), "contentEncoding": .text("base64"),
          "contentMediaType": .text("image/png"),
        ]),
        "thickness_interval": pair, "verdict": type("string"), "reasons": list(of: type("string")),
      ], required: ["thickness", "mistilt", "scale", "validation"]),
    "Result": object(
      [
        "v": type("integer"), "type": type("string"), "file": type("string"), "engine": type("string"),
        "values": list(of: reference("Quantity")), "verdict": type("string"),
        "reasons": list(of: reference("Anything")),
        "histograms": reference("Anything"), "parameters": reference("Anything"),
      ], required: ["v", "type", "engine", "values", "verdict"]),
    "Quantity": object(
      [
        "name": type("string"), "value": .object(["type": .list([.text("number"), .text("null")])]),
        "unit": type("string"),
        "lo": type("number"), "hi": type("number"), "probability": type("number"),
        "alternatives": list(of: reference("Anything")),
      ], required: ["name", "value", "unit"]),
    "Description": object(
      [
        "file": type("string"), "format": type("string"), "width": type("integer"), "height": type("integer"),
        "frames": type("integer"), "engine": type("string"), "voltage_kv": type("number"),
        "convergence_mrad": type("number"),
      ], required: ["file", "format", "width", "height", "frames"]),
    "Engines": object(["engines": list(of: reference("Anything"))], required: ["engines"]),
    "Models": object(["models": list(of: reference("Anything"))], required: ["models"]),
    "Sessions": object(["sessions": list(of: reference("Anything"))], required: ["sessions"]),
    "Session": object(
      [
        "id": type("string"), "files": type("integer"), "results": type("integer"),
        "refused": type("integer"),
        "last_seq": type("integer"), "is_closed": type("boolean"), "alarms": list(of: reference("Anything")),
        "rows": list(of: reference("Anything")),
      ], required: ["id", "files", "results", "rows"]),
    "Requests": object(["requests": list(of: reference("Anything"))], required: ["requests"]),
    "Tickets": object(["tickets": list(of: reference("Ticket"))], required: ["tickets"]),
    "Ticket": object(
      [
        "id": type("string"),
        "state": .object([
          "type": .text("string"), "enum": .list(Ticket.State.allCases.map { .text($0.rawValue) }),
        ]),
        "model": type("string"), "percent": type("number"), "minutes_left": type("number"),
        "message": type("string"),
        "request": .object(["oneOf": .list([reference("TrainingRequest"), reference("ModelCheck")])]),
      ], required: ["id", "state", "percent"]),
    "ModelFiles": object(
      ["file": list(of: binary)], required: ["file"]),
    "ModelCheck": object(
      ["validate": type("string", "SHA-256 of the manifest of a model that was sent")], required: ["validate"]
    ),
    "TrainingRequest": object(
      [
        "crystal": type("string"), "cif": type("string"), "voltage_kv": type("number"),
        "convergence_mrad": pair,
        "thickness_nm": pair, "mistilt_mrad": pair, "steps": type("integer"),
        "zone": .object([
          "type": .text("array"), "items": type("integer"), "minItems": .integer(3), "maxItems": .integer(3),
        ]),
      ], required: ["crystal", "voltage_kv", "convergence_mrad"]),
  ]
}
