/// A session file that someone else may still be writing: each of its whole lines once.
package struct SessionTail: Sendable {
  package let path: String
  private var offset = 0
  private var inode: UInt64

  package init(path: String) throws(SessionFileError) {
    self.path = path
    inode = try SessionFile(path: path).inode
  }

  /// Hands over what was written since the last time. A file that has become another one is read from its beginning,
  /// after `anew`.
  mutating func follow(
    _ detail: Detail, anew: () -> Void = {}, _ body: (RecordedEvent, Int) -> Void
  ) throws(SessionFileError) {
    let file = try SessionFile(path: path, wholeLines: true)
    if file.inode != inode || file.byteCount < offset {
      (offset, inode) = (0, file.inode)
      anew()
    }
    guard file.byteCount > offset else { return }
    _ = file.forEachEvent(detail, from: offset, body)
    offset = file.byteCount
  }

  package mutating func follow(_ body: (SessionEvent, Stamp) -> Void) throws(SessionFileError) {
    try follow(.full) { recorded, _ in
      if let event = recorded.event { body(event, recorded.stamp) }
    }
  }
}

/// The state of a session that someone else may still be writing, kept up with its file.
package struct SessionFollower: Sendable {
  package private(set) var state = SessionState()
  private var tail: SessionTail

  package init(path: String) throws(SessionFileError) { tail = try SessionTail(path: path) }

  package var path: String { tail.path }

  package mutating func follow() throws(SessionFileError) {
    var state = self.state
    self.state = SessionState()  // or every change would copy it
    defer { self.state = state }
    try tail.follow(.summary, anew: { state = SessionState() }) { recorded, offset in
      state.apply(recorded, offset)
    }
  }

  /// The whole record of the run that counts, curves included.
  package func result(of row: FileRow) -> ResultRecord? {
    guard let offset = row.run?.offset, let file = try? SessionFile(path: path, wholeLines: true),
      case .result(let record)? = file.event(at: offset)
    else { return nil }
    return record
  }
}
