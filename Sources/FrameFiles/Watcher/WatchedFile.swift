/// What makes a file this file and no other. Two equal identities at two moments mean that nothing was
/// written in between (to within the tick of the file system's clock).
public struct FileIdentity: Sendable, Hashable {
  public var device: UInt64
  public var inode: UInt64
  public var size: Int64
  /// Nanoseconds since 1970 by the clock of the file system: only ever compared with itself.
  public var modified: Int64

  public init(device: UInt64, inode: UInt64, size: Int64, modified: Int64) {
    self.device = device
    self.inode = inode
    self.size = size
    self.modified = modified
  }

  /// Whether the content is the same. The device does not count: a share gets a new number when it is
  /// mounted again.
  public func isSameContent(as other: FileIdentity) -> Bool {
    inode == other.inode && size == other.size && modified == other.modified
  }
}

/// One entry of the watcher: a file at one revision. Never given twice.
public struct FileID: Sendable, Hashable {
  public var rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// What stands at a path.
public enum FileKind: UInt8, Sendable, Hashable {
  case regular
  /// A symbolic link to a regular file; the identity is that of the target.
  case link
  case brokenLink
  case loopingLink
  /// Not followed, or two paths could lead round and round.
  case directoryLink
  /// A pipe, a socket, a device: reading it could block for ever.
  case special
  case directory
}

/// A path as a look at the disk found it.
public struct ScannedFile: Sendable, Hashable {
  /// Relative to the watched folder.
  public var path: RawPath
  public var identity: FileIdentity
  public var kind: FileKind

  public init(path: RawPath, identity: FileIdentity, kind: FileKind = .regular) {
    self.path = path
    self.identity = identity
    self.kind = kind
  }
}

/// Why a file is offered to the reader.
public enum Offer: Sendable, Hashable {
  case first
  /// It was cut short at the last attempt and has changed since.
  case changed
  /// It was cut short at the last attempt; nothing has changed, but some changes cannot be seen.
  case retry(Int)
  /// Still being written: only what is whole may be used.
  case growing
  /// Its sidecar came after the file had been offered without one. Supersedes what was read before.
  case sidecar
}

/// A file to read.
public struct WatchedFile: Sendable, Hashable {
  public var id: FileID
  /// 1 for the first content at this path, 2 after it was overwritten, and so on.
  public var revision: Int
  public var folder: RawPath
  /// Relative to `folder`.
  public var path: RawPath
  public var identity: FileIdentity
  public var offer: Offer
  /// It was there when the watch began.
  public var atStart: Bool
  /// Its format usually has a sidecar and none came in time.
  public var lacksSidecar: Bool

  public var absolutePath: RawPath { folder.appending(path) }

  public init(
    id: FileID, revision: Int = 1, folder: RawPath, path: RawPath, identity: FileIdentity,
    offer: Offer = .first,
    atStart: Bool = false, lacksSidecar: Bool = false
  ) {
    self.id = id
    self.revision = revision
    self.folder = folder
    self.path = path
    self.identity = identity
    self.offer = offer
    self.atStart = atStart
    self.lacksSidecar = lacksSidecar
  }
}
