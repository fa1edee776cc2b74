import Analysis
import Diffraction
import Learning

/// Models that were used and what was computed from them, kept for the next frame.
extension PACBEDModel {
  private struct MatcherKey: Hashable {
    var digest: String
    var specimen: ModelDomain.ThermalScattering
  }

  private static let models = ModelStore<String, PACBEDModel>(limit: 64)
  /// Tables are large.
  private static let matchers = ModelStore<MatcherKey, PatternMatcher>(limit: 4)

  /// The model of a folder, read once.
  static func known(_ folder: ModelFolder) throws(AnalysisError) -> PACBEDModel {
    try models.value(for: folder.sha256) { _, _ throws(AnalysisError) in
      do throws(PACBEDError) {
        return try PACBEDModel(folder)
      } catch {
        throw .failed("\(error)")
      }
    }
  }

  /// The matcher for a specimen, with its table.
  func matcher(
    for specimen: ModelDomain.ThermalScattering, _ context: AnalysisContext
  ) throws(AnalysisError) -> PatternMatcher {
    try Self.matchers.value(
      for: MatcherKey(digest: sha256, specimen: specimen), isCancelled: context.isCancelled,
      progress: context.progress
    ) { isCancelled, progress throws(AnalysisError) in
      do throws(PACBEDError) {
        let requests = try domain.tableRequests(specimen)
        var tables: [PACBEDTable] = []
        for (number, entry) in requests.enumerated() {
          tables.append(
            try TableCache.standardTable(
              for: entry.request, isCancelled: isCancelled,
              progress: { progress((Double(number) + $0) / Double(requests.count)) }))
        }
        guard let motions = MotionTables(shares: requests.map(\.share), tables: tables) else {
          throw PACBEDError.parameter("no table")
        }
        return PatternMatcher(domain: domain, reader: try reader(), tables: motions)
      } catch .cancelled {
        throw .cancelled
      } catch {
        throw .failed("\(id): \(error)")
      }
    }
  }
}
