import System

/// Where models are looked for: the folders of `EWALD_MODELS` (colons between them), then wherever the program's data
/// may lie.
package struct ModelLibrary: Sendable {
  package var folders: [String]

  package init(folders: [String]) { self.folders = folders }

  package static let standard = ModelLibrary(folders: standardFolders)

  /// The sound models of an engine (all engines without one), by name; the first folder wins where two
  /// hold the same name.
  package func models(of engine: String? = nil) -> [ModelFolder] {
    var found: [String: ModelFolder] = [:]
    for folder in folders {
      for name in Self.names(in: folder) where found[name] == nil {
        if let model = try? ManifestCache.shared.folder("\(folder)/\(name)") { found[name] = model }
      }
    }
    return found.values.filter { engine == nil || $0.engine == engine }.sorted { $0.id < $1.id }
  }

  /// A model by its name, or by the path of its folder or manifest.
  package func model(_ name: String, of engine: String) throws(NetworkError) -> ModelFolder {
    let model = try find(name)
    guard model.engine == engine else {
      throw .file(path: name, reason: "is a model of \(model.engine), not of \(engine)")
    }
    return model
  }

  private func find(_ name: String) throws(NetworkError) -> ModelFolder {
    if name.contains("/") {
      let end = "/\(ModelFolder.manifestFile)"
      return try ManifestCache.shared.folder(
        name.hasSuffix(end) ? String(name.dropLast(end.count)) : name)
    }
    for folder in folders where FilePath.exists("\(folder)/\(name)/\(ModelFolder.manifestFile)") {
      return try ManifestCache.shared.folder("\(folder)/\(name)")
    }
    let known = models().map(\.id)
    throw .file(
      path: name,
      reason: known.isEmpty
        ? "no model of that name, and none is installed" : "no such model (\(known.joined(separator: ", ")))")
  }

  private static var standardFolders: [String] {
    (Environment["EWALD_MODELS"] ?? "").split(separator: ":").map(String.init)
      + DataFolders.standard.places("models")
  }

  private static func names(in folder: String) -> [String] {
    FolderNames(folder).filter { !$0.hasPrefix(".") && !$0.hasSuffix(".part") }.sorted()
  }
}
