import Analysis
import Diffraction
import Testing

@Suite struct SettingTests {
  enum Way: String, CaseIterable { case quick, thorough = "very_thorough" }

  let limit = Setting<Double>("limit_px", "limit", unit: "px", 0...10, standard: 5)
  let angle = Setting<Double?>("angle_mrad", "angle", unit: "mrad", 1...100)
  let count = Setting<Int>("count", "how many", 1...6, standard: 2)
  let way = Setting<Way>("way", "which way", standard: .quick)
  let side = Setting<Way?>("side", "which side")
  let follows = Setting<Bool>("follow", "follow the beam", standard: true)
  let model = Setting<String?>("model", "model")
  let scan = Setting<ScanShape?>(scan: "scan")

  @Test func `a setting is declared once and read as its type`() throws {
    let nothing = ParameterValues()
    #expect(try nothing[limit] == 5 && nothing[angle] == nil && nothing[count] == 2 && nothing[way] == .quick)
    #expect(try nothing[side] == nil && nothing[follows] && nothing[model] == nil && nothing[scan] == nil)
    let said = ParameterValues([
      "limit_px": .number(7.5), "angle_mrad": .number(20), "count": .number(3.9),
      "way": .text("very_thorough"), "side": .text("quick"), "follow": .text("off"), "model": .text("rutile"),
      "scan": .text("64x48"),
    ])
    #expect(try said[limit] == 7.5 && said[angle] == 20 && said[count] == 3 && said[way] == .thorough)
    #expect(try said[side] == .quick && !said[follows] && said[model] == "rutile")
    #expect(try said[scan] == ScanShape(width: 64, height: 48))
  }

  @Test func `a form, a flag and a session file know it by its parameter`() throws {
    #expect(
      limit.parameter
        == Parameter(
          name: "limit_px", title: "limit", unit: "px", domain: .number(0...10), standard: .number(5)))
    #expect(angle.parameter.standard == .automatic && model.parameter.domain == .text)
    #expect(way.parameter.domain == .choice(["quick", "very_thorough"]))
    #expect(way.parameter.standard == .text("quick") && side.parameter.standard == .automatic)
    #expect(follows.parameter.standard == .text("on"))
    // What a parameter takes, its setting reads.
    let typed = ParameterValues(["way": try way.parameter.parse("very_thorough"), "angle_mrad": .automatic])
    #expect(try typed[way] == .thorough && typed[angle] == nil)
  }

  @Test func `what is no such value is refused with the setting's name`() {
    func refusal<Value>(_ setting: Setting<Value>, _ value: ParameterValue) -> String? {
      do throws(AnalysisError) {
        _ = try ParameterValues([setting.name: value])[setting]
        return nil
      } catch {
        return error.description
      }
    }
    #expect(refusal(limit, .number(11)) == "limit_px: 11 is out of its range")
    #expect(refusal(count, .number(.nan))?.hasPrefix("count: nan") == true)
    #expect(refusal(angle, .text("wide")) == "angle_mrad: \"wide\" is not a number")
    #expect(refusal(way, .text("slow")) == "way: \"slow\" is none of quick, very_thorough")
    for text in ["12", "0x4", "4x", "axb", "1x2x3"] {
      #expect(refusal(scan, .text(text)) == "scan: \"\(text)\" is no shape such as 256x256")
    }
    #expect(refusal(scan, .text("")) == nil && refusal(model, .text("auto")) == nil)
  }
}
