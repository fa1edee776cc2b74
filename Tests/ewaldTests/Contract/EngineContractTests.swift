import Analysis
import Diffraction
import Dispatch
import Glibc
import HostileFrames
import Synchronization
import Testing

import ewald

/// What every engine owes, whatever its physics: over the one list of engines, each with its own sample.
@Suite(.timeLimit(.minutes(20))) struct EngineContractTests {
  @Test func `Every engine has a name of its own and something to be shown with`() {
    let names = Ewald.engines.map(\.name)
    #expect(Set(names).count == names.count && Set(Ewald.engines.map(\.label)).count == names.count)
    #expect(specimens.map(\.name).sorted() == names.sorted())
    for piece in specimens {
      for sample in piece.samples {
        let path = Acquisition.samples.appending(path: sample)
        #expect((try? path.checkResourceIsReachable()) == true, "\(sample)")
      }
    }
  }

  @Test(arguments: ContractedEngine.all)
  func `What is declared is reported, in its unit, and nothing else`(_ contracted: ContractedEngine) throws {
    let declared = contracted.engine.outputs
    #expect(!declared.isEmpty && Set(declared.map(\.name)).count == declared.count)
    var reported: Set<String> = []
    for finding in try Acquisition(contracted).findings() {
      let names = finding.values.map(\.name)
      #expect(Set(names).count == names.count)
      #expect(names.first == declared.first?.name)
      for quantity in finding.values {
        let output = declared.first { $0.name == quantity.name }
        #expect(
          output.map { $0.unit == quantity.unit } ?? finding.hasRegion(of: quantity), "\(quantity.name)")
      }
      for histogram in finding.histograms {
        #expect(declared.contains { $0.name == histogram.name && $0.unit == histogram.unit })
      }
      #expect(Self.fault(finding) == nil)
      reported.formUnion(names)
    }
    #expect(reported.isSuperset(of: declared.map(\.name)), "\(declared.map(\.name)), \(reported)")
  }

  @Test(arguments: ContractedEngine.all)
  func `Threads do not change a byte`(_ contracted: ContractedEngine) throws {
    let opened = try Acquisition(contracted).open()
    let settings = try contracted.settings(opened.summary.width)
    func bytes() throws -> [UInt8] {
      let subject: Subject =
        opened.summary.frames == 1 ? .frame(opened.frame) : .scan(PartOfScan(opened.source, rows: 11))
      return try contracted.engine.analyze(subject, settings, AnalysisContext()).bytes
    }
    let many = try bytes()
    contracted.forget()
    let one = try onOneThread { try bytes() }
    #expect(one == many && many.count > 100)
  }

  @Test(arguments: ContractedEngine.all)
  func `Who is not wanted any more leaves, at every look`(_ contracted: ContractedEngine) throws {
    let opened = try Acquisition(contracted).open()
    let settings = try contracted.settings(opened.summary.width)
    func analyze(_ flag: CancelFlag, alone: Bool) throws(AnalysisError) -> Finding {
      let subject: Subject =
        alone ? .frame(opened.frame) : .scan(PartOfScan(opened.source, rows: 6, flag: flag))
      return try contracted.engine.analyze(
        subject, settings, AnalysisContext(isCancelled: { flag.look() }))
    }
    // An engine that knows how to hurry is not always quick: it looks over a single frame, too.
    let subjects = contracted.engine.hurriedSettings.isEmpty ? [false] : [false, true]
    for alone in subjects {
      var limit = 0
      while limit < 1 << 20 {
        let flag = CancelFlag(after: limit)
        do {
          _ = try analyze(flag, alone: alone)
          // It was through before the flag went up.
          #expect(flag.looks <= limit, "\(flag.looks) looks")
          break
        } catch AnalysisError.cancelled {
          // A few threads may look at once; frames come in portions.
          #expect(flag.looks <= limit + 16, "\(flag.looks) looks")
          #expect(flag.framesAfter <= 256, "\(flag.framesAfter) frames")
        }
        limit = max(1, 2 * limit)
      }
      #expect(limit > 0 && limit < 1 << 20)
    }
  }

  @Test(arguments: ContractedEngine.all)
  func `Frames that hold no pattern get a finding`(_ contracted: ContractedEngine) throws {
    let names = ["1 x 1", "4096 x 8", "all zero", "all NaN", "saturated", "constant"]
    let frames = HostileFrame.all.filter { names.contains($0.name) }
    try #require(frames.count == names.count)
    let settings = try contracted.settings(Acquisition(contracted).open().summary.width)
    for hostile in frames {
      for subject in [
        Subject.frame(hostile.frame), .scan(HostileScan(hostile.pixels, ScanShape(width: 2, height: 2))),
      ] {
        let finding = try contracted.analyst.conclude(
          contracted.engine, subject, settings, AnalysisContext())
        #expect(EngineCheck.fault(finding, isBlank: hostile.isBlank) == nil, "\(hostile.name)")
        #expect(Self.fault(finding) == nil, "\(hostile.name)")
      }
    }
    let finding = try contracted.analyst.conclude(
      contracted.engine, .scan(EmptyScan()), settings, AnalysisContext())
    #expect(EngineCheck.fault(finding, isBlank: true) == nil && Self.fault(finding) == nil)
  }

  @Test(arguments: ContractedEngine.all)
  func `The demo's specimen is analysed`(_ contracted: ContractedEngine) throws {
    let demo = try Acquisition(demonstrating: contracted, exposures: 1)
    let finding = try #require(try demo.findings().first)
    // The first lines of a scan may hold nothing yet, which is an answer, too.
    let isFound = finding.verdict == .accept || finding.verdict == .doubtful
    #expect(
      isFound || finding.reasons.map(\.code) == [ReasonCode.nothingFound.rawValue], "\(finding.reasons)")
    #expect(finding.values.first?.name == contracted.engine.outputs.first?.name)
  }

  /// What is wrong with the words of a finding.
  private static func fault(_ finding: Finding) -> String? {
    for reason in finding.reasons where ReasonCode(rawValue: reason.code) == nil {
      return "\(reason.code) is no code"
    }
    for exhibit in finding.exhibits where exhibit.title.isEmpty || exhibit.title.contains("\n") {
      return "an exhibit is called \"\(exhibit.title)\""
    }
    return nil
  }

  /// Loops that ask for threads get one: all that there are have a loop to do already.
  private func onOneThread(_ body: () throws -> [UInt8]) throws -> [UInt8] {
    let result = Mutex<Result<[UInt8], any Error>?>(nil)
    let threads = Mutex<Set<pthread_t>>([])
    withoutActuallyEscaping(body) { body in
      nonisolated(unsafe) let body = body
      DispatchQueue.concurrentPerform(iterations: 1024) { index in
        guard index == 0 else { return }
        DispatchQueue.concurrentPerform(iterations: 64) { _ in
          threads.withLock { _ = $0.insert(pthread_self()) }
        }
        result.withLock { $0 = Result { try body() } }
      }
    }
    #expect(threads.withLock { $0.count } == 1)
    return try #require(result.withLock { $0 }).get()
  }
}

extension ContractedEngine {
  /// Whatever the engine keeps of the scans before is of others now.
  fileprivate func forget() {
    for name in ["disc", "discs everywhere", "gradient"] {
      guard let hostile = HostileFrame.all.first(where: { $0.name == name }) else { continue }
      let scan = HostileScan(hostile.pixels, ScanShape(width: 2, height: 2))
      _ = try? engine.analyze(.scan(scan), ParameterValues(), AnalysisContext())
    }
  }
}

extension Finding {
  /// Whether an undeclared quantity is one of a region's, such as `area_A`: how many there are nobody knows before.
  fileprivate func hasRegion(of quantity: Quantity) -> Bool {
    let suffix = quantity.name.split(separator: "_").last.map(String.init)
    return exhibits.contains { exhibit in
      if case .regions(let regions) = exhibit { regions.rows.contains { $0.name == suffix } } else { false }
    }
  }
}
