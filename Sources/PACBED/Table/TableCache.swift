import Glibc

/// Tables on disk, each under the digest of its request.
public struct TableCache: Sendable {
  public let directory: String

  public init(directory: String) { self.directory = directory }

  /// `$XDG_CACHE_HOME/ewald`, or `~/.cache/ewald`; nil where neither is known.
  public static func standard() -> TableCache? {
    func variable(_ name: String) -> String? {
      getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
    if let cache = variable("XDG_CACHE_HOME") { return TableCache(directory: cache + "/ewald") }
    return variable("HOME").map { TableCache(directory: $0 + "/.cache/ewald") }
  }

  /// The table of a request from the user's cache, or computed where there is none.
  public static func standardTable(
    for request: TableRequest, isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws(PACBEDError) -> PACBEDTable {
    guard let cache = standard() else {
      return try PACBEDTable.make(request, isCancelled: isCancelled, progress: progress)
    }
    return try cache.table(for: request, isCancelled: isCancelled, progress: progress).table
  }

  public enum Origin: Sendable, Equatable { case stored, computed }

  /// The table and where it came from. A table that cannot be stored is still a table: `warning` says why
  /// the next one will be computed again.
  public struct Result: Sendable {
    public let table: PACBEDTable
    public let origin: Origin
    public let warning: String?
  }

  /// Reads the table of a request, or computes and stores it. A damaged file is computed anew.
  public func table(
    for request: TableRequest, isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws(PACBEDError) -> Result {
    try request.check()
    let path = path(of: request)
    var warning: String?
    if let bytes = Self.read(path) {
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

  public func path(of request: TableRequest) -> String { "\(directory)/pacbed-\(request.identity).table" }

  private static func read(_ path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_size > 0, status.st_size < 8 << 30 else { return nil }
    let size = Int(status.st_size)
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size, let base = buffer.baseAddress {
        let got = Glibc.read(file, base + count, size - count)
        if got < 0, errno == EINTR { continue }
        if got <= 0 { break }
        count += got
      }
    }
  }

  /// Under another name first: readers see the whole table or none. Nil, or why it failed.
  private static func write(_ bytes: [UInt8], to path: String, in directory: String) -> String? {
    makeDirectory(directory)
    let temporary = "\(path).\(getpid())"
    func failure(_ what: String) -> String {
      let reason = "\(what) \(temporary): \(String(cString: strerror(errno)))"
      unlink(temporary)
      return reason
    }
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { return failure("cannot create") }
    var done = 0
    while done < bytes.count {
      let put = bytes.withUnsafeBytes { raw in
        raw.baseAddress.map { Glibc.write(file, $0 + done, bytes.count - done) } ?? -1
      }
      if put < 0, errno == EINTR { continue }
      if put <= 0 {
        let reason = failure("cannot write")
        close(file)
        return reason
      }
      done += put
    }
    let synced = fsync(file)
    guard close(file) == 0, synced == 0 else { return failure("cannot write") }
    guard rename(temporary, path) == 0 else { return failure("cannot rename") }
    return nil
  }

  private static func makeDirectory(_ path: String) {
    var made = ""
    for part in path.split(separator: "/") {
      made += "/" + part
      mkdir(made, 0o755)
    }
  }
}
