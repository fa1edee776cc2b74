import Analysis
import Diffraction
import Testing

@Suite struct ReasonTests {
  @Test func `codes of earlier sessions are known by today's`() {
    #expect(ReasonCode(code: "RNGE") == .endOfRange && ReasonCode(code: "SMAL") == .tooSmall)
    #expect(ReasonCode.current("RNGE") == "RNG" && ReasonCode.current("SAT") == "SAT")
    #expect(ReasonCode(code: "R0") == nil && ReasonCode.current("R0") == "R0")
  }

  @Test(arguments: ReasonCode.allCases)
  func `a reason has a short code and plain words`(code: ReasonCode) {
    #expect(2...4 ~= code.rawValue.count && code.rawValue == code.rawValue.uppercased())
    #expect(code.explanation.count > 20 && code.explanation.count < 130 && !code.explanation.contains("\n"))
  }

  @Test func `the gravest reason decides, and comes first`() {
    var judgement = Judgement()
    #expect(judgement.verdict == .accept && judgement.isClean)
    judgement.note(.incomplete, "60 of 64 patterns are there")
    #expect(judgement.verdict == .accept && !judgement.isClean)
    judgement.note(.saturated, "9 saturated pixels")
    #expect(judgement.verdict == .doubtful)
    judgement.note(.endOfRange, "thickness at the end")
    #expect(judgement.verdict == .outOfDomain)
    #expect(judgement.reasons.map(\.code) == ["RNG", "PART", "SAT"])
    // Without an answer none lies outside.
    judgement.note(.cutOff, .blocks, "only 12 % of the pattern lies on the camera")
    #expect(judgement.verdict == .notAnalysable)
    #expect(judgement.reasons.map(\.code) == ["CUT", "PART", "SAT"])
  }

  @Test func `what is no number is left out, and said`() {
    let finding = Finding(values: [Quantity("a", 1, low: -.infinity), Quantity("b", .nan)]).finite
    #expect(finding.values == [Quantity("a", 1)])
    #expect(finding.verdict == .notAnalysable && finding.reasons.map(\.code) == ["NUM"])
  }
}

@Suite struct DigitsTests {
  @Test func `so many digits are kept, and whole numbers`() {
    #expect(1234.5678.rounded(digits: 6) == 1234.57)
    #expect(0.000123456789.rounded(digits: 4) == 0.0001235)
    #expect((-2.0 / 3).rounded(digits: 3) == -0.667)
    #expect(44_235_277.0.told == 44_235_277)
    #expect(44_235_277.0.rounded(digits: 4, keepsWhole: false) == 44_240_000)
  }

  @Test func `numbers at the ends of their range stay numbers`() {
    #expect(1e-300.told == 0 && 0.0.told == 0 && 1e20.told == 1e20)
    #expect(Double.infinity.told == .infinity && Double.nan.told.isNaN)
  }

  @Test func `sentences have short numbers`() {
    #expect(2_074_970.0.short(digits: 4) == "2075000" && 0.247816.short(digits: 4) == "0.2478")
    #expect(Double.nan.short(digits: 4) == "nan" && (-0.0).short(digits: 4) == "0")
    #expect(3.0.short == "3" && 12.345.short == "12.35" && 1e300.short == "1e+300")
  }
}
