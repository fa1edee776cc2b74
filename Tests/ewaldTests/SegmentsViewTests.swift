import Diffraction
import LiveSession
import SPED
import Testing

import ewald

/// A scan of 12 x 8 patterns with two crystals under the segments view.
@Suite struct SegmentsViewTests {
  static func model(width: Int = 100, height: Int = 32) -> Model {
    var model = SampleSession.model(width: width, height: height)
    model.engines.append(SPEDEngine())
    model.type("5")
    var detail = SampleSession.detail(of: 215)
    detail.frames = 96
    let labels = (0..<96).map { UInt16($0 % 12 < 5 ? 1 : $0 % 12 > 6 ? 2 : 0) }
    let field = Pixels(width: 12, height: 8, values: labels.map { Float($0) })
    detail.drawn = [
      .regions(
        Exhibit.Regions(
          "Segments", labels: Pixels(width: 12, height: 8, values: labels),
          columns: [
            Exhibit.Column("area", unit: "px"), Exhibit.Column("confidence", decimals: 2),
            Exhibit.Column("spots"),
          ],
          rows: [Exhibit.Row("A", [40, 0.99, 17]), Exhibit.Row("B", [38, 0.62, 4], flags: ["bent"])],
          details: [17, 4], edits: Set(RegionEdit.Kind.allCases))),
      .image(
        Exhibit.Image("Pattern of A", SampleSession.frame.pixels, signal: .spots, part: 0)),
      .image(
        Exhibit.Image("Pattern of B", SampleSession.frame.pixels, signal: .spots, part: 1)),
      .map(
        Exhibit.ScanMap(
          "Dark field of B2", field, signal: .darkField,
          part: 1)),
      .map(
        Exhibit.ScanMap(
          "Dark field of B", field, signal: .darkField,
          part: 1)),
    ]
    detail.result?.engine = "sped"
    detail.result?.parameters = ["significance": "3.5", "edits": ""]
    detail.result?.finding.values = [Quantity("crystals", 2), Quantity("covered", 81.2, unit: "%")]
    _ = model.update(.detail(detail))
    return model
  }

  private func settings(_ effects: [Effect]) -> [String: String]? {
    guard case .perform(.reanalyse(let files, let engine, let settings))? = effects.first else { return nil }
    #expect(files == .these([215]) && engine == "sped")
    return settings
  }

  @Test func crystalsAreLettersWithALegend() {
    let text = draw(Self.model()).text
    #expect(text.contains("AAAAAA") && text.contains("BBBBBB"))
    #expect(text.contains("0.62") && text.contains("17"))
    #expect(text.contains("Pattern of A"))
  }

  @Test func joiningSplittingAndThresholdsAreNewRuns() {
    var model = Self.model()
    #expect(model.update(.key(.char("w"))).isEmpty)
    #expect(model.update(.key(.char("n"))).isEmpty)
    #expect(settings(model.update(.key(.char("w"))))?["edits"] == "A+B")
    #expect(settings(model.update(.key(.char("x"))))?["edits"] == "B/2")
    #expect(settings(model.update(.key(.char("D"))))?["edits"] == "-B")
    #expect(model.update(.key(.char("N"))).isEmpty)
    #expect(settings(model.update(.key(.char("x"))))?["edits"] == "A/2")
    #expect(settings(model.update(.key(.char(">"))))?["significance"] == "4")
  }

  @Test func everySpotOfTheChosenCrystalHasADarkFieldInTurns() {
    var model = Self.model()
    #expect(settings(model.update(.key(.char("v"))))?["vector"] == "A1")
    #expect(settings(model.update(.key(.char("V"))))?["vector"] == "A17")
    _ = model.update(.key(.char("n")))
    #expect(settings(model.update(.key(.char("V"))))?["vector"] == "B4")
    model.detail?.result?.parameters["vector"] = "B4"
    #expect(settings(model.update(.key(.char("v"))))?["vector"] == "")
  }

  @Test func theDarkFieldOfThePickedSpotIsShown() {
    for width in [80, 200] {
      var model = Self.model(width: width, height: 40)
      _ = model.update(.key(.char("n")))
      model.detail?.result?.parameters["vector"] = "B2"
      #expect(draw(model).text.contains("Dark field of B2"))
    }
  }

  @Test func theProbeMovesOverTheScan() {
    var model = Self.model()
    let effects = model.update(.key(.char("l")))
    #expect(effects == [.load(file: 215, image: 1)])
  }

  @Test func noSizeIsTooSmall() {
    for (width, height) in [(1, 1), (20, 5), (60, 12), (80, 24), (200, 50)] {
      #expect(draw(Self.model(width: width, height: height)).size.width == width)
    }
  }
}
