import Diffraction
import Testing
import Workers

@Suite struct WorkerEngineTests {
  private struct Wanderer: AnalysisEngine {
    let name = "wanderer"
    let label = "WAND"
    let outputs = [Output(name: "way", unit: "px", symbol: "w", decimals: 1, rests: 0.01)]
    let parameters = [
      Parameter(name: "known", title: "known", unit: "", domain: .text, standard: .automatic)
    ]
    let signal = Exhibit.Signal.spots
    let hurriedSettings = ["known": "nothing"]
    let lessonSetting: String? = "known"

    func suitability(for file: FileSummary) -> Int { 7 }
    func lesson(from findings: [Finding]) -> String? { "\(findings.count)" }
    func settings(
      _ settings: [String: String], after edit: RegionEdit, of regions: Exhibit.Regions
    ) -> [String: String]? { ["known": "\(edit.kind)"] }
    func analyze(
      _ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext
    ) throws(AnalysisError) -> Finding { throw .cancelled }
  }

  @Test func `an engine in another process says of itself what it says in this one`() {
    let engine = WorkerEngine(Wanderer(), in: AnalystPool(executable: "/nowhere", arguments: []))
    #expect(engine.name == "wanderer" && engine.label == "WAND" && engine.signal == .spots)
    #expect(engine.outputs == Wanderer().outputs && engine.parameters == Wanderer().parameters)
    #expect(engine.hurriedSettings == ["known": "nothing"] && engine.lessonSetting == "known")
    #expect(engine.lesson(from: [Finding(values: []), Finding(values: [])]) == "2")
    let file = FileSummary(format: "memory", width: 1, height: 1, sample: .uint8, frames: 1)
    #expect(engine.suitability(for: file) == 7)
    let regions = Exhibit.Regions(
      "", labels: Pixels(width: 1, height: 1, values: [UInt8(0)]), columns: [], rows: [])
    #expect(engine.settings([:], after: .drop("1"), of: regions) == ["known": "drop"])
  }
}
