import Learning

/// An installed model measured anew: the same network with other temperatures, as a model of its own.
extension PACBEDModel {
  package func validate(
    seed: UInt64, count: Int, isCancelled: @escaping @Sendable () -> Bool,
    table tabulated: @escaping @Sendable (Double) -> Void, progress: (Double) -> Void = { _ in }
  ) throws(PACBEDError) -> ValidationReport {
    let table = try TableCache.standardTable(
      for: domain.tableRequest(), isCancelled: isCancelled, progress: tabulated)
    return try ValidationReport(
      domain, network(), table: table, seed: seed, count: count, isCancelled: isCancelled, progress: progress)
  }

  /// Writes this model with a report's temperatures and figures. What the manifest says of the training stays.
  @discardableResult
  package func write(
    calibratedBy report: ValidationReport, command: String, id: String, to path: String
  ) throws(PACBEDError) -> ModelFolder {
    guard case .object(var manifest) = folder.manifest else {
      throw .storage("\(folder.path): is not the manifest of a model")
    }
    manifest["validation"] = report.json
    manifest["calibration"] = report.temperatures.json
    manifest["calibration_command"] = .text(command)
    do {
      var files: [String: [UInt8]] = [:]
      for name in folder.fileNames { files[name] = try folder.bytes(of: name) }
      return try ModelFolder.write(id: id, engine: Self.engine, manifest: manifest, files: files, to: path)
    } catch {
      throw .storage("\(error)")
    }
  }
}
