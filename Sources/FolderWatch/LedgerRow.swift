import System

/// What is known of one file at one revision. 100,000 of them have to be cheap, so: no strings, no objects.
struct LedgerRow: Sendable {
  enum Phase: UInt8, Sendable {
    case free, temporary, settling, target, offered, truncated, partial, incomplete, done, refused, special
    case same, sidecar, sidecarReady
  }

  struct Flags: OptionSet, Sendable {
    let rawValue: UInt8
    static let present = Flags(rawValue: 1)
    /// Not told to anyone yet: temporary names that may be gone in a moment.
    static let hidden = Flags(rawValue: 2)
    static let atStart = Flags(rawValue: 4)
    static let superseded = Flags(rawValue: 8)
    static let goneTold = Flags(rawValue: 16)
    static let lacksSidecar = Flags(rawValue: 32)
    static let hasOtherNames = Flags(rawValue: 64)
    /// The inode that a listing gives is not the one that `stat` gives (some layered file systems).
    static let listedInodeDiffers = Flags(rawValue: 128)
  }

  var inode: UInt64 = 0
  var size: Int64 = 0
  var modified: Int64 = 0
  var name: UInt32 = 0
  var directory: UInt32 = 0
  var mark: UInt32 = 0
  var generation: UInt32 = 0
  var active: Int32 = -1
  var same: Int32 = -1
  var nameLength: UInt16 = 0
  var revision: UInt16 = 1
  var device: UInt16 = 0
  var phase: Phase = .free
  var flags: Flags = []
  var kind: FileKind = .regular

  var isPresent: Bool { flags.contains(.present) }
}

/// What is needed besides while a file is on its way to a final state.
struct ActiveFile: Sendable {
  enum Completeness: UInt8, Sendable { case notAsked, unknown, no, yes }

  var row: Int
  /// When to look at it again.
  var deadline = Int64.max
  /// The earliest entry for it in the heap.
  var queued = Int64.max
  /// Since when it has been on its way, and its size then.
  var began: Int64
  var beganSize: Int64
  var stableSince: Int64
  var offeredAt = Int64.min / 2
  var retryAt = Int64.max
  var sidecarUntil: Int64 = 0
  var offeredInode: UInt64 = 0
  var offeredSize: Int64 = -1
  var offeredModified: Int64 = 0
  var attempt: UInt16 = 0
  /// Looks that found it changed since the last one.
  var changesSeen: UInt8 = 0
  var nextOffer: NextOffer = .first
  var closed = false
  var completeness: Completeness = .notAsked
  var shown: ShownWait = .settling
  /// Its sidecar came while the reader had it.
  var sidecarCame = false
  /// Written to while the reader had it.
  var modifiedWhileOffered = false

  enum NextOffer: UInt8, Sendable { case first, changed, sidecar }
  enum ShownWait: UInt8, Sendable { case settling, empty, sidecar, target, truncated, temporary, none }
}

struct LedgerDirectory: Sendable {
  var path: RawPath
  var present = 0
  /// How many of those the listing with this mark has met.
  var met = 0
  var metMark: UInt32 = 0
  /// Ready `.xml` files, for the formats that do not say how theirs is called.
  var xmlFiles = 0
  /// How often, by rule, a sidecar was waited for in vain.
  var futile = SIMD4<UInt8>(repeating: 0)
}

/// What an event said about a name. Only ever a reason to look.
package struct FileHint: OptionSet, Sendable, Hashable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  package static let created = FileHint(rawValue: 1)
  package static let modified = FileHint(rawValue: 2)
  /// A writer closed it and no write was seen after.
  package static let closed = FileHint(rawValue: 4)
  package static let movedIn = FileHint(rawValue: 8)
  package static let removed = FileHint(rawValue: 16)
  /// Times, owner or mode were set.
  package static let attributes = FileHint(rawValue: 32)
}
