import System
import FolderWatch
import Testing

@Suite struct LedgerNames {
  @Test func aTemporaryNameIsNotShownIfItSoonBecomesTheFinalOne() throws {
    var bench = LedgerBench()
    bench.write("a.tif.tmp", size: 10, hint: [.created, .modified, .closed])
    bench.advance(0.5)
    #expect(bench.log.isEmpty)
    bench.rename("a.tif.tmp", to: "a.tif")
    bench.advance(0.3)
    guard case .appeared(let file, .waiting(.settling)) = try #require(bench.log.first) else {
      Issue.record("the file did not appear")
      return
    }
    #expect(file.path == RawPath("a.tif"))
    #expect(bench.offered.map(\.path) == [RawPath("a.tif")])
  }

  @Test func aTemporaryNameThatStaysIsShownAndNeverOffered() throws {
    var bench = LedgerBench()
    bench.write("a.tif.part", size: 10, hint: .closed)
    bench.advance(600)
    guard case .appeared(let file, .waiting(.temporaryName)) = try #require(bench.log.first) else {
      Issue.record("the file did not appear")
      return
    }
    #expect(bench.offered.isEmpty)
    bench.rename("a.tif.part", to: "a.tif")
    bench.advance(3)
    #expect(bench.log.contains(.renamed(file.id, RawPath("a.tif"))))
    #expect(bench.offered.map(\.id) == [file.id])
  }

  @Test func temporaryNamesThatComeAndGoCostNothing() {
    var bench = LedgerBench()
    for i in 0..<5_000 {
      bench.write("frame-\(i).tmp", size: 10, hint: .created)
      bench.remove("frame-\(i).tmp")
    }
    #expect(bench.log.isEmpty)
    #expect(bench.ledger.memoryBytes < 1 << 18)
  }

  @Test(arguments: [
    ".a.tif.Xy12Zw", ".nfs00000001", "~$a.tif", "Thumbs.db", "desktop.ini", ".DS_Store",
  ])
  func someNamesAreNeverFrames(name: String) {
    var bench = LedgerBench()
    bench.write(name, size: 10, hint: .closed)
    bench.scan()
    bench.advance(10)
    #expect(bench.log.isEmpty)
  }

  @Test(arguments: ["a.TMP", "a.part", "a.tif.partial", "a.filepart", "a.tmp"])
  func namesOfCopiesInTransitAreTemporary(name: String) {
    #expect(FileNames.classify(Array(name.utf8)) == .temporary)
  }

  @Test func aFileCopiedUnderAHiddenNameIsSeenWhenItIsRenamed() {
    var bench = LedgerBench()
    bench.write(".a.tif.Xy12Zw", size: 10, hint: .closed)
    bench.rename(".a.tif.Xy12Zw", to: "a.tif")
    bench.advance(0.3)
    #expect(bench.offered.map(\.path) == [RawPath("a.tif")])
  }

  @Test(arguments: [true, false])
  func aRenamedFileStaysTheSameEntry(hints: Bool) throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .closed)
    let file = try bench.settleAndReport("a.tif")
    bench.rename("a.tif", to: "b.tif", hints: hints)
    bench.scan()
    bench.advance(100)
    #expect(bench.log.last == .renamed(file.id, RawPath("b.tif")))
    #expect(bench.offered.count == 1)
  }

  @Test func aFileRenamedIntoAnotherFolderStaysTheSameEntry() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10)
    bench.scan()
    let file = try bench.settleAndReport("a.tif")
    bench.rename("a.tif", to: "done/2024/a.tif", hints: false)
    bench.scan()
    #expect(bench.log.last == .renamed(file.id, RawPath("done/2024/a.tif")))
    bench.advance(100)
    #expect(bench.offered.count == 1)
  }

  @Test func aHardLinkIsTheSameFile() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .closed)
    let file = try bench.settleAndReport("a.tif")
    bench.link("b.tif", to: "a.tif")
    bench.hint("b.tif", .created)
    bench.scan()
    bench.advance(100)
    guard case .appeared(let other, .sameAs(let id)) = try #require(bench.log.last) else {
      Issue.record("the link did not appear as one")
      return
    }
    #expect(other.path == RawPath("b.tif") && id == file.id)
    #expect(bench.offered.count == 1)
  }

  @Test func aLinkTakesOverIfTheFirstNameGoesBeforeItIsRead() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .created)
    bench.link("b.tif", to: "a.tif")
    bench.hint("b.tif", .created)
    bench.remove("a.tif")
    bench.advance(3)
    #expect(bench.offered.map(\.path) == [RawPath("b.tif")])
  }

  @Test func aFileWrittenThroughItsOtherNameIsReadAgain() throws {
    var bench = LedgerBench()
    bench.write("a.tif", size: 10, hint: .closed)
    _ = try bench.settleAndReport("a.tif")
    bench.link("b.tif", to: "a.tif")
    bench.hint("b.tif", .created)
    bench.write("b.tif", size: 20, hint: .closed)
    bench.advance(3)
    let again = try #require(bench.offered.last)
    #expect(again.path == RawPath("a.tif") && again.revision == 2)
    #expect(bench.offered.count == 2)
  }

  @Test func aSymbolicLinkIsFollowedOnce() throws {
    var bench = LedgerBench()
    bench.write("z.tif", size: 10)
    bench.link("a.tif", to: "z.tif", kind: .link)
    bench.scan()
    bench.advance(3)
    #expect(bench.offered.map(\.path) == [RawPath("z.tif")])
  }

  @Test func aLinkToAFileElsewhereIsRead() {
    var bench = LedgerBench()
    bench.make("a.tif", .link)
    bench.scan()
    bench.advance(3)
    #expect(bench.offered.count == 1)
  }

  @Test(arguments: [
    (FileKind.loopingLink, "leads to itself"), (.directoryLink, "not followed"), (.special, "regular file"),
  ])
  func whatIsNotAFileIsRefused(kind: FileKind, words: String) throws {
    var bench = LedgerBench()
    bench.make("a.tif", kind)
    bench.scan()
    bench.advance(100)
    guard case .appeared(_, .refused(let reason)) = try #require(bench.log.first) else {
      Issue.record("not refused")
      return
    }
    #expect(reason.contains(words))
    #expect(bench.offered.isEmpty)
  }

  @Test func aLinkThatLeadsNowhereWaitsForItsTarget() {
    var bench = LedgerBench(events: false)
    bench.make("a.tif", .brokenLink)
    bench.scan()
    bench.advance(20)
    #expect(bench.offered.isEmpty)
    bench.make("a.tif", .link)
    bench.advance(20)
    #expect(bench.offered.count == 1)
  }

  @Test func namesThatDifferInCaseOnlyAreTwoFiles() {
    var bench = LedgerBench()
    bench.write("A.tif", size: 10, hint: .closed)
    bench.write("a.tif", size: 10, hint: .closed)
    bench.advance(1)
    #expect(Set(bench.offered.map(\.path)) == [RawPath("A.tif"), RawPath("a.tif")])
  }

  @Test func namesAreKeptByteByByte() {
    let bytes: [UInt8] = [0x66, 0xFF, 0xFE, 0x0A, 0x1B, 0x5B, 0x2E, 0x74, 0x69, 0x66]
    let path = RawPath(bytes: bytes)
    var bench = LedgerBench()
    let identity = FileIdentity(device: 1, inode: 7, size: 3, modified: 9)
    bench.ledger.scan([ScannedFile(path: path, identity: identity)], at: bench.now)
    bench.collect()
    guard case .appeared(let file, _)? = bench.log.first else {
      Issue.record("the file did not appear")
      return
    }
    #expect(file.path.bytes == bytes)
    #expect(file.path.string == nil)
    #expect(file.path.display == "f\\xFF\\xFE\\x0A\\x1B[.tif")
    #expect(RawPath("a\u{202E}b").display == "a\\u{202E}b")
    #expect(RawPath("über_µm_日本語.tif").display == "über_µm_日本語.tif")
  }
}

@Suite struct LedgerSidecars {
  @Test func aFileWaitsForItsSidecar() {
    var bench = LedgerBench()
    bench.write("a.mib", size: 10, hint: .closed)
    bench.advance(2)
    #expect(bench.offered.isEmpty)
    #expect(bench.states == [.waiting(.sidecar)])
    bench.write("a.hdr", size: 5, hint: .closed)
    bench.advance(0.3)
    #expect(bench.offered.map(\.lacksSidecar) == [false])
  }

  @Test func withoutASidecarTheFileIsReadAndFlagged() {
    var bench = LedgerBench()
    bench.write("a.mib", size: 10, hint: .closed)
    bench.advance(5.3)
    #expect(bench.offered.map(\.lacksSidecar) == [true])
  }

  @Test func aLateSidecarHasTheFileReadAgain() throws {
    var bench = LedgerBench()
    bench.write("a.mib", size: 10, hint: .closed)
    bench.advance(5.3)
    let early = try #require(bench.offered.last)
    bench.report(.done, early)
    bench.write("a.hdr", size: 5, hint: .closed)
    bench.advance(1)
    let again = try #require(bench.offered.last)
    #expect(again.id == early.id && again.offer == .sidecar && !again.lacksSidecar)
    bench.report(.done, again)
    bench.write("a.hdr", size: 6, hint: .closed)
    bench.advance(10)
    #expect(bench.offered.count == 2)
  }

  @Test func aSidecarThatComesDuringTheReadingIsNotForgotten() throws {
    var bench = LedgerBench()
    bench.write("a.mib", size: 10, hint: .closed)
    bench.advance(5.3)
    bench.write("a.hdr", size: 5, hint: .closed)
    bench.advance(1)
    #expect(bench.offered.count == 1)
    bench.report(.done, try #require(bench.offered.last))
    #expect(bench.offered.last?.offer == .sidecar)
  }

  @Test func whereSidecarsNeverComeTheyAreNoLongerWaitedFor() {
    var bench = LedgerBench()
    for i in 0..<3 {
      bench.write("\(i).mrc", size: 10, hint: .closed)
      bench.advance(6)
    }
    bench.write("3.mrc", size: 10, hint: .closed)
    bench.advance(0.3)
    #expect(bench.offered.count == 4)
    bench.write("3.mrc.mdoc", size: 10, hint: .closed)
    bench.advance(0.3)
    #expect(bench.offered.count == 4)
    bench.write("4.mrc", size: 10, hint: .closed)
    bench.advance(0.3)
    #expect(bench.offered("4.mrc").isEmpty)
  }

  @Test(arguments: [
    ("a.mib", "a.hdr"), ("a.raw", "a.xml"), ("scan_x64_y64.raw", "acquisition_3.xml"),
    ("a.mrc", "a.mrc.mdoc"),
    ("a_movie.mrc", "a_info.txt"), ("a.mrc", "a_info.txt"), ("a_1.ser", "a.emi"), ("a_2.MIB", "a_2.hdr"),
  ])
  func aSidecarBelongsToItsFile(file: String, sidecar: String) {
    var bench = LedgerBench()
    bench.write(sidecar, size: 10)
    bench.write(file, size: 10)
    bench.scan()
    bench.advance(2.1)
    #expect(bench.offered.map(\.path) == [RawPath(file)])
    #expect(bench.offered.map(\.lacksSidecar) == [false])
  }

  @Test func oneLateSidecarServesAWholeSeries() throws {
    var bench = LedgerBench()
    bench.write("a_1.ser", size: 10, hint: .closed)
    bench.write("a_2.ser", size: 10, hint: .closed)
    bench.advance(6)
    for file in bench.offered { bench.report(.done, file) }
    bench.write("a.emi", size: 10, hint: .closed)
    bench.advance(1)
    #expect(bench.offered.suffix(2).map(\.offer) == [.sidecar, .sidecar])
    #expect(bench.offered.count == 4)
  }

  @Test func anEmptySidecarIsNoneYet() {
    var bench = LedgerBench()
    bench.write("a.hdr", size: 0, hint: .created)
    bench.write("a.mib", size: 10, hint: .closed)
    bench.advance(4)
    #expect(bench.offered.isEmpty)
    bench.write("a.hdr", size: 9, hint: .closed)
    bench.advance(0.3)
    #expect(bench.offered.map(\.lacksSidecar) == [false])
  }
}
