import Diffraction
import Learning
import Synchronization

/// Models that were used, with their tables: made once a process, found by their digest.
final class MatcherCache: Sendable {
  static let shared = MatcherCache()

  private struct Content {
    var matchers: [String: PatternMatcher] = [:]
    /// The newest last: tables are large.
    var order: [String] = []
  }

  private let content = Mutex(Content())
  private static let limit = 4

  func matcher(
    for model: PACBEDModel, _ context: AnalysisContext
  ) throws(AnalysisError) -> PatternMatcher {
    // Whoever comes second waits for the first one's table.
    let result: Result<PatternMatcher, PACBEDError> = content.withLock { content in
      if let known = content.matchers[model.sha256] {
        content.order.removeAll { $0 == model.sha256 }
        content.order.append(model.sha256)
        return .success(known)
      }
      do throws(PACBEDError) {
        let matcher = try Self.make(model, context)
        if content.order.count >= Self.limit { content.matchers[content.order.removeFirst()] = nil }
        content.matchers[model.sha256] = matcher
        content.order.append(model.sha256)
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
    _ model: PACBEDModel, _ context: AnalysisContext
  ) throws(PACBEDError) -> PatternMatcher {
    let request = try model.domain.tableRequest()
    let table: PACBEDTable
    if let cache = TableCache.standard() {
      table = try cache.table(
        for: request, isCancelled: context.isCancelled, progress: context.progress
      ).table
    } else {
      table = try PACBEDTable.make(request, isCancelled: context.isCancelled, progress: context.progress)
    }
    return PatternMatcher(domain: model.domain, reader: try model.reader(), table: table)
  }
}
