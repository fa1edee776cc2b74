import JSON
import System

/// Who has a part at the moment, as it stands in a file that all machines see.
package struct Lease: Sendable, Equatable {
  /// Of the machines only the file system is common: names and numbers say who it was, the nonce that it is the same.
  package struct Owner: Sendable, Equatable {
    package var nonce: String
    package var host: String
    /// What a process number means: the machine since it was started, and the process's own view of it.
    package var space: String
    package var process: Int
    /// When the process began, in ticks: numbers come again.
    package var begun: String
    /// Slurm's, `123_4`.
    package var job: String?

    package init(
      nonce: String, host: String, space: String, process: Int, begun: String, job: String? = nil
    ) {
      self.nonce = nonce
      self.host = host
      self.space = space
      self.process = process
      self.begun = begun
      self.job = job
    }
  }

  /// Counts who has had the part. The highest one has it; a new one is taken, never an old one again.
  package var epoch: Int
  package var owner: Owner
  /// Rises while the owner lives.
  package var beat: Int
  /// Seconds without a sign of life after which the part is anyone's.
  package var term: Int
  /// The owner has left in order.
  package var isReleased: Bool

  package init(epoch: Int, owner: Owner, beat: Int = 0, term: Int, isReleased: Bool = false) {
    self.epoch = epoch
    self.owner = owner
    self.beat = beat
    self.term = term
    self.isReleased = isReleased
  }
}

extension Lease {
  package var json: JSONValue {
    var owner: [String: JSONValue] = [
      "nonce": .text(self.owner.nonce), "host": .text(self.owner.host), "space": .text(self.owner.space),
      "process": .integer(self.owner.process), "begun": .text(self.owner.begun),
    ]
    owner["job"] = self.owner.job.map(JSONValue.text)
    return .object([
      "owner": .object(owner), "beat": .integer(beat), "term_s": .integer(term),
      "released": .bool(isReleased),
    ])
  }

  /// One that cannot be read, as after a loss of power, is someone's of whom nothing is known: it lapses like others.
  package init(epoch: Int, _ bytes: [UInt8]) {
    let json = try? JSONValue(bytes)
    let owner = json?["owner"]
    self.init(
      epoch: epoch,
      owner: Owner(
        nonce: owner?["nonce"]?.string ?? "unknown", host: owner?["host"]?.string ?? "",
        space: owner?["space"]?.string ?? "", process: owner?["process"]?.int ?? 0,
        begun: owner?["begun"]?.string ?? "", job: owner?["job"]?.string),
      beat: json?["beat"]?.int ?? 0, term: min(max(json?["term_s"]?.int ?? 90, 1), 86_400),
      isReleased: json?["released"] == .bool(true))
  }
}

/// What can be known of another's lease. Clocks of two machines are never compared: a lease has lapsed when the one
/// who waits has seen no change of it for its term, by his own clock.
package struct LeaseWatch: Sendable {
  package enum Judgement: Sendable, Equatable {
    case free
    case held
    case lapsed
  }

  private var seen: (lease: Lease, since: MonotonicTime)?

  package init() {}

  package mutating func look(
    _ lease: Lease?, at now: MonotonicTime, isDead: (Lease.Owner) -> Bool = { _ in false }
  ) -> Judgement {
    guard let lease, !lease.isReleased else { return .free }
    if isDead(lease.owner) { return .lapsed }
    guard let seen, seen.lease == lease else {
      seen = (lease, now)
      return .held
    }
    return now - seen.since < .seconds(lease.term) ? .held : .lapsed
  }
}
