import Analysis
import Diffraction
import Learning

/// Which model an analysis uses, or why there is none.
enum ModelChoice {
  case one(PACBEDModel)
  /// All that are to be tried, for the ranking.
  case several([PACBEDModel])
  case none(Reason)

  init(_ settings: PACBEDSettings, previous: Finding?, library: ModelLibrary) throws(AnalysisError) {
    if let name = settings.model {
      do {
        self = .one(try PACBEDModel.known(library.model(name, of: PACBEDModel.engine)))
      } catch {
        throw .failed("model \(name): \(error)")
      }
      return
    }
    let folders = library.models(of: PACBEDModel.engine)
    var models: [PACBEDModel] = []
    for folder in folders {
      if let model = try? PACBEDModel.known(folder) { models.append(model) }
    }
    guard !models.isEmpty else {
      self = .none(Reason(.noModel, "no trained model is installed: ewald train pacbed makes one"))
      return
    }
    let names = models.map(\.id).joined(separator: ", ")
    if let material = settings.material, material != "all" {
      models = models.filter { $0.id == material || $0.domain.crystal.name == material }
      if models.isEmpty {
        models = folders.compactMap { try? PACBEDModel.known($0) }.filter { $0.id.hasPrefix(material) }
      }
      guard !models.isEmpty else {
        self = .none(Reason(.noModel, "no model for \(material) is installed (\(names))"))
        return
      }
    }
    if let kilovolts = settings.kilovolts {
      let near = models.filter { $0.domain.isFor(kilovolts: kilovolts) }
      guard !near.isEmpty else {
        self = .none(Reason(.noModel, "no model is for \(kilovolts) kV (\(names))"))
        return
      }
      models = near
    }
    if settings.material == "all" {
      self = .several(models)
    } else if models.count == 1 {
      self = .one(models[0])
    } else if let last = previous?.model?.id, let model = models.first(where: { $0.id == last }) {
      self = .one(model)
    } else {
      self = .none(
        Reason(.noModel, "which material? choose with material: \(models.map(\.id).joined(separator: ", "))"))
    }
  }
}
