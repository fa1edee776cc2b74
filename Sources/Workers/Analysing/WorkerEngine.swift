import Diffraction

/// An engine that works in another process: to whoever asks it, the engine itself.
package struct WorkerEngine: AnalysisEngine {
  private let engine: any AnalysisEngine
  private let pool: AnalystPool

  package init(_ engine: any AnalysisEngine, in pool: AnalystPool) {
    self.engine = engine
    self.pool = pool
  }

  package var name: String { engine.name }
  package var label: String { engine.label }
  package var outputs: [Output] { engine.outputs }
  package var parameters: [Parameter] { engine.parameters }
  package var signal: Exhibit.Signal { engine.signal }
  package var hurriedSettings: [String: String] { engine.hurriedSettings }
  package var lessonSetting: String? { engine.lessonSetting }
  package var readsSeries: Bool { engine.readsSeries }
  package var seriesSetting: String? { engine.seriesSetting }

  package func lesson(from findings: [Finding]) -> String? { engine.lesson(from: findings) }

  package func suitability(for file: FileSummary) -> Int { engine.suitability(for: file) }

  package func settings(
    _ settings: [String: String], after edit: RegionEdit, of regions: Exhibit.Regions
  ) -> [String: String]? { engine.settings(settings, after: edit, of: regions) }

  package func settings(
    _ settings: [String: String], after edit: TableEdit, of table: Exhibit.Table
  ) -> [String: String]? { engine.settings(settings, after: edit, of: table) }

  package func analyze(
    _ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext
  ) throws(AnalysisError) -> Finding {
    try pool.analyze(
      AnalysisCall(engine: engine.name, subject: subject, parameters: parameters, context: context))
  }
}
