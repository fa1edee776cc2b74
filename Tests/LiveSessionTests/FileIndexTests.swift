import FolderWatch
import LiveSession
import System
import Testing

private func state(_ events: [SessionEvent]) -> SessionState {
  var state = SessionState()
  for (index, event) in events.enumerated() {
    state.apply(event, Stamp(sequence: index + 1, unixMilliseconds: 0, monotonicNanoseconds: 0))
  }
  return state
}

private func record(_ id: Int, _ path: String, _ status: FileStatus, inode: UInt64) -> SessionEvent {
  var record = FileRecord(fileID: id, path: path, status: status)
  record.identity = identity(inode)
  return .file(record)
}

private func identity(_ inode: UInt64) -> FileIdentity {
  FileIdentity(device: 1, inode: inode, size: 10, modified: 5)
}

@Test func aContinuedSessionKnowsWhatItHasHistoryOf() {
  let state = state([
    record(1, "a", .done, inode: 1), record(2, "b", .gone, inode: 2), record(3, "c", .queued, inode: 3),
    record(4, "d", .refused, inode: 4),
  ])
  let index = FileIndex(state, contents: ContentIndex())
  #expect(index.known(identity(1), at: "a", in: state) == 1)
  #expect(index.known(identity(1), at: "moved", in: state) == nil, "another path is another file")
  #expect(index.known(identity(2), at: "b", in: state) == nil, "what was gone is new when it comes back")
  #expect(index.known(identity(3), at: "c", in: state) == nil, "nothing is known of a file that waited")
  #expect(index.isUnchanged(4, identity(4)) && !index.isUnchanged(4, identity(1)))
}

@Test func numbersGoOnWhereTheSessionLeftOffAndFollowTheWatchersNames() {
  let state = state([record(1, "a", .done, inode: 1), record(2, "b", .done, inode: 2)])
  var index = FileIndex(state, contents: ContentIndex())
  let (old, new) = (FileID(rawValue: 70), FileID(rawValue: 71))
  #expect(index.number(of: old) == nil)
  #expect(index.add(old, at: "c") == 3 && index.number(of: old) == 3 && index.watchedFile(3) == old)
  // The same file under the watcher's next name for it.
  index.bind(new, to: 3)
  #expect(index.number(of: new) == 3 && index.watchedFile(3) == new)
  #expect(index.add(FileID(rawValue: 72), at: "d") == 4)
}

@Test func theNewestFileAtAPathIsTheOneThatARewriteCounts() {
  var events = [record(1, "a", .done, inode: 1), record(2, "a", .done, inode: 2)]
  var index = FileIndex(state(events), contents: ContentIndex())
  #expect(index.latest(at: "a", in: state(events))?.id == 2)
  #expect(index.latest(at: "b", in: state(events)) == nil)
  let number = index.add(FileID(rawValue: 1), at: "a")
  events.append(record(number, "a", .done, inode: 3))
  #expect(index.latest(at: "a", in: state(events))?.id == 3)
  // Renamed since: the path is no one's.
  events.append(record(number, "z", .done, inode: 3))
  #expect(index.latest(at: "a", in: state(events)) == nil)
}

@Test func aContentIsClaimedOnceAndGivenBack() {
  var earlier = ContentIndex()
  earlier["00"] = 1
  var index = FileIndex(SessionState(), contents: earlier)
  #expect(index.claim("00", for: 5) == .taken(by: 1))
  #expect(index.claim("11", for: 5) == .granted)
  #expect(index.claim("11", for: 5) == .held)
  #expect(index.claim("11", for: 6) == .taken(by: 5))
  index.release("11")
  #expect(index.claim("11", for: 6) == .granted)
  index.record("11", of: 7)
  #expect(index.claim("11", for: 6) == .taken(by: 7))
}
