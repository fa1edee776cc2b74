import JSON
import Learning
import System

extension Service {
  /// Engines whose networks can be measured here by themselves.
  private static let measurable = ["pacbed"]

  /// Takes a model that another service, or its maker, sends: a form with its manifest and the files that this names.
  static func submitModel(_ service: Service, _ call: Call) throws -> Response {
    guard let body = call.request.body, call.request.head.mediaType == "multipart/form-data" else {
      throw Refusal(415, "multipart/form-data with manifest.json and the files that it names is needed")
    }
    let form = try Multipart(body, contentType: call.request.head.headers["content-type"] ?? "")
    func bytes(_ name: String) throws -> [UInt8] {
      guard let part = form.parts.first(where: { $0.fileName == name }) else {
        throw Refusal(400, "the form has no file \(name.prefix(80))")
      }
      return try body.bytes(part.range)
    }
    let manifest = try bytes(ModelFolder.manifestFile)
    guard manifest.count <= 1 << 20 else { throw Refusal(413, "manifest.json: more than a megabyte") }
    let json = try Call.json(manifest)
    guard let engine = json["engine"]?.string, measurable.contains(engine) else {
      throw Refusal(422, "manifest.json: engine: one of \(measurable.joined(separator: ", ")) is needed")
    }
    let ticket = try service.training.add(
      { folder in
        do {
          return try ModelFolder.receive(manifest: manifest, into: folder, file: bytes)
        } catch NetworkError.file(let path, let reason) {
          // Where it lies here is nobody's business.
          throw Refusal(422, "\(Submission.plain(path)): \(reason)")
        }
      }, for: call.account)
    call.note { facts in facts.model = "\(ticket.model)" }
    return .json(ticket.json, status: 202)
  }
}
