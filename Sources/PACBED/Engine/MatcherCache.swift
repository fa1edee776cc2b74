import Diffraction
import Learning
import Synchronization

/// Models that were used, with their tables: made once a process.
final class MatcherCache: Sendable {
  static let shared = MatcherCache()

  private struct Key: Hashable {
    var digest: String
    var specimen: ModelDomain.Specimen
  }

  private struct Content {
    var matchers: [Key: PatternMatcher] = [:]
    /// The newest last: tables are large.
    var order: [Key] = []
  }

  private let content = Mutex(Content())
  private static let limit = 4

  func matcher(
    for model: PACBEDModel, _ specimen: ModelDomain.Specimen, _ context: AnalysisContext
  ) throws(AnalysisError) -> PatternMatcher {
    let key = Key(digest: model.sha256, specimen: specimen)
    // Whoever comes second waits for the first one's table.
    let result: Result<PatternMatcher, PACBEDError> = content.withLock { content in
      if let known = content.matchers[key] {
        content.order.removeAll { $0 == key }
        content.order.append(key)
        return .success(known)
      }
      do throws(PACBEDError) {
        let matcher = try Self.make(model, specimen, context)
        if content.order.count >= Self.limit { content.matchers[content.order.removeFirst()] = nil }
        content.matchers[key] = matcher
        content.order.append(key)
        return .success(matcher)
      } catch {
        return .failure(error)
      }
    }
    do {
      return try result.get()
    } catch .cancelled {
      throw .cancelled
    } catch {
      throw .failed("\(model.id): \(error)")
    }
  }

  private static func make(
    _ model: PACBEDModel, _ specimen: ModelDomain.Specimen, _ context: AnalysisContext
  ) throws(PACBEDError) -> PatternMatcher {
    let table = try TableCache.standardTable(
      for: model.domain.tableRequest(specimen), isCancelled: context.isCancelled, progress: context.progress)
    return PatternMatcher(domain: model.domain, reader: try model.reader(), table: table)
  }
}
