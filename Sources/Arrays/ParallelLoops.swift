import Dispatch

/// Runs `body` over `0..<count` in chunks, on as many threads as the machine lends.
///
/// The chunks depend on `count` and `size` alone, never on the number of threads, so that whatever is
/// computed per chunk comes out the same everywhere. `body` runs on several threads at once: through
/// unsafe pointers each call may write only what belongs to its own range. Never call this from the main
/// actor, and do not nest it.
public func parallelChunks(_ count: Int, size: Int? = nil, _ body: @Sendable (Range<Int>) -> Void) {
  guard count > 0 else { return }
  let size = max(1, size ?? defaultChunkSize(for: count))
  let chunks = (count + size - 1) / size
  if chunks == 1 { return body(0..<count) }
  DispatchQueue.concurrentPerform(iterations: chunks) { chunk in
    body(chunk * size..<min(count, (chunk + 1) * size))
  }
}

/// One result per chunk, in the order of the chunks: reduce it in that order and a sum of floating-point
/// numbers does not depend on the number of threads.
public func parallelChunkMap<Result: Sendable>(
  _ count: Int, size: Int? = nil, _ body: @Sendable (Range<Int>) -> Result
) -> [Result] {
  guard count > 0 else { return [] }
  let size = max(1, size ?? defaultChunkSize(for: count))
  let chunks = (count + size - 1) / size
  return Array(unsafeUninitializedCapacity: chunks) { buffer, initialized in
    // Safe to share: every iteration initialises its own element and no other.
    nonisolated(unsafe) let results = buffer
    DispatchQueue.concurrentPerform(iterations: chunks) { chunk in
      results.initializeElement(at: chunk, to: body(chunk * size..<min(count, (chunk + 1) * size)))
    }
    initialized = chunks
  }
}

/// One result per index, in order; for items that each take tens of microseconds or more.
public func parallelMap<Result: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Result) -> [Result] {
  parallelChunkMap(count, size: 1) { body($0.lowerBound) }
}

extension DenseMatrix {
  /// Hands out disjoint bands of whole rows to fill: `body` gets the band's row numbers and its storage.
  public mutating func parallelRows(
    size: Int? = nil, _ body: @Sendable (Range<Int>, UnsafeMutableBufferPointer<Element>) -> Void
  ) {
    let columns = self.columns
    let rows = self.rows
    values.withUnsafeMutableBufferPointer { buffer in
      // Safe to share: the bands do not overlap.
      nonisolated(unsafe) let all = buffer
      parallelChunks(rows, size: size) { band in
        let part = band.lowerBound * columns..<band.upperBound * columns
        body(band, UnsafeMutableBufferPointer(rebasing: all[part]))
      }
    }
  }
}

/// About 64 chunks: enough to keep many cores evenly busy, few enough to cost nothing to hand out.
private func defaultChunkSize(for count: Int) -> Int { (count + 63) / 64 }
