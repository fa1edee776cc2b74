import Diffraction
import FrameFormats
import JSON
import Learning
import LiveSession
import System

/// The interface of the publication's web service, for its clients as they are.
enum Published {
  /// `physical_params` of a request.
  struct Conditions: Sendable, Equatable {
    var crystal: String
    var zone: [Int]
    var kilovolts: Double
    var convergence: Double

    init(_ parameters: JSONValue) throws {
      guard let physical = parameters["physical_params"] else {
        throw Refusal(422, "parameters: physical_params is missing")
      }
      guard let crystal = physical["crystal_structure"]?.string, 1...80 ~= crystal.utf8.count else {
        throw Refusal(422, "physical_params: crystal_structure: a name such as Rutile is needed")
      }
      guard let volts = physical["acceleration_voltage"]?.double, 1e4...1e6 ~= volts else {
        throw Refusal(422, "physical_params: acceleration_voltage: volts from 10000 to 1000000 are needed")
      }
      let zone = ["u", "v", "w"].map { physical["zone_axis"]?[$0]?.int }.compactMap { $0 }
      guard zone.count == 3, zone.allSatisfy({ abs($0) < 100 }), zone != [0, 0, 0] else {
        throw Refusal(422, "physical_params: zone_axis: whole numbers u, v, w are needed")
      }
      guard let angle = physical["convergence_angle"]?.double, 0.5...80 ~= angle else {
        throw Refusal(422, "physical_params: convergence_angle: mrad from 0.5 to 80 are needed")
      }
      self.crystal = crystal
      self.zone = zone
      kilovolts = volts / 1e3
      convergence = angle
    }

    /// The name without case and punctuation: `Strontium titanate` is `strontium-titanate`.
    static func plain(_ name: String) -> String { name.lowercased().filter { $0.isLetter || $0.isNumber } }

    /// Whether a model was trained for this.
    func suits(_ model: ModelFolder) -> Bool {
      guard let domain = model.manifest["domain"], let crystal = domain["crystal"]?.string,
        Self.plain(crystal) == Self.plain(self.crystal), domain["zone"]?.ints == zone,
        let voltage = domain["voltage_kv"]?.double, abs(voltage - kilovolts) <= 0.01 * voltage,
        let range = domain["convergence_mrad"]?.items?.compactMap(\.double), range.count == 2
      else { return false }
      return range[0] <= convergence && convergence <= range[1]
    }
  }

  /// `POST /inference/`: an answer, or a ticket where no model fits.
  static func infer(_ service: Service, _ call: Call) throws -> Response {
    let submission = try Submission(call, service)
    guard let text = submission.fields["parameters"] else {
      throw Refusal(400, "the form has no field parameters")
    }
    let conditions = try Conditions(try Call.json(Array(text.utf8)))
    if let model = service.library.models(of: "pacbed").first(where: conditions.suits) {
      return try answer(service, submission, conditions, model, call)
    }
    let known = service.library.models(of: "pacbed").map(\.summary).joined(separator: "; ")
    guard
      let crystal = service.host.crystals.first(where: {
        Conditions.plain($0) == Conditions.plain(conditions.crystal)
      })
    else {
      throw Refusal(
        404,
        "\(conditions.crystal): no model fits, and no crystal of this name is known to train one for (\(known))"
      )
    }
    guard call.account.scope >= .train else {
      throw Refusal(404, "no model fits, and \(call.account.name) may not have one trained (\(known))")
    }
    call.note { facts in
      facts.engine = "pacbed"
      facts.settings = String(decoding: settings(conditions, nil).bytes, as: UTF8.self)
    }
    let angle = conditions.convergence
    let ticket = try service.training.add(
      TrainingRequest(
        crystal: crystal, zone: conditions.zone, kilovolts: conditions.kilovolts,
        convergence: max(0.5, (0.8 * angle).rounded(.down))...min(80, (1.2 * angle).rounded(.up))),
      for: call.account, inquiry: call.id)
    return .json(
      .object([
        "uuid": .text(call.id), "ticket": .text(ticket.id), "state": .text(ticket.state.rawValue),
        "message": .text(
          "no model fits yet; one is trained: ask /inference/delayed/\(call.id) for the answer"),
      ]), status: 202)
  }

  /// `GET /inference/delayed/{uuid}`.
  static func delayed(_ service: Service, _ call: Call) throws -> Response {
    let id = call["uuid"]
    guard let request = try service.register.request(id), let input = request.input, let name = request.name,
      let ticket = try service.register.ticket(of: id)
    else { throw Refusal.notFound("request \(id.prefix(80))") }
    guard ticket.state == .done else {
      var members: [String: JSONValue] = [
        "uuid": .text(id), "ticket": .text(ticket.id), "state": .text(ticket.state.rawValue),
        "percent": .number((ticket.progress * 1000).rounded() / 10), "message": .text(ticket.message),
      ]
      if let minutes = ticket.minutesLeft { members["minutes_left"] = .number(minutes) }
      if ticket.state.isOpen { return .json(.object(members), status: 202) }
      throw Refusal(422, "its training \(ticket.state.rawValue): \(ticket.message)")
    }
    guard let path = service.inputs.find(digest: String(input.prefix(64)), name: input) else {
      throw Refusal(404, "the file that was sent is no longer kept; send it again")
    }
    guard let model = service.library.models(of: "pacbed").first(where: { $0.id == ticket.model }) else {
      throw Refusal(404, "the model \(ticket.model) is no longer here")
    }
    let submission = Submission(name: name, path: path, digest: String(input.prefix(64)), fields: [:])
    let settings = try Service.settings(request.settings)
    var all = settings
    all["model"] = model.id
    return try body(try service.analyse(submission, engine: "pacbed", settings: all, call), service)
  }

  private static func settings(_ conditions: Conditions, _ model: ModelFolder?) -> JSONValue {
    var members: [String: JSONValue] = [
      "convergence_mrad": .number(conditions.convergence), "voltage_kv": .number(conditions.kilovolts),
    ]
    if let model { members["model"] = .text(model.id) }
    return .object(members)
  }

  private static func answer(
    _ service: Service, _ submission: Submission, _ conditions: Conditions, _ model: ModelFolder, _ call: Call
  ) throws -> Response {
    let text = String(decoding: settings(conditions, model).bytes, as: UTF8.self)
    return try body(
      try service.analyse(submission, engine: "pacbed", settings: try Service.settings(text), call), service)
  }

  /// What the clients read: thickness in ångström, mistilt in mrad, scale, a picture to judge the answer by.
  private static func body(_ answer: SingleAnswer, _ service: Service) throws -> Response {
    guard answer.finding.verdict != .notAnalysable, let thickness = answer.finding["thickness"] else {
      let reasons = answer.finding.reasons.map { "\($0.code): \($0.text)" }.joined(separator: "; ")
      throw Refusal(422, "\(answer.result.file): \(reasons.isEmpty ? "not analysable" : reasons)")
    }
    var members: [String: JSONValue] = [
      "thickness": .number(thickness.value * 10),
      "mistilt": answer.finding["mistilt"].map { .number($0.value) } ?? .null,
      "scale": answer.finding["scale"].map { .number($0.value) } ?? .null,
      "validation": service.host.sheet(answer).map { .text(Base64.text($0)) } ?? .null,
      // Ours, for who looks: a client that does not know them passes over them.
      "verdict": .text(answer.finding.verdict.rawValue),
      "reasons": .list(answer.finding.reasons.map { .text("\($0.code): \($0.text)") }),
    ]
    if let low = thickness.low, let high = thickness.high {
      members["thickness_interval"] = .list([.number(low * 10), .number(high * 10)])
    }
    return .json(.object(members))
  }

  /// `GET /pattern/`: a simulated pattern as a picture.
  static func pattern(_ service: Service, _ call: Call) throws -> Response {
    func number(_ name: String, _ range: ClosedRange<Double>, _ standard: Double?) throws -> Double {
      guard let text = call.query(name) else {
        if let standard { return standard }
        throw Refusal(422, "\(name): a number is needed")
      }
      guard let value = Double(text), range.contains(value) else {
        throw Refusal(422, "\(name): a number from \(range.lowerBound) to \(range.upperBound) is needed")
      }
      return value
    }
    let asked = call.query("crystal_structure") ?? ""
    guard
      let crystal = service.host.crystals.first(where: { Conditions.plain($0) == Conditions.plain(asked) })
    else {
      throw Refusal(
        422, "crystal_structure: one of \(service.host.crystals.joined(separator: ", ")) is needed")
    }
    let volts = try number("acceleration_voltage", 1e4...1e6, nil)
    let angle = try number("convergence_angle", 0.5...80, nil)
    let thickness = try number("thickness", 1...2000, nil)
    let tilt = try number("mistilt", 0...40, 0)
    let zone = try ["u", "v", "w"].map { Int(try number($0, -12...12, $0 == "w" ? 1 : 0)) }
    let folder = "\(service.scratch)/\(call.id)"
    defer { Folder.removeTree(folder) }
    let words = [
      "simulate", "pacbed", "--crystal", crystal, "--zone", zone.map(String.init).joined(separator: ","),
      "--voltage-kv",
      "\(volts / 1e3)", "--convergence-mrad", "\(angle)", "--mistilt-mrad", "\(tilt),0", "--thickness-nm",
      "\(thickness / 10)", "--pixels", "256x256", "--pixel-mrad", "\(angle * 4 / 256)", "--debye-waller",
      "--output", folder,
    ]
    guard let process = Companion("/proc/self/exe", words) else {
      throw Refusal(503, "the simulation cannot be started", retryAfter: 10)
    }
    let watchman = Deadline(.seconds(120)) { process.end(9) }
    var said: [String] = []
    let code = process.lines { said.append($0) }
    watchman.cancel()
    guard code == 0, let path = said.last(where: { $0.hasSuffix(".tif") }) else {
      throw Refusal(
        code == nil ? 503 : 422, said.last.map { String($0.prefix(300)) } ?? "the simulation was ended")
    }
    if call.query("format") == "tiff" { return .bytes(try WholeFile.bytes(path), type: "image/tiff") }
    do throws(FileRefusal) {
      let frame = try service.analyst.files.open(path).frame(at: 0)
      return .bytes(service.host.picture(frame.pixels, .discs), type: "image/png")
    } catch {
      throw Refusal(500, "the simulated pattern cannot be read")
    }
  }
}
