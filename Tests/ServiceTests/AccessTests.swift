import System
import Testing

import Service

@Suite struct AccessTests {
  @Test func aTokenIsKnownByItsDigestAlone() throws {
    let scratch = try Scratch()
    let (token, line) = Tokens.make(name: "beamline", scope: .train)
    #expect(!line.contains(token))
    #expect(token.count == 43)
    let path = "\(scratch.path)/tokens"
    try NewFile.write(
      Array("# who may ask\n\n\(line) 10 1000 2.5\n\(Tokens.make(name: "b", scope: .read).line)\n".utf8),
      to: path)
    let tokens = try Tokens(file: path)
    let account = try #require(tokens.account(for: token))
    #expect(
      account
        == Account(
          name: "beamline", scope: .train, requestsPerMinute: 10, bytesPerMinute: 1000, trainingHours: 2.5))
    for wrong in ["", token + "x", String(token.dropLast()), String(repeating: "a", count: 300)] {
      #expect(tokens.account(for: wrong) == nil)
    }
  }

  @Test(arguments: ["a analyse", "a boss 00", "a read zz", "a read \(String(repeating: "0", count: 64)) 1 2"])
  func aLineThatSaysNothingIsRefused(_ line: String) throws {
    let scratch = try Scratch()
    try NewFile.write(Array("\n\(line)\n".utf8), to: "\(scratch.path)/tokens")
    #expect {
      try Tokens(file: "\(scratch.path)/tokens")
    } throws: { "\($0)".contains("line 2") }
  }

  @Test func aScopeIncludesTheOnesBelow() {
    #expect(Scope.allCases == Scope.allCases.sorted())
    #expect(Scope.read < .analyse && Scope.train < .admin)
  }

  @Test func aMinutesRequestsComeBackWithTime() throws {
    let quotas = Quotas()
    let account = Account(name: "a", scope: .analyse, requestsPerMinute: 3, bytesPerMinute: 1000)
    let start = ContinuousClock.now
    for _ in 0..<3 { try quotas.take(account, bytes: 1, at: start) }
    #expect {
      try quotas.take(account, bytes: 1, at: start)
    } throws: { error in
      let refusal = error as? Refusal
      return refusal?.status == 429 && refusal?.retryAfter == 20
    }
    try quotas.take(account, bytes: 1, at: start.advanced(by: .seconds(21)))
    // Another's are its own.
    try quotas.take(Account(name: "b", scope: .read, requestsPerMinute: 1), bytes: 1, at: start)
  }

  @Test func bytesAreCountedToo() throws {
    let quotas = Quotas()
    let account = Account(name: "a", scope: .analyse, requestsPerMinute: 100, bytesPerMinute: 1000)
    let start = ContinuousClock.now
    try quotas.take(account, bytes: 900, at: start)
    #expect(throws: Refusal.self) { try quotas.take(account, bytes: 200, at: start) }
    try quotas.take(account, bytes: 200, at: start.advanced(by: .seconds(7)))
  }
}
