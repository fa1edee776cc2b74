import System

/// Tables on disk, each under the digest of its request.
package struct TableCache: Sendable {
  package let directory: String

  package init(directory: String) { self.directory = directory }

  /// `$XDG_CACHE_HOME/ewald`, or `~/.cache/ewald`; nil where neither is known.
  package static func standard() -> TableCache? {
    UserFolders.cache.map { TableCache(directory: "\($0)/ewald") }
  }

  /// The table of a request from the user's cache, or computed where there is none.
  package static func standardTable(
    for request: TableRequest, isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws(PACBEDError) -> PACBEDTable {
    guard let cache = standard() else {
      return try PACBEDTable.make(request, isCancelled: isCancelled, progress: progress)
    }
    return try cache.table(for: request, isCancelled: isCancelled, progress: progress).table
  }

  package enum Origin: Sendable, Equatable { case stored, computed }

  /// The table and where it came from. A table that cannot be stored is still a table: `warning` says why
  /// the next one will be computed again.
  package struct Result: Sendable {
    package let table: PACBEDTable
    package let origin: Origin
    package let warning: String?
  }

  /// Reads the table of a request, or computes and stores it. A damaged file is computed anew.
  package func table(
    for request: TableRequest, isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws(PACBEDError) -> Result {
    try request.check()
    let path = path(of: request)
    var warning: String?
    if let bytes = try? WholeFile.bytes(path, limit: 8 << 30), !bytes.isEmpty {
      do {
        return Result(table: try TableCodec.decode(bytes, request: request), origin: .stored, warning: nil)
      } catch {
        warning = "\(path): \(error), computed again"
      }
    }
    let table = try PACBEDTable.make(request, isCancelled: isCancelled, progress: progress)
    if let reason = Self.write(TableCodec.encode(table), to: path, in: directory) {
      warning = "the table is not kept: \(reason)"
    }
    return Result(table: table, origin: .computed, warning: warning)
  }

  package func path(of request: TableRequest) -> String { "\(directory)/pacbed-\(request.identity).table" }

  /// Nil, or why it failed.
  private static func write(_ bytes: [UInt8], to path: String, in directory: String) -> String? {
    do {
      try Folder.makeWithParents(directory)
      try NewFile.write(bytes, to: path)
      return nil
    } catch {
      return error.description
    }
  }
}
