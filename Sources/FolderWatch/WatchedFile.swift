import System

/// One entry of the watcher: a file at one revision. Never given twice.
package struct FileID: Sendable, Hashable {
  package var rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// What stands at a path.
package enum FileKind: UInt8, Sendable, Hashable {
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
package struct ScannedFile: Sendable, Hashable {
  /// Relative to the watched folder.
  package var path: RawPath
  package var identity: FileIdentity
  package var kind: FileKind

  package init(path: RawPath, identity: FileIdentity, kind: FileKind = .regular) {
    self.path = path
    self.identity = identity
    self.kind = kind
  }
}

extension [ScannedFile] {
  /// Oldest first, by the time of their last change; then by name.
  mutating func sortByAge() {
    sort { a, b in
      a.identity.modified == b.identity.modified
        ? a.path.bytes.lexicographicallyPrecedes(b.path.bytes) : a.identity.modified < b.identity.modified
    }
  }
}

/// Why a file is offered to the reader.
package enum Offer: Sendable, Hashable {
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
package struct WatchedFile: Sendable, Hashable {
  package var id: FileID
  /// 1 for the first content at this path, 2 after it was overwritten, and so on.
  package var revision: Int
  package var folder: RawPath
  /// Relative to `folder`.
  package var path: RawPath
  package var identity: FileIdentity
  package var offer: Offer
  /// It was there when the watch began.
  package var atStart: Bool
  /// Its format usually has a sidecar and none came in time.
  package var lacksSidecar: Bool

  package var absolutePath: RawPath { folder.appending(path) }

  package init(
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
