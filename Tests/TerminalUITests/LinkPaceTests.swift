import System
import TerminalUI
import Testing

/// How much may be on its way.
@Suite struct LinkPaceTests {
  /// A link of so many bytes a second and so long a way, and what waits in it.
  private struct Link {
    let rate: Double
    let delay: Double
    var now = ContinuousClock.now
    /// When the last byte will have gone through.
    var free = ContinuousClock.now
    var answers: [ContinuousClock.Instant] = []

    mutating func send(_ bytes: Int) {
      free = max(free, now) + .seconds(Double(bytes) / rate)
    }
    mutating func ask() { answers.append(max(free, now) + .seconds(delay)) }
    /// How long a key would wait for what was sent.
    var wait: Double {
      let left = free - now
      return max(0, Double(left.components.seconds) + Double(left.components.attoseconds) * 1e-18)
    }
  }

  /// Sends as much as may go, for a minute of a clock of its own.
  private func run(_ rate: Double, _ delay: Double, careful: Bool) -> (longest: Double, bytes: Int) {
    var link = Link(rate: rate, delay: delay)
    var pace = LinkPace(isCareful: careful)
    var longest = 0.0
    var bytes = 0
    let start = link.now
    while link.now - start < .seconds(60) {
      while let answer = link.answers.first, answer <= link.now {
        link.answers.removeFirst()
        pace.answer(at: link.now)
      }
      // A screen every tenth of a second.
      let room = min(pace.room(at: link.now), 2000)
      if room > 0 {
        pace.send(room)
        link.send(room)
        let isAsked = pace.ask(at: link.now)
        #expect(isAsked)
        link.ask()
        bytes += room
      }
      // Once it is known what the link can.
      if link.now - start > .seconds(30) { longest = max(longest, link.wait) }
      link.now += .milliseconds(100)
    }
    return (longest, bytes)
  }

  @Test(arguments: [true, false]) func aKeyNeverWaitsLongOnASlowLink(_ careful: Bool) {
    let (longest, bytes) = run(1000, 0.3, careful: careful)
    #expect(longest < 0.75)
    // And yet most of the link is used.
    #expect(bytes > 20_000)
  }

  @Test func theAnswerToAKeyGoesBeforeWhatCanWait() {
    var pace = LinkPace(isCareful: true)
    let now = ContinuousClock.now
    pace.send(pace.room(at: now))
    let isAsked = pace.ask(at: now)
    #expect(isAsked)
    let rest = pace.room(at: now)
    let answer = pace.room(at: now, isAnswer: true)
    pace.send(answer)
    let next = pace.room(at: now, isAnswer: true)
    #expect(rest == 0 && 1...256 ~= answer && next == 0)
  }

  @Test func aFastLinkHasNoLimitHoweverFarItGoes() {
    #expect(run(1e7, 0.002, careful: false).bytes >= 1_100_000)
    #expect(run(1e7, 0.3, careful: true).bytes >= 900_000)
  }

  @Test func anAnswerThatGotLostDoesNotStopTheScreen() {
    var pace = LinkPace(isCareful: true)
    let now = ContinuousClock.now
    pace.send(5000)
    let isAsked = pace.ask(at: now)
    #expect(isAsked)
    let atOnce = pace.room(at: now + .seconds(1))
    let later = pace.room(at: now + .seconds(11))
    #expect(atOnce == 0 && later > 0)
    pace.giveUp()
    let silent = pace.room(at: now)
    #expect(silent == .max && !pace.asks && !pace.isSlow)
  }

  @Test func aLinkThatWasHeldUpIsAskedOnceMore() {
    var pace = LinkPace()
    var now = ContinuousClock.now
    func ask(_ bytes: Int, answeredAfter milliseconds: Int) {
      pace.send(bytes)
      let isAsked = pace.ask(at: now)
      #expect(isAsked)
      now += .milliseconds(milliseconds)
      pace.answer(at: now)
    }
    ask(1000, answeredAfter: 2)
    #expect(!pace.isWonderingWhetherFast)
    ask(1000, answeredAfter: 300)
    #expect(pace.isSlow && pace.isWonderingWhetherFast)
    // Nothing was before this one: that it takes its time does not make the link slower.
    #expect(pace.idleDelay == .milliseconds(500))
    let before = pace.room(at: now)
    ask(0, answeredAfter: 400)
    #expect(pace.idleDelay == .seconds(1))
    let after = pace.room(at: now)
    #expect(before == after && pace.isWonderingWhetherFast)
    ask(0, answeredAfter: 2)
    #expect(!pace.isSlow && !pace.isWonderingWhetherFast)
  }

  /// However much is sent at once while the terminal is busy elsewhere: once it has answered all, the next key is drawn.
  @Test func afterAllAnswersThereIsRoom() {
    var random = SplitMix64(seed: 11)
    for _ in 0..<200 {
      var pace = LinkPace()
      var now = ContinuousClock.now
      var asked = 0
      for _ in 0..<Int.random(in: 60...200, using: &random) {
        now += .milliseconds(Int.random(in: 0...4, using: &random))
        guard pace.room(at: now) > 0 else { continue }
        pace.send(Int.random(in: 30...6000, using: &random))
        if pace.ask(at: now) { asked += 1 }
      }
      now += .milliseconds(Int.random(in: 0...3000, using: &random))
      #expect(asked <= 64)
      while asked > 0 || pace.owesQuestion {
        now += .milliseconds(Int.random(in: 0...300, using: &random))
        if asked == 0, pace.ask(at: now) { asked += 1 }
        now += .milliseconds(1)
        pace.answer(at: now)
        asked -= 1
      }
      let room = pace.room(at: now)
      #expect(room > 0)
    }
  }
}
