import System
import Glibc

/// The kernel's events for a set of directories.
struct Inotify: ~Copyable {
  struct Event {
    var watch: Int32
    var mask: UInt32
    var name: UnsafeBufferPointer<UInt8>

    func has(_ flag: some BinaryInteger) -> Bool { mask & UInt32(truncatingIfNeeded: flag) != 0 }
  }

  let descriptor: Int32

  init() throws(Errno) {
    descriptor = inotify_init1(Int32(truncatingIfNeeded: IN_NONBLOCK | IN_CLOEXEC))
    guard descriptor >= 0 else { throw Errno(errno) }
  }

  deinit { close(descriptor) }

  /// The number of the watch; the same directory under another path has the same number.
  func watch(_ path: RawPath, followsLink: Bool) throws(Errno) -> Int32 {
    var mask =
      UInt32(IN_CREATE) | UInt32(IN_MODIFY) | UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO)
      | UInt32(IN_MOVED_FROM)
      | UInt32(IN_DELETE) | UInt32(IN_ATTRIB) | UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF)
      | UInt32(IN_ONLYDIR)
    if !followsLink { mask |= UInt32(IN_DONT_FOLLOW) }
    let number = path.withCString { inotify_add_watch(descriptor, $0, mask) }
    guard number >= 0 else { throw Errno(errno) }
    return number
  }

  func forget(_ watch: Int32) { inotify_rm_watch(descriptor, watch) }

  /// One read's worth of events; `false` when there are none.
  func drain(_ buffer: UnsafeMutableRawBufferPointer, _ body: (Event) -> Void) -> Bool {
    guard let base = buffer.baseAddress else { return false }
    let count = read(descriptor, base, buffer.count)
    guard count > 0 else { return false }
    let header = MemoryLayout<inotify_event>.size
    var offset = 0
    while offset + header <= count {
      let event = UnsafeRawPointer(base + offset).loadUnaligned(as: inotify_event.self)
      let padded = UnsafeRawBufferPointer(start: base + offset + header, count: Int(event.len))
      let length = padded.firstIndex(of: 0) ?? padded.count
      let name = UnsafeRawBufferPointer(rebasing: padded[..<length]).assumingMemoryBound(to: UInt8.self)
      body(Event(watch: event.wd, mask: event.mask, name: name))
      offset += header + Int(event.len)
    }
    return true
  }
}
