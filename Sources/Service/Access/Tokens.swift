import COpenSSL
import Glibc
import Synchronization
import System

/// What a client may do; each includes the ones before.
package enum Scope: String, Sendable, CaseIterable, Comparable {
  case read, analyse, train, admin

  package static func < (a: Scope, b: Scope) -> Bool { a.rank < b.rank }
  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// One who may ask, and how much.
package struct Account: Sendable, Equatable {
  package var name: String
  package var scope: Scope
  package var requestsPerMinute: Int
  package var bytesPerMinute: Int
  package var trainingHours: Double

  package static let standardRequests = 1200
  package static let standardBytes = 2 << 30
  package static let standardHours = 24.0

  package init(
    name: String, scope: Scope, requestsPerMinute: Int = standardRequests,
    bytesPerMinute: Int = standardBytes,
    trainingHours: Double = standardHours
  ) {
    self.name = name
    self.scope = scope
    self.requestsPerMinute = requestsPerMinute
    self.bytesPerMinute = bytesPerMinute
    self.trainingHours = trainingHours
  }

  /// Whoever sits at this machine, where no tokens were asked for: no more than the machine can do.
  package static let local = Account(
    name: "local", scope: .admin, requestsPerMinute: 1_000_000, bytesPerMinute: 1 << 40, trainingHours: 1e6)
}

/// The tokens file: a line a token, `NAME SCOPE SHA-256 [requests/min bytes/min training-hours]`. The token itself is
/// said once, when it is made, and stands nowhere.
package struct Tokens: Sendable {
  private var accounts: [(digest: [UInt8], account: Account)] = []

  package init(file path: String) throws {
    let text = try WholeFile.text(path, limit: 1 << 20)
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      guard words.count == 3 || words.count == 6, let scope = Scope(rawValue: words[1]),
        let digest = Self.bytes(words[2])
      else {
        throw Refusal(500, "\(path), line \(number + 1): NAME read|analyse|train|admin SHA-256 is needed")
      }
      var account = Account(name: words[0], scope: scope)
      if words.count == 6 {
        guard let requests = Int(words[3]), let bytes = Int(words[4]), let hours = Double(words[5]),
          requests > 0, bytes > 0, hours >= 0
        else { throw Refusal(500, "\(path), line \(number + 1): the limits are three numbers") }
        (account.requestsPerMinute, account.bytesPerMinute, account.trainingHours) = (requests, bytes, hours)
      }
      accounts.append((digest, account))
    }
  }

  /// Whose token it is. All are compared, each in the same time, so that an answer's time tells nothing.
  package func account(for token: String) -> Account? {
    guard token.utf8.count <= 256, let digest = Self.bytes(SHA256.hex(Array(token.utf8))) else { return nil }
    var found: Account?
    for (known, account) in accounts where CRYPTO_memcmp(known, digest, digest.count) == 0 { found = account }
    return found
  }

  /// A new token and the line for the file.
  package static func make(name: String, scope: Scope) -> (token: String, line: String) {
    var random = SystemRandomNumberGenerator()
    let digits = Array(
      "0123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ".unicodeScalars.map(Character.init))
    let token = String((0..<43).map { _ in digits[Int(random.next(upperBound: UInt32(digits.count)))] })
    return (token, "\(name) \(scope.rawValue) \(SHA256.hex(Array(token.utf8)))")
  }

  private static func bytes(_ hex: String) -> [UInt8]? {
    let digits = hex.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == 64, hex.utf8.count == 64 else { return nil }
    return stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}

/// How much each account has asked for in the last minute.
package final class Quotas: Sendable {
  /// A vessel that fills at an even rate and is emptied by what is asked for.
  private struct Vessel {
    var level: Double
    var time: ContinuousClock.Instant

    mutating func take(_ amount: Double, of capacity: Double, at now: ContinuousClock.Instant) -> Double? {
      let passed =
        Double((now - time).components.seconds) + Double((now - time).components.attoseconds) * 1e-18
      level = min(capacity, level + max(0, passed) * capacity / 60)
      time = now
      // What is larger than the vessel waits for a full one.
      let needed = min(amount, capacity)
      guard level < needed else {
        level -= amount
        return nil
      }
      return (needed - level) / capacity * 60
    }
  }

  private let vessels = Mutex<[String: (requests: Vessel, bytes: Vessel)]>([:])

  package init() {}

  /// Counts a request; throws where it is one too many.
  package func take(
    _ account: Account, requests count: Int = 1, bytes: Int, at now: ContinuousClock.Instant = .now
  ) throws(Refusal) {
    let wait = vessels.withLock { vessels in
      var (requests, volume) =
        vessels[account.name] ?? (
          Vessel(level: Double(account.requestsPerMinute), time: now),
          Vessel(level: Double(account.bytesPerMinute), time: now)
        )
      let wait =
        requests.take(Double(count), of: Double(account.requestsPerMinute), at: now)
        ?? volume.take(Double(bytes), of: Double(account.bytesPerMinute), at: now)
      vessels[account.name] = (requests, volume)
      return wait
    }
    guard let wait else { return }
    throw Refusal(
      429,
      "\(account.name): more than \(account.requestsPerMinute) requests or \(account.bytesPerMinute) bytes a minute",
      retryAfter: Int(wait.rounded(.up)))
  }
}
