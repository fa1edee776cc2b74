import Arrays
import Diffraction
import Synchronization

/// Scans that were read lately: a changed threshold needs no pattern again.
///
/// A scan is known by its shape, its settings and the content of the patterns that calibrate the reading,
/// which are spread over all of it. What is kept never changes a result, only how soon it is there.
final class ScanCache: Sendable {
  struct Key: Hashable, Sendable {
    var width: Int
    var height: Int
    var frames: Int
    var scanWidth: Int
    var scanHeight: Int
    var settings: ReadingSettings
    var content: String
  }

  struct Entry: Sendable {
    var reading: ScanReading
    var table: VDFTable
  }

  private let entries = Mutex<[(key: Key, entry: Entry)]>([])
  private let limit: Int

  static let shared = ScanCache(limit: 2)

  init(limit: Int) { self.limit = limit }

  func entry(_ key: Key) -> Entry? { entries.withLock { list in list.first { $0.key == key }?.entry } }

  func keep(_ entry: Entry, for key: Key) {
    entries.withLock { list in
      list.removeAll { $0.key == key }
      list.insert((key, entry), at: 0)
      if list.count > limit { list.removeLast() }
    }
  }

  static func content(_ frames: [Pixels]) -> String {
    var hash = SHA256()
    for frame in frames { frame.withBytes { hash.update($0) } }
    return hash.hex()
  }
}
