import Glibc
import System

/// The leases of one part: a file each, `lease-1`, `lease-2` …, of which the last one counts.
///
/// A lease is never taken from its file: who finds it lapsed makes the next one, and a link to a name that is there
/// fails. So of several that find it lapsed one gets the part, and who has slept through his term finds a number
/// above his own and leaves.
package struct LeaseBook: Sendable {
  private let folder: String
  private static let prefix = "lease-"

  package init(folder: String) { self.folder = folder }

  package func latest() -> Lease? {
    guard let epoch = epochs.max() else { return nil }
    return lease(epoch)
  }

  package func lease(_ epoch: Int) -> Lease? {
    let path = path(epoch)
    guard FilePath.exists(path) else { return nil }
    return Lease(epoch: epoch, (try? WholeFile.bytes(path, limit: 1 << 16)) ?? [])
  }

  package var epochs: [Int] {
    FolderNames(folder).compactMap { name in
      name.hasPrefix(Self.prefix) ? Int(name.dropFirst(Self.prefix.count)).flatMap { $0 > 0 ? $0 : nil } : nil
    }.sorted()
  }

  /// Nil where somebody else was first.
  package func take(_ epoch: Int, for owner: Lease.Owner, term: Int) throws(SweepError) -> Lease? {
    let lease = Lease(epoch: epoch, owner: owner, term: term)
    var failure: SystemError?
    do throws(SystemError) {
      let file = try NewFile(path: path(epoch), overwrite: .refuse)
      try file.write(lease.json.bytes)
      try file.finish()
    } catch {
      failure = error
    }
    // Over a network an answer may get lost, and the second try finds the name taken by the first: what stands there
    // decides, whatever was answered.
    guard let found = self.lease(epoch) else {
      throw failure.map { SweepError($0) } ?? SweepError("\(path(epoch)): has gone again")
    }
    return found.owner == owner && latest()?.epoch == epoch ? lease : nil
  }

  /// Whether the part is still this owner's.
  package func isHeld(_ lease: Lease) -> Bool {
    guard let latest = latest() else { return false }
    return latest.epoch == lease.epoch && latest.owner == lease.owner
  }

  /// A sign of life. False where the part is somebody else's by now.
  package func beat(_ lease: inout Lease) throws(SweepError) -> Bool {
    guard isHeld(lease) else { return false }
    lease.beat += 1
    try write(lease)
    return true
  }

  package func release(_ lease: inout Lease) throws(SweepError) {
    guard isHeld(lease) else { return }
    lease.isReleased = true
    try write(lease)
  }

  private func write(_ lease: Lease) throws(SweepError) {
    do {
      try NewFile.write(lease.json.bytes, to: path(lease.epoch), durability: .cached)
    } catch {
      throw SweepError(error)
    }
  }

  package func path(_ epoch: Int) -> String { "\(folder)/\(Self.prefix)\(epoch)" }
}
