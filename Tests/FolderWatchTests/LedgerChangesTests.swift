import System
import FolderWatch
import Testing

@Suite struct LedgerChanges {
  @Test func anOverwrittenFileIsANewRevisionAndTheOldOneStays() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .closed)
    let old = try bench.settleAndReport("a.tif")
    _ = bench.takeLog()
    bench.write("a.tif", size: 10, hint: [.modified, .closed])
    guard case .revised(let new, let replaced, .rewritten)? = bench.log.first else {
      Issue.record("no new revision")
      return
    }
    #expect(replaced == old.id && new.revision == 2 && new.id != old.id)
    bench.advance(1)
    #expect(bench.offered.map(\.id) == [new.id])
    #expect(!bench.log.contains(.state(old.id, .gone)))
  }

  @Test func aFileReplacedByRenamingIsANewRevision() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .closed)
    _ = try bench.settleAndReport("a.tif")
    bench.write("a.tif.tmp", size: 10, hint: .closed)
    bench.rename("a.tif.tmp", to: "a.tif")
    bench.advance(1)
    let how = bench.log.compactMap { if case .revised(_, _, let how) = $0 { how } else { nil } }
    #expect(how == [.replaced])
    #expect(bench.offered.map(\.revision) == [1, 2])
  }

  @Test func theLastOfFiftyQuickRewritesIsRead() throws {
    var bench = LedgerBench()
    var done: [FileIdentity] = []
    for i in 1...50 {
      bench.write("live.tif", size: 1000 + Int64(i % 3), hint: [.modified, .closed])
      bench.advance(i % 7 == 0 ? 0.3 : 0.1)
      if let file = bench.offered.last, !done.contains(file.identity) {
        bench.report(.done, file)
        done.append(file.identity)
      }
    }
    bench.advance(3)
    let last = try #require(bench.offered.last)
    if !done.contains(last.identity) {
      bench.report(.done, last)
      done.append(last.identity)
    }
    #expect(last.identity == bench.disk["live.tif"]?.identity)
    #expect(bench.offered.map(\.revision) == Array(1...done.count))
  }

  @Test func timesSetAfterwardsAreNoNewContentWhereTheKernelTellsOfWrites() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .closed)
    _ = try bench.settleAndReport("a.tif")
    bench.write("a.tif", size: 10, hint: .attributes, modified: 77)
    bench.scan()
    bench.advance(100)
    #expect(bench.offered.count == 1)
  }

  @Test func timesSetAfterwardsMayBeNewContentElsewhere() throws {
    var bench = LedgerBench(events: false)
    bench.write("a.tif", size: 10)
    bench.scan()
    _ = try bench.settleAndReport("a.tif")
    bench.write("a.tif", size: 10, modified: 77)
    bench.advance(10)
    #expect(bench.offered.map(\.revision) == [1, 2])
  }

  @Test func aFileDeletedDuringTheReadingIsGoneAndItsResultCounts() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .closed)
    bench.advance(1)
    let file = try #require(bench.offered.last)
    bench.remove("a.tif")
    #expect(bench.states.last == .gone)
    bench.report(.done, file)
    bench.advance(100)
    #expect(bench.offered.count == 1)
    // The very same file comes back: it has been read.
    bench.disk["a.tif"] = ScannedFile(path: file.path, identity: file.identity)
    bench.scan()
    #expect(bench.states.last == .done)
    #expect(bench.offered.count == 1)
  }

  static let outcomes: [ReadOutcome] = [.done, .truncated("short"), .changed, .partial, .refused("no")]

  /// A long look takes reports on its way, also of a file that was missed and has not yet been found again.
  @Test(arguments: outcomes, ["a.tif", "b.tif"])
  func anOutcomeThatComesWhileAFileIsOnlyMissedCounts(_ outcome: ReadOutcome, name: String) throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .closed)
    bench.advance(1)
    let file = try #require(bench.offered.last)
    bench.ledger.missing(file.path)
    bench.report(outcome, file)
    if name != "a.tif" { bench.rename("a.tif", to: name, hints: false) }
    bench.hint(name, .movedIn)
    #expect(!bench.states.contains(.gone))
    bench.advance(100)
    switch outcome {
    case .done: #expect(bench.states == [.done] && bench.offered.count == 1)
    case .refused(let reason): #expect(bench.states == [.refused(reason)] && bench.offered.count == 1)
    case .partial: #expect(bench.states.first == .partial && bench.states.last == .incomplete)
    default: #expect(bench.offered.count > 1, "it is read again")
    }
  }

  @Test func aFileTruncatedDuringTheReadingIsReadAgain() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .closed)
    bench.advance(1)
    let file = try #require(bench.offered.last)
    bench.write("a.tif", size: 4, hint: .modified)
    bench.report(.changed, file)
    #expect(bench.states.last == .waiting(.settling))
    bench.write("a.tif", size: 12, hint: [.modified, .closed])
    bench.advance(1)
    let again = try #require(bench.offered.last)
    #expect(again.id == file.id && again.identity.size == 12 && again.revision == 1)
  }

  @Test func aFileRenamedDuringTheReadingKeepsItsResult() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .closed)
    bench.advance(1)
    let file = try #require(bench.offered.last)
    bench.rename("a.tif", to: "b.tif")
    bench.report(.done, file)
    bench.scan()
    bench.advance(100)
    #expect(bench.offered.count == 1)
    #expect(bench.log.contains(.renamed(file.id, RawPath("b.tif"))))
  }

  @Test func aFileThatTheReaderNoLongerFoundIsOfferedUnderItsNewName() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .closed)
    bench.advance(1)
    let file = try #require(bench.offered.last)
    bench.rename("a.tif", to: "b.tif", hints: false)
    bench.report(.changed, file)
    bench.scan()
    bench.advance(3)
    #expect(bench.offered("b.tif").map(\.id) == [file.id])
  }

  @Test func contentThatWasSeenAfterTheReadingIsANewRevision() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .closed)
    bench.advance(1)
    let file = try #require(bench.offered.last)
    bench.write("a.tif", size: 20, hint: [.modified, .closed])
    bench.report(.done, file)
    bench.advance(1)
    #expect(bench.offered.map(\.revision) == [1, 2])
    #expect(bench.offered.last?.identity.size == 20)
  }

  @Test func contentThatTheReaderSawFirstIsNotReadTwice() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .closed)
    bench.advance(1)
    let file = try #require(bench.offered.last)
    bench.write("a.tif", size: 20)
    bench.report(.done, file, read: bench.disk["a.tif"]?.identity)
    bench.hint("a.tif", [.modified, .closed])
    bench.advance(100)
    #expect(bench.offered.count == 1)
  }

  @Test func aWriteDuringTheReadingIsLookedIntoEvenIfNothingElseTells() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .closed)
    bench.advance(1)
    let file = try #require(bench.offered.last)
    bench.write("a.tif", size: 20, hint: .modified)
    bench.report(.done, file)
    bench.advance(3)
    #expect(bench.offered.map(\.revision) == [1, 2])
  }

  @Test func aFileThatIsGoneIsSaidToBeGoneOnce() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10)
    bench.scan()
    bench.remove("a.tif", hint: false)
    bench.scan()
    bench.scan()
    #expect(bench.states == [.gone])
    bench.advance(100)
    #expect(bench.offered.isEmpty)
  }

  @Test func aShareThatWasMountedAgainHasTheSameFiles() throws {
    var bench = LedgerBench(events: false)
    for i in 0..<10 { bench.write("\(i).tif", size: 10) }
    bench.scan()
    bench.advance(3)
    for file in bench.offered { bench.report(.done, file) }
    _ = bench.takeLog()
    bench.advance(3600)
    for (name, file) in bench.disk {
      var identity = file.identity
      identity.device = 99
      bench.disk[name] = ScannedFile(path: file.path, identity: identity)
    }
    bench.scan()
    bench.advance(100)
    #expect(bench.log.isEmpty)
  }

  @Test func filesOfTheFirstLookAreMarked() {
    var bench = LedgerBench()
    bench.ledger.isFirstLook = true
    bench.write("old.tif", size: 10)
    bench.scan()
    bench.write("new.tif", size: 10, hint: .closed)
    bench.advance(3)
    #expect(bench.offered("old.tif").map(\.atStart) == [true])
    #expect(bench.offered("new.tif").map(\.atStart) == [false])
  }
}

@Suite struct LedgerCosts {
  private func filled(_ count: Int) -> LedgerBench {
    var bench = LedgerBench()
    for i in 0..<count { bench.write("session_2024-05-17_frame_\(100_000 + i).tif", size: 1000) }
    bench.scan()
    return bench
  }

  /// Forty megabytes for a hundred thousand files, on the way; half of it at rest.
  @Test func aFileCostsAtMostFourHundredBytes() {
    let count = 20_000
    var bench = filled(count)
    #expect(bench.ledger.memoryBytes < 400 * count)
    bench.advance(3)
    #expect(bench.offered.count == count)
    for file in bench.offered { bench.ledger.report(.done, for: file.id, at: bench.now) }
    _ = bench.ledger.takeChanges()
    #expect(bench.ledger.memoryBytes < 200 * count)
  }

  @Test func aListingAsksForNoLookAtWhatItKnows() {
    var bench = filled(500)
    bench.ledger.beginListing()
    for file in bench.disk.values {
      let name = file.path.bytes.withUnsafeBufferPointer {
        bench.ledger.listed($0, inode: file.identity.inode, in: 0)
      }
      #expect(name == .known)
    }
    #expect(bench.ledger.endListing(of: 0).isEmpty)
  }

  @Test func aListingAsksForALookAtANewNameAndAtANewInode() {
    var bench = filled(3)
    bench.ledger.beginListing()
    let replaced = Array("session_2024-05-17_frame_100001.tif".utf8)
    let first = replaced.withUnsafeBufferPointer { bench.ledger.listed($0, inode: 99_999, in: 0) }
    let second = Array("new.tif".utf8).withUnsafeBufferPointer { bench.ledger.listed($0, inode: 5, in: 0) }
    #expect(first == .look && second == .look)
    #expect(bench.ledger.endListing(of: 0).count == 2)
  }

  @Test func theRollingSliceComesByEveryFile() {
    var bench = filled(1000)
    var seen: Set<RawPath> = []
    for _ in 0..<10 { seen.formUnion(bench.ledger.rollingSlice(limit: 100)) }
    #expect(seen.count == 1000)
  }

  @Test func nothingIsDueOnceEverythingIsRead() throws {
    var bench = filled(20)
    bench.advance(3)
    for file in bench.offered { bench.report(.done, file) }
    #expect(bench.ledger.nextDeadline == nil)
  }
}
