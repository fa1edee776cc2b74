import System
import FolderWatch
import Testing

@Suite struct LedgerReadiness {
  @Test func aClosedFileIsOfferedAfterASecondLook() {
    var bench = LedgerBench()
    bench.write("a.tif", size: 100, hint: [.created, .modified, .closed])
    bench.advance(0.199)
    #expect(bench.offered.isEmpty)
    bench.advance(0.002)
    #expect(bench.offered.map(\.path) == [RawPath("a.tif")])
    #expect(bench.offered.first?.absolutePath == RawPath("/data/a.tif"))
  }

  @Test func withoutACloseEventAFileRestsForTheSettleTime() {
    var bench = LedgerBench(events: false)
    bench.write("a.tif", size: 100)
    bench.scan()
    bench.advance(1.9)
    #expect(bench.offered.isEmpty)
    bench.advance(0.2)
    #expect(bench.offered.count == 1)
  }

  @Test func theSettleTimeIsAnOption() {
    var bench = LedgerBench(events: false) { $0.settle = .seconds(7) }
    bench.write("a.tif", size: 100)
    bench.scan()
    bench.advance(6.9)
    #expect(bench.offered.isEmpty)
    bench.advance(0.2)
    #expect(bench.offered.count == 1)
  }

  @Test func aCompleteHeaderSavesTheSecondLook() throws {
    var bench = LedgerBench(asksHeaders: true)
    bench.write("a.tif", size: 100, hint: .closed)
    bench.advance(0.021)
    let id = try #require(bench.asked.first)
    bench.ledger.headerSays(true, of: id, at: bench.now)
    bench.collect()
    #expect(bench.offered.map(\.id) == [id])
  }

  @Test func anIncompleteHeaderAsksForTheFullRest() throws {
    var bench = LedgerBench(asksHeaders: true)
    bench.write("a.mrc", size: 100, hint: .closed)
    bench.advance(0.021)
    bench.ledger.headerSays(false, of: try #require(bench.asked.first), at: bench.now)
    bench.advance(1.9)
    #expect(bench.offered.isEmpty)
    bench.advance(5.1)
    #expect(bench.offered.count == 1)
  }

  @Test func aHeaderThatCannotSayLeavesTheSecondLook() throws {
    var bench = LedgerBench(asksHeaders: true)
    bench.write("a.tif", size: 100, hint: .closed)
    bench.advance(0.021)
    bench.ledger.headerSays(nil, of: try #require(bench.asked.first), at: bench.now)
    bench.advance(0.1)
    #expect(bench.offered.isEmpty)
    bench.advance(0.1)
    #expect(bench.offered.count == 1)
  }

  @Test(arguments: [true, false])
  func aSlowWriterIsReadOnceItRests(events: Bool) {
    var bench = LedgerBench(events: events)
    for kilobytes in 1...100 {
      bench.write("slow.tif", size: Int64(kilobytes) * 1024, hint: events ? .modified : nil)
      if !events { bench.scan() }
      bench.advance(0.05)
      #expect(bench.offered.isEmpty)
    }
    bench.advance(4.1)
    #expect(bench.offered.map(\.identity.size) == [100 * 1024])
  }

  @Test func aWriterThatPausesIsReadAgainWhenItGoesOn() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 100, hint: [.created, .modified])
    bench.advance(2.5)
    let early = try #require(bench.offered.first)
    bench.report(.truncated("strip 3 ends past the end"), early)
    #expect(bench.states.last == .waiting(.truncated("strip 3 ends past the end")))
    bench.advance(0.5)
    bench.write("a.tif", size: 300, hint: .modified)
    bench.advance(0.1)
    bench.hint("a.tif", .closed)
    bench.advance(0.25)
    let whole = try #require(bench.offered.last)
    #expect(whole.id == early.id && whole.revision == 1 && whole.offer == .changed)
    #expect(whole.identity.size == 300)
    bench.report(.done, whole)
    bench.advance(1000)
    #expect(bench.offered.count == 2)
  }

  @Test func aFileThatIsAppendedToAfterItWasReadGrowsIntoANewRevision() throws {
    var bench = LedgerBench()
    bench.write("a.mrc", size: 100, hint: .closed)
    bench.advance(0.3)
    bench.advance(5)  // no sidecar comes
    bench.report(.done, try #require(bench.offered.last))
    for size in [200, 300, 400] as [Int64] {
      bench.write("a.mrc", size: size, hint: [.modified, .closed])
      bench.advance(6)
      let file = try #require(bench.offered.last)
      #expect(file.identity.size == size)
      bench.report(.done, file)
    }
    #expect(bench.offered.map(\.revision) == [1, 2, 3, 4])
    let how = bench.log.compactMap { if case .revised(_, _, let how) = $0 { how } else { nil } }
    #expect(how == [.grown, .grown, .grown])
  }

  @Test func aFileFilledAtFullLengthIsNotOfferedBeforeItRests() {
    var bench = LedgerBench()
    for _ in 0..<60 {
      bench.write("a.blo", size: 1 << 20, hint: .modified)
      bench.advance(0.5)
    }
    #expect(bench.offered.isEmpty)
    bench.hint("a.blo", .closed)
    bench.advance(0.3)
    #expect(bench.offered.count == 1)
  }

  @Test func anEmptyFileWaitsUntilItIsFilled() {
    var bench = LedgerBench(events: false)
    bench.write("a.tif", size: 0)
    bench.scan()
    bench.advance(30)
    #expect(bench.states == [.waiting(.empty)])
    #expect(bench.offered.isEmpty)
    bench.write("a.tif", size: 50)
    bench.advance(10)
    #expect(bench.offered.count == 1)
  }

  @Test(arguments: [-86_400, 0, 3_600] as [Int64])
  func theFilesOwnTimeDoesNotMatter(seconds: Int64) {
    var bench = LedgerBench(events: false)
    bench.write("a.tif", size: 10, modified: 1_700_000_000_000_000_000 + seconds * 1_000_000_000)
    bench.scan()
    bench.advance(2.1)
    #expect(bench.offered.count == 1)
  }

  @Test func aPauseOfTheWholeProgramChangesNothing() {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: [.created, .modified])
    // Stopped for a minute: the writer went on meanwhile and nothing was looked at.
    bench.now = bench.now + .seconds(60)
    bench.write("a.tif", size: 20)
    bench.advance(0)
    #expect(bench.offered.isEmpty)
    bench.advance(2.1)
    #expect(bench.offered.map(\.identity.size) == [20])
  }

  @Test func aFileThatStaysCutShortIsTriedEverMoreRarely() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .closed)
    bench.advance(0.3)
    var times: [Double] = []
    for _ in 0..<9 {
      let file = try #require(bench.offered.last)
      bench.report(.truncated("short"), file)
      let before = bench.offered.count
      let reported = bench.now
      while bench.offered.count == before { bench.advance(0.5) }
      times.append(Double((bench.now - reported).components.seconds))
    }
    #expect(times == [1, 2, 5, 15, 60, 300, 300, 300, 300])
    #expect(bench.offered.dropFirst().map(\.offer) == (1...9).map { .retry($0) })
    #expect(bench.offered.allSatisfy { $0.revision == 1 })
  }

  @Test func aRefusedFileIsOfferedAgainWhenItChanges() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .closed)
    let first = try bench.settleAndReport("a.tif", .refused("colour"))
    bench.advance(1000)
    #expect(bench.offered.count == 1)
    bench.write("a.tif", size: 12, hint: .closed)
    bench.advance(1)
    let second = try #require(bench.offered.last)
    #expect(second.id == first.id && second.revision == 1 && second.offer == .changed)
  }
}

@Suite struct LedgerScans {
  @Test func aScanThatGrowsIsOfferedAsItGrowsAndEndsIncomplete() throws {
    var bench = LedgerBench()
    bench.write("scan.tvips", size: 1000, hint: [.created, .modified])
    for step in 1...30 {
      bench.write("scan.tvips", size: 1000 + Int64(step) * 100, hint: .modified)
      bench.advance(0.5)
    }
    let first = try #require(bench.offered.first)
    #expect(first.offer == .growing)
    bench.report(.partial, first)
    for step in 31...50 {
      bench.write("scan.tvips", size: 1000 + Int64(step) * 100, hint: .modified)
      bench.advance(0.5)
      if let last = bench.offered.last, bench.states.last == .partial { bench.report(.partial, last) }
    }
    let growing = bench.offered.dropFirst()
    #expect((8...11).contains(growing.count))
    #expect(growing.allSatisfy { $0.offer == .growing && $0.id == first.id && $0.revision == 1 })
    bench.advance(2)
    bench.report(.partial, try #require(bench.offered.last))
    let offers = bench.offered.count
    bench.advance(57)
    #expect(bench.states.last == .partial)
    bench.advance(5)
    #expect(bench.states.last == .incomplete)
    #expect(bench.offered.count == offers)

    bench.write("scan.tvips", size: 9000, hint: [.modified, .closed])
    bench.advance(2)
    let last = try #require(bench.offered.last)
    #expect(last.id == first.id && last.identity.size == 9000)
    bench.report(.done, last)
    #expect(bench.states.last == .done)
  }

  @Test func aScanThatIsBegunAnewIsANewRevision() throws {
    var bench = LedgerBench()
    bench.write("scan.blo", size: 1000, hint: .closed)
    let old = try bench.settleAndReport("scan.blo", .partial)
    bench.write("scan.blo", size: 200, hint: .closed)
    bench.advance(1)
    let new = try #require(bench.offered.last)
    #expect(new.id != old.id && new.revision == 2)
  }
}
