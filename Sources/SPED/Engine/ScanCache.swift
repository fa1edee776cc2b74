import System
import Diffraction
import Synchronization

/// Scans that were read lately: a changed threshold needs no pattern again, a scan that has grown only its new ones.
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
    /// Of the patterns that calibrate the reading.
    var content: String

    /// The same scan when it had fewer patterns.
    func hasGrown(from older: Key) -> Bool {
      var key = older
      key.frames = frames
      return key == self && older.frames < frames
    }
  }

  struct Entry: Sendable {
    var reading: ScanReading
    var table: VDFTable
    var scree: [Double]
    /// The content of the last pattern: one that was written over is read again.
    var last: String
  }

  private let entries = Mutex<[(key: Key, entry: Entry)]>([])
  private let limit: Int

  static let shared = ScanCache(limit: 2)

  init(limit: Int) { self.limit = limit }

  func entry(_ key: Key) -> Entry? { entries.withLock { list in list.first { $0.key == key }?.entry } }

  /// What is known of the scan from when it was smaller.
  func shorter(_ key: Key) -> (frames: Int, entry: Entry)? {
    entries.withLock { list in
      list.filter { key.hasGrown(from: $0.key) }.max { $0.key.frames < $1.key.frames }
        .map { ($0.key.frames, $0.entry) }
    }
  }

  func keep(_ entry: Entry, for key: Key) {
    entries.withLock { list in
      list.removeAll { $0.key == key || key.hasGrown(from: $0.key) }
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
