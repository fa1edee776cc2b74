/// How much may be sent, so that a key is answered soon even over a slow link.
///
/// After every change the terminal is asked whether it is ready. What was sent before a question and is not answered is on
/// its way: behind it every key has to wait. Where answers come at once there is no limit.
package struct LinkPace: Sendable {
  package typealias Instant = ContinuousClock.Instant

  /// Bytes up to each question that is not answered yet.
  private var questions: [(sent: Int, inFlight: Int, at: Instant)] = []
  private var sent = 0
  private var arrived = 0
  /// The shortest time from question to answer, and what was on its way then: the way itself, and what cannot be less.
  private var best: (took: Double, inFlight: Int)?
  /// Bytes a second, where that is a limit.
  private var rate: Double?
  /// Not known yet: a terminal that had not answered when the screen began is treated with care.
  private var isCareful: Bool
  /// Questions in a row with nothing before them.
  private var idleQuestions = 0
  /// Whether it answers at all.
  package private(set) var asks: Bool

  /// What is on its way should be through in so many seconds.
  private static let patience = 0.2
  /// The answer to a key need not wait for what is on its way, but it is short.
  private static let answer = 192
  private static let slowest = 256.0
  /// An answer that took longer will not come any more.
  package static let loss = Duration.seconds(10)
  /// From so many bytes a second on nobody waits.
  private static let fast = 65536.0

  package init(asks: Bool = true, isCareful: Bool = false) {
    self.asks = asks
    self.isCareful = isCareful
  }

  /// It has answered nothing: then nothing can be known of the way to it.
  package mutating func giveUp() {
    guard isCareful else { return }
    self = LinkPace(asks: false)
  }

  package var inFlight: Int { sent - arrived }
  /// Something was sent after the last question, and no answer will tell when it arrived.
  package var owesQuestion: Bool { questions.isEmpty && inFlight > 0 }
  /// All has arrived: only one more question can tell that a link which was slow is so no longer.
  package var isWonderingWhetherFast: Bool { asks && isSlow && questions.isEmpty && inFlight == 0 }
  /// After which it is asked: soon where something was drawn, and ever less often where nothing is.
  package var idleDelay: Duration { .milliseconds(500) * (1 << min(idleQuestions, 6)) }

  /// Pictures have to wait, or to do without pixels.
  package var isSlow: Bool { rate.map { $0 < Self.fast } ?? isCareful }

  /// Bytes that may go now.
  package mutating func room(at now: Instant, isAnswer: Bool = false) -> Int {
    // Nothing came back for so long: whatever the rate is, it is none without a limit.
    if rate == nil, let oldest = questions.first, now - oldest.at > .milliseconds(500) { rate = Self.slowest }
    guard isSlow else { return .max }
    // An answer that got lost must not stop the screen.
    if let oldest = questions.first, now - oldest.at > Self.loss {
      questions = []
      arrived = sent
    }
    let window = max(Self.slowest, (rate ?? 1024) * Self.patience)
    return max(0, Int(window) + (isAnswer ? Self.answer : 0) - inFlight)
  }

  /// Nothing is on its way any more: the program was stopped meanwhile.
  package mutating func restart() { self = LinkPace(asks: asks) }

  package mutating func send(_ bytes: Int) { if asks { sent += bytes } }

  /// Whether to ask now: somebody who never answers is not asked for ever. The question is then owed.
  package mutating func ask(at now: Instant) -> Bool {
    guard asks, questions.count < 64 else { return false }
    idleQuestions = inFlight > 0 ? 0 : idleQuestions + 1
    questions.append((sent, inFlight, now))
    return true
  }

  package mutating func answer(at now: Instant) {
    guard !questions.isEmpty else { return }
    defer { isCareful = false }
    let question = questions.removeFirst()
    arrived = question.sent
    let took = Self.seconds(now - question.at)
    // With nothing before it an answer tells nothing of the rate, but that there need be none.
    guard question.inFlight > 0 || took < 0.1 else { return }
    let shortest = best.map { took < $0.took ? (took, question.inFlight) : $0 } ?? (took, question.inFlight)
    best = shortest
    let waited = took - shortest.0
    if took < 0.1 {
      rate = nil
    } else if waited > 0.05 {
      let found = max(Double(question.inFlight - shortest.1), Self.slowest) / waited
      rate = rate.map { found < $0 ? found : ($0 + found) / 2 } ?? found
    } else if let rate {
      // It came as soon as it could: there may be room for more.
      self.rate = rate * 1.25
    } else if isCareful {
      rate = 2048
    }
  }

  private static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }
}
