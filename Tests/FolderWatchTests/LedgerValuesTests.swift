import FolderWatch
import System
import Testing

private func onDisk(_ inode: UInt64, size: Int64 = 1) -> FileIdentity {
  FileIdentity(device: 7, inode: inode, size: size, modified: 1)
}

extension FileTable {
  @discardableResult
  fileprivate mutating func add(_ name: String, _ inode: UInt64, in directory: Int = 0) -> Int {
    let row = add(
      directory: directory, name: Array(name.utf8), identity: onDisk(inode), kind: .regular, isOld: false)
    claimInode(row)
    return row
  }

  fileprivate func find(_ name: String, in directory: Int = 0) -> Int? { find(directory, Array(name.utf8)) }
}

@Suite struct FileTableTests {
  @Test func aFileIsFoundByItsPathItsInodeAndItsNumber() {
    var table = FileTable()
    let folder = table.directory(RawPath("run1"))
    let (a, b) = (table.add("a.tif", 1), table.add("a.tif", 2, in: folder))
    #expect(table.find("a.tif") == a && table.find("a.tif", in: folder) == b && table.find("b.tif") == nil)
    #expect(table.path(ofRow: b) == RawPath("run1/a.tif"))
    #expect(table.owner(of: onDisk(2)) == b && table.owner(of: onDisk(3)) == nil)
    #expect(table.row(of: table.id(a)) == a)
    #expect(table.directory(RawPath("run1")) == folder && table.presentCount == 2)
  }

  @Test func thousandsOfNamesStayApart() {
    var table = FileTable()
    let rows = (0..<5000).map { table.add("f\($0)", UInt64($0) + 1) }
    #expect((0..<5000).allSatisfy { table.find("f\($0)") == rows[$0] })
    #expect((0..<5000).allSatisfy { table.owner(of: onDisk(UInt64($0) + 1)) == rows[$0] })
  }

  @Test func aRenamedFileKeepsItsNumber() {
    var table = FileTable()
    let row = table.add("a", 1)
    let id = table.id(row)
    table.rename(row, toDirectory: table.directory(RawPath("sub")), name: Array("b".utf8))
    #expect(table.find("a") == nil && table.path(ofRow: row) == RawPath("sub/b"))
    #expect(table.row(of: id) == row && table.owner(of: onDisk(1)) == row)
  }

  @Test func theRowOfAFileThatNoOneHeardOfIsUsedAgainUnderAnotherNumber() {
    var table = FileTable()
    let row = table.add("a", 1)
    let id = table.id(row)
    table.free(row)
    #expect(table.find("a") == nil && table.owner(of: onDisk(1)) == nil && table.presentCount == 0)
    #expect(table.add("b", 2) == row && table.row(of: id) == nil && table.id(row) != id)
  }

  @Test func aFileTakesItsNewInodeAlong() {
    var table = FileTable()
    let row = table.add("a", 1)
    table.adopt(onDisk(2, size: 9), kind: .regular, row: row)
    #expect(table.owner(of: onDisk(1)) == nil && table.owner(of: onDisk(2)) == row)
    #expect(table.identity(row) == onDisk(2, size: 9))
  }

  @Test func aListingTellsWhatItDidNotMeet() {
    var table = FileTable()
    let (a, b, c) = (table.add("a", 1), table.add("b", 2), table.add("c", 3))
    table.setPresent(c, false)
    table.beginListing()
    table.meet(a)
    table.meet(a)
    #expect(table.unmet(in: 0) == [b], "what is gone already is not missed")
    table.meet(b)
    #expect(table.unmet(in: 0).isEmpty)
    table.beginListing()
    #expect(table.unmet(in: 0) == [a, b])
  }
}

@Suite struct FilesUnderWayTests {
  @Test func theEarliestDeadlineComesFirstAndAPostponedOneLater() {
    var files = FilesUnderWay()
    let slots = [30, 10, 20].map { (time: Int64) -> Int in
      let slot = files.add(row: Int(time), size: 0, at: 0)
      files.schedule(slot, at: time)
      return slot
    }
    files.schedule(slots[1], at: 40)
    #expect(files.nextDeadline == 10, "the old entry stays until its time")
    #expect(files.popDue(at: 15) == nil)
    #expect(files.popDue(at: 45) == slots[2])
    #expect(files.popDue(at: 45) == slots[0])
    #expect(files.popDue(at: 45) == slots[1])
    #expect(files.popDue(at: 45) == nil && files.nextDeadline == nil)
  }

  @Test func anEarlierDeadlineCountsOnce() {
    var files = FilesUnderWay()
    let slot = files.add(row: 0, size: 0, at: 0)
    for time in [50, 20, 30] as [Int64] { files.schedule(slot, at: time) }
    #expect(files.popDue(at: 25) == nil)
    #expect(files.popDue(at: 60) == slot && files.popDue(at: 60) == nil)
  }

  @Test func aFileThatHasArrivedIsNotDueAndItsSlotIsFree() {
    var files = FilesUnderWay()
    let (a, b) = (files.add(row: 1, size: 0, at: 0), files.add(row: 2, size: 0, at: 0))
    files.schedule(a, at: 10)
    files.remove(a)
    #expect(files.popDue(at: 20) == nil)
    #expect(files.add(row: 3, size: 0, at: 20) == a)
    files.remove(a)
    files.schedule(b, at: 30)
    files.remove(b)
    #expect(files.nextDeadline == nil, "nothing is kept of none")
  }
}

@Test func aRoundWalkMeetsAllInTheirOrderAndBeginsAgain() {
  var walk = RoundWalk()
  #expect(walk.take(3, of: 0) { _ in true }.isEmpty)
  #expect(walk.take(3, of: 5) { _ in true } == [0, 1, 2])
  #expect(walk.take(3, of: 5) { $0 != 4 } == [3, 0, 1])
  #expect(walk.take(9, of: 5) { _ in true } == [2, 3, 4, 0, 1], "none twice")
  // Where few are wanted it gives up for this time, and goes on there.
  #expect(walk.take(1, of: 100) { $0 == 7 }.isEmpty)
  #expect(walk.take(1, of: 100) { $0 == 7 } == [7])
}

@Test func patienceGrowsWithTheTimeThatNothingHappened() {
  var options = WatchOptions()
  options.pollInterval = .seconds(1)
  options.settle = .milliseconds(100)
  let patience = Patience(options)
  let second: Int64 = 1_000_000_000
  #expect(patience.settleAfterClose == second / 10, "never longer than without a close")
  #expect(
    [0, 20, 9000].map { patience.checkInterval(rested: $0 * second) } == [second, 2 * second, 60 * second])
  #expect([0, 1, 5, 99].map { patience.retryInterval(after: $0) } == [1, 2, 300, 300].map { $0 * second })
}
