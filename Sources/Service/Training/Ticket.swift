import Glibc
import JSON
import LiveSession
import System

/// What a network shall learn: one crystal along one zone axis.
package struct TrainingRequest: Sendable, Equatable {
  /// A crystal that the program knows, or the name for the one of `cif`.
  package var crystal: String
  package var cif: String?
  package var zone: [Int]
  package var kilovolts: Double
  package var convergence: ClosedRange<Double>
  package var thickness: ClosedRange<Double>
  package var mistilt: ClosedRange<Double>
  package var steps: Int

  package static let standardSteps = 6000

  package init(
    crystal: String, cif: String? = nil, zone: [Int] = [0, 0, 1], kilovolts: Double,
    convergence: ClosedRange<Double>,
    thickness: ClosedRange<Double> = 0...100, mistilt: ClosedRange<Double> = 0...10,
    steps: Int = standardSteps
  ) {
    self.crystal = crystal
    self.cif = cif
    self.zone = zone
    self.kilovolts = kilovolts
    self.convergence = convergence
    self.thickness = thickness
    self.mistilt = mistilt
    self.steps = steps
  }

  /// Throws what is wrong with it, in a sentence.
  package init(_ json: JSONValue) throws {
    guard case .object(let members) = json else {
      throw Refusal(422, "a training is described by a JSON object")
    }
    let known = [
      "crystal", "cif", "zone", "voltage_kv", "convergence_mrad", "thickness_nm", "mistilt_mrad", "steps",
    ]
    if let odd = members.keys.sorted().first(where: { !known.contains($0) }) {
      throw Refusal(422, "\(odd): is none of \(known.joined(separator: ", "))")
    }
    guard let crystal = json["crystal"]?.string, Self.isName(crystal) else {
      throw Refusal(422, "crystal: a name of letters, digits and hyphens is needed")
    }
    func range(_ name: String, _ standard: ClosedRange<Double>?, in limits: ClosedRange<Double>) throws
      -> ClosedRange<Double>
    {
      if json[name] == nil, let standard { return standard }
      guard let ends = json[name]?.items?.compactMap(\.double), ends.count == 2, ends[0] <= ends[1],
        limits.contains(ends[0]), limits.contains(ends[1])
      else {
        throw Refusal(
          422, "\(name): [from, to] within \(limits.lowerBound) and \(limits.upperBound) is needed")
      }
      return ends[0]...ends[1]
    }
    guard let kilovolts = json["voltage_kv"]?.double, 10...1000 ~= kilovolts else {
      throw Refusal(422, "voltage_kv: a number from 10 to 1000 is needed")
    }
    let zone = json["zone"] == nil ? [0, 0, 1] : json["zone"]?.ints ?? []
    guard zone.count == 3, zone.allSatisfy({ abs($0) < 100 }), zone != [0, 0, 0] else {
      throw Refusal(422, "zone: three small whole numbers are needed")
    }
    let steps = json["steps"] == nil ? Self.standardSteps : json["steps"]?.int ?? 0
    guard 1...200_000 ~= steps else { throw Refusal(422, "steps: a whole number from 1 to 200000 is needed") }
    let cif = json["cif"]?.string
    if let cif, cif.utf8.count > 1 << 20 { throw Refusal(413, "cif: more than a megabyte") }
    self.init(
      crystal: crystal, cif: cif, zone: zone, kilovolts: kilovolts,
      convergence: try range("convergence_mrad", nil, in: 0.5...80),
      thickness: try range("thickness_nm", 0...100, in: 0...500),
      mistilt: try range("mistilt_mrad", 0...10, in: 0...40), steps: steps)
  }

  package var json: JSONValue {
    func pair(_ range: ClosedRange<Double>) -> JSONValue {
      .list([.number(range.lowerBound), .number(range.upperBound)])
    }
    var members: [String: JSONValue] = [
      "crystal": .text(crystal), "zone": .integers(zone), "voltage_kv": .number(kilovolts),
      "convergence_mrad": pair(convergence), "thickness_nm": pair(thickness), "mistilt_mrad": pair(mistilt),
      "steps": .integer(steps),
    ]
    if let cif { members["cif"] = .text(cif) }
    return .object(members)
  }

  /// The words of `ewald train` for it.
  func words(crystalFile: String?, author: String, output: String) -> [String] {
    func pair(_ range: ClosedRange<Double>) -> String { "\(range.lowerBound)..\(range.upperBound)" }
    return [
      "train", "pacbed", "--crystal", crystalFile ?? crystal, "--zone",
      zone.map(String.init).joined(separator: ","),
      "--voltage-kv", "\(kilovolts)", "--convergence-mrad", pair(convergence), "--thickness-nm",
      pair(thickness),
      "--mistilt-mrad", pair(mistilt), "--steps", "\(steps)", "--threads", "1", "--author", author,
      "--progress", "\(getpid())",
      "--output",
      output,
    ]
  }

  /// `rutile-80kv`, `silicon-300kv-0-1-1`.
  var modelName: String {
    let voltage = kilovolts == kilovolts.rounded() ? "\(Int(kilovolts))" : "\(kilovolts)"
    let axis = zone == [0, 0, 1] ? "" : "-" + zone.map(String.init).joined(separator: "-")
    return "\(crystal)-\(voltage)kv\(axis)"
  }

  private static func isName(_ text: String) -> Bool {
    1...64 ~= text.utf8.count && !text.hasPrefix("-")
      && text.utf8.allSatisfy {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0
          || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: "-")
      }
  }
}

/// A promise: to train a network, or to look at one that was sent.
package struct Ticket: Sendable, Equatable {
  package enum State: String, Sendable, CaseIterable {
    case queued, running, done, failed, cancelled
    /// Trained, and its validation missed what is asked of a model: it is not offered.
    case keptAside = "kept_aside"

    package var isOpen: Bool { self == .queued || self == .running }
  }

  package enum Task: Sendable, Equatable {
    case train(TrainingRequest)
    /// A model that somebody sent, by the digest of its manifest: in quarantine until it was measured here.
    case validate(sha256: String)

    init(_ json: JSONValue) throws {
      if let digest = json["validate"]?.string {
        self = .validate(sha256: digest)
      } else {
        self = .train(try TrainingRequest(json))
      }
    }

    var json: JSONValue {
      switch self {
      case .train(let request): request.json
      case .validate(let digest): .object(["validate": .text(digest)])
      }
    }
  }

  package var id: String
  package var created: Int
  package var changed: Int
  package var token: String
  package var state: State
  package var task: Task
  package var model: String
  /// 0 to 1.
  package var progress: Double
  package var minutesLeft: Double?
  package var message: String
  /// The logged request that waits for it.
  package var inquiry: String?
  /// Spent on it so far.
  package var seconds: Double

  package var json: JSONValue {
    var members: [String: JSONValue] = [
      "id": .text(id), "state": .text(state.rawValue), "model": .text(model),
      "percent": .number((progress * 1000).rounded() / 10),
      "created": .text(Timestamp.text(unixMilliseconds: created)), "message": .text(message),
      "request": task.json,
      "seconds": .number(seconds.rounded()),
    ]
    if let minutesLeft, state.isOpen { members["minutes_left"] = .number((minutesLeft * 10).rounded() / 10) }
    return .object(members)
  }
}

extension Register {
  func add(_ ticket: Ticket) throws {
    try database.run(
      "INSERT INTO tickets VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", .text(ticket.id), .integer(ticket.created),
      .integer(ticket.changed), .text(ticket.token), .text(ticket.state.rawValue),
      .text(String(decoding: ticket.task.json.bytes, as: UTF8.self)),
      .text(ticket.model), .real(ticket.progress), ticket.minutesLeft.map { .real($0) } ?? .null,
      .text(ticket.message), ticket.inquiry.map { .text($0) } ?? .null, .real(ticket.seconds))
  }

  /// Writes what may change.
  func update(_ ticket: Ticket) throws {
    try database.run(
      "UPDATE tickets SET changed = ?, state = ?, progress = ?, minutes_left = ?, message = ?, seconds = ? WHERE id = ?",
      .integer(Self.now), .text(ticket.state.rawValue), .real(ticket.progress),
      ticket.minutesLeft.map { .real($0) } ?? .null, .text(ticket.message), .real(ticket.seconds),
      .text(ticket.id))
  }

  package func ticket(_ id: String) throws -> Ticket? {
    try database.rows("SELECT * FROM tickets WHERE id = ?", .text(id)).first.flatMap(Self.ticket)
  }

  /// The one that a logged request waits for.
  func ticket(of inquiry: String) throws -> Ticket? {
    try database.rows("SELECT * FROM tickets WHERE inquiry = ?", .text(inquiry)).first.flatMap(Self.ticket)
  }

  /// The newest first.
  package func tickets(limit: Int = 200) throws -> [Ticket] {
    try database.rows("SELECT * FROM tickets ORDER BY created DESC LIMIT ?", .integer(limit)).compactMap(
      Self.ticket)
  }

  /// Queued or running, the oldest first.
  func openTickets() throws -> [Ticket] {
    try database.rows("SELECT * FROM tickets WHERE state IN ('queued', 'running') ORDER BY created")
      .compactMap(Self.ticket)
  }

  /// Hours of training that an account has had in the last thirty days.
  func trainingHours(of token: String) throws -> Double {
    let since = Self.now - 30 * 86_400_000
    let rows = try database.rows(
      "SELECT TOTAL(seconds) AS s FROM tickets WHERE token = ? AND created > ?", .text(token), .integer(since)
    )
    return (rows.first?["s"]?.double ?? 0) / 3600
  }

  private static func ticket(_ row: Database.Row) -> Ticket? {
    guard let id = row["id"]?.string, let text = row["request"]?.string, let json = try? JSONValue(text.utf8),
      let task = try? Ticket.Task(json),
      let state = row["state"]?.string.flatMap({ Ticket.State(rawValue: $0) })
    else { return nil }
    return Ticket(
      id: id, created: row["created"]?.int ?? 0, changed: row["changed"]?.int ?? 0,
      token: row["token"]?.string ?? "",
      state: state, task: task, model: row["model"]?.string ?? "",
      progress: row["progress"]?.double ?? 0,
      minutesLeft: row["minutes_left"]?.double, message: row["message"]?.string ?? "",
      inquiry: row["inquiry"]?.string, seconds: row["seconds"]?.double ?? 0)
  }
}
