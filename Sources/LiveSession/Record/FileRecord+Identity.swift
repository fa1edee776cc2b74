import System
import FrameFormats

extension FileRecord {
  /// What the file's numbers say about which file it is, and in what state.
  package var identity: FileIdentity {
    get {
      FileIdentity(
        device: UInt64(truncatingIfNeeded: device), inode: UInt64(truncatingIfNeeded: inode),
        size: Int64(size), modified: Int64(modifiedNanoseconds))
    }
    set {
      device = Int(truncatingIfNeeded: newValue.device)
      inode = Int(truncatingIfNeeded: newValue.inode)
      size = Int(newValue.size)
      modifiedNanoseconds = Int(newValue.modified)
    }
  }
}
