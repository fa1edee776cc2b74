import TerminalUI
import Testing

@Suite struct ControlSequenceTests {
  @Test func aTitleCannotEndItsOwnSequence() {
    #expect(ControlSequence.title("a\u{07}b\u{1B}\\c\u{9C}d") == "\u{1B}]2;ab\\cd\u{07}")
    #expect(ControlSequence.title(String(repeating: "x", count: 5000)).count < 300)
  }

  @Test func aNoticeSpeaksTheTerminalsLanguage() {
    func told(_ term: String, inTmux: Bool = false) -> String {
      ControlSequence.notice("SAT: 3 px; full\u{07}", title: "ewald", term: term, inTmux: inTmux)
    }
    #expect(told("xterm-256color") == "\u{1B}]9;ewald: SAT: 3 px, full\u{07}")
    #expect(told("rxvt-unicode") == "\u{1B}]777;notify;ewald;SAT: 3 px, full\u{07}")
    #expect(told("tmux", inTmux: true) == "\u{1B}Ptmux;\u{1B}\u{1B}]9;ewald: SAT: 3 px, full\u{07}\u{1B}\\")
  }

  @Test func tmuxIsToldTwiceOnceForTheTerminalAroundIt() {
    let told = ControlSequence.clipboard("foo", inTmux: true)
    #expect(told == ["\u{1B}]52;c;Zm9v\u{07}", "\u{1B}Ptmux;\u{1B}\u{1B}]52;c;Zm9v\u{07}\u{1B}\\"])
    #expect(ControlSequence.clipboard("foo", inTmux: false).count == 1)
  }
}
