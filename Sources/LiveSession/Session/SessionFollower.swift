/// The state of a session that someone else may still be writing, kept up with its file.
package struct SessionFollower: Sendable {
  package let path: String
  package private(set) var state = SessionState()
  private var offset = 0
  private var inode: UInt64 = 0

  package init(path: String) { self.path = path }

  /// Reads what was written since the last time. A file that has become another one is read anew.
  package mutating func follow() throws(SessionFileError) {
    let file = try SessionFile(path: path, wholeLines: true)
    if file.inode != inode || file.byteCount < offset {
      state = SessionState()
      offset = 0
      inode = file.inode
    }
    guard file.byteCount > offset else { return }
    var state = self.state
    self.state = SessionState()  // or every change would copy it
    _ = file.forEachEvent(.summary, from: offset) { recorded, offset in state.apply(recorded, offset) }
    self.state = state
    offset = file.byteCount
  }

  /// The whole record of the run that counts, curves included.
  package func result(of row: FileRow) -> ResultRecord? {
    guard let offset = row.run?.offset, let file = try? SessionFile(path: path, wholeLines: true),
      case .result(let record)? = file.event(at: offset)
    else { return nil }
    return record
  }
}

/// The lines of a session that someone else may still be writing, each handed over once.
package struct SessionTail: Sendable {
  private let path: String
  private var offset = 0

  package init(path: String) throws(SessionFileError) {
    self.path = path
    _ = try SessionFile(path: path)
  }

  package mutating func follow(_ body: (SessionEvent, Stamp) -> Void) throws(SessionFileError) {
    let file = try SessionFile(path: path, wholeLines: true)
    if file.byteCount < offset { offset = 0 }
    _ = file.forEachEvent(.full, from: offset) { recorded, _ in
      if let event = recorded.event { body(event, recorded.stamp) }
    }
    offset = file.byteCount
  }
}
