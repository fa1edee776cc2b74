import Diffraction
import Foundation
import FrameFormats
import System
import Testing
import Workers

/// The reading process: what it hands over is what a direct reading gives, and its end is never the end of
/// the one who asked.
@Suite struct WorkerTests {
  /// Programs are built beside the test bundle.
  static let program: String = {
    let bundle = CommandLine.arguments.last { $0.contains(".xctest") } ?? CommandLine.arguments[0]
    let start = bundle.range(of: ".xctest").map { bundle[..<$0.upperBound] } ?? bundle[...]
    return URL(filePath: String(start)).deletingLastPathComponent().appending(path: "Fuzz").path()
  }()

  private func worker(memory: Int = 1 << 30, timeLimit: Duration = .seconds(20)) -> WorkerReader {
    WorkerReader(
      executable: Self.program, arguments: ["read-worker", "--memory", String(memory)], timeLimit: timeLimit)
  }

  @Test func `Frames from the worker are those of a direct reading`() throws {
    let worker = worker()
    for name in SameScanTests.names {
      let path = Reference.path("same_scan/\(name)")
      let direct = try FormatList.open(path: path)
      let isolated = try worker.open(path: path)
      #expect(isolated.summary == direct.summary, "\(name)")
      for index in [0, 34] {
        let (one, other) = (try direct.frame(at: index), try isolated.frame(at: index))
        #expect(bytes(one.pixels) == bytes(other.pixels), "\(name)")
        #expect(one.calibration == other.calibration && one.beam == other.beam && one.index == other.index)
      }
    }
  }

  @Test func `The first frame is right whether it came with the summary or not`() throws {
    let worker = worker()
    let path = Reference.path("same_scan/scan_C.npy")
    let wanted = sameScan(of: UInt16.self)
    for fetch in [WorkerReader.Fetch.summary, .firstFrame] {
      let source = try worker.open(path: path, fetch: fetch)
      let other = try worker.open(path: Reference.path("same_scan/scan.blo"), fetch: fetch)
      for index in [0, 0, 7, 0] { #expect(bytes(try source.frame(at: index).pixels) == wanted[index]) }
      #expect(bytes(try other.frame(at: 3).pixels) == sameScan(of: UInt8.self)[3])
    }
  }

  @Test func `A first frame that cannot be read is refused when it is asked for`() throws {
    let worker = worker()
    var damaged = load(Reference.path("tiff_awkward/u16_deflate_pred2.tif"))
    for index in 1000..<1100 { damaged[index] = 0x55 }
    let scratch = Scratch()
    let source = try worker.open(path: scratch.file("x.tif", damaged))
    #expect(source.summary.frames == 1)
    #expect { try source.frame(at: 0) } throws: { ($0 as? FileRefusal)?.kind == .damaged }
  }

  @Test func `A message longer than a piece arrives whole`() throws {
    let text = Array("ImageJ=1\n".utf8) + Array(repeating: UInt8(ascii: "x"), count: 3900)
    var tiff = TinyTIFF(width: 4, height: 4, compression: 1, stripBytes: 16, text: text + [0], tag: 270)
    tiff.bytes += Array(0..<16)
    let scratch = Scratch()
    // Every length of the path around the piece that is read at once.
    for length in [1, 100, 200] {
      let name = String(repeating: "n", count: length)
      let path = scratch.file("\(name).tif", tiff.bytes)
      #expect(try worker().open(path: path).summary == FormatList.open(path: path).summary)
    }
    let long = String(repeating: "d/", count: 2600)
    #expect { try worker().open(path: "\(long)x.tif") } throws: {
      ($0 as? FileRefusal)?.kind == .unreadable
    }
  }

  @Test func `Refusals pass unchanged`() throws {
    let worker = worker()
    for name in HostileTests.names where ["tif_", "dm4_", "npz_"].contains(name.prefix(4)) {
      let path = Reference.path("hostile/\(name)")
      var refusals: [FileRefusal] = []
      for open in [{ try FormatList.open(path: path) }, { try worker.open(path: path) }] {
        do { _ = try open() } catch { refusals.append(try #require(error as? FileRefusal)) }
      }
      #expect(refusals.count != 1 && refusals.first == refusals.last, "\(name)")
    }
  }

  @Test func `A worker killed at any moment loses nothing`() throws {
    let worker = worker()
    let path = Reference.path("same_scan/scan_gzip.hspy")
    let wanted = sameScan(of: UInt16.self)
    var state: UInt32 = 7
    func random(_ limit: UInt32) -> UInt32 {
      state = state &* 1_664_525 &+ 1_013_904_223
      return (state >> 8) % limit
    }
    let source = try worker.open(path: path)
    var killed: Set<Int32> = []
    for request in 0..<120 {
      let index = Int(random(35))
      // At most one death for a request: a second one would be blamed on the file.
      let victim = worker.processID
      let delay = random(300)
      let killer = Thread {
        for _ in 0..<delay { sched_yield() }
        if let victim { kill(victim, SIGKILL) }
      }
      if request % 4 == 0, let victim, killed.insert(victim).inserted { killer.start() }
      #expect(bytes(try source.frame(at: index).pixels) == wanted[index], "request \(request)")
    }
    #expect(!killed.isEmpty)
  }

  @Test func `Two files can be read in turns`() throws {
    let worker = worker()
    let one = try worker.open(path: Reference.path("same_scan/scan_C.npy"))
    let other = try worker.open(path: Reference.path("same_scan/scan.blo"))
    for index in [3, 30] {
      #expect(bytes(try one.frame(at: index).pixels) == sameScan(of: UInt16.self)[index])
      #expect(bytes(try other.frame(at: index).pixels) == sameScan(of: UInt8.self)[index])
    }
  }

  @Test func `Pixels outlive the worker that read them`() throws {
    var worker: WorkerReader? = worker()
    var source = try worker?.open(path: Reference.path("same_scan/scan_C.npy"))
    let frame = try #require(try source?.frame(at: 11))
    source = nil
    worker = nil
    #expect(bytes(frame.pixels) == sameScan(of: UInt16.self)[11])
  }

  @Test func `A worker that never answers is ended and replaced`() {
    let worker = WorkerReader(executable: "/bin/sleep", arguments: ["1000"], timeLimit: .milliseconds(50))
    for _ in 0..<2 {
      #expect {
        try worker.open(path: Reference.path("same_scan/scan_C.npy"))
      } throws: {
        ($0 as? FileRefusal)?.reason.hasPrefix("the reading process gave no answer") == true
      }
      #expect(worker.processID == nil)
    }
  }

  @Test func `A worker that dies over a file is named with its end`() {
    let worker = WorkerReader(executable: "/bin/false", arguments: [])
    #expect {
      try worker.open(path: Reference.path("same_scan/scan_C.npy"))
    } throws: {
      $0 as? FileRefusal == FileRefusal(.damaged, "the reading process ended with status 1, twice")
    }
    let none = WorkerReader(executable: "/nonexistent/program", arguments: [])
    #expect {
      try none.open(path: Reference.path("same_scan/scan_C.npy"))
    } throws: {
      ($0 as? FileRefusal)?.kind == .unreadable
    }
  }

  @Test(.enabled(if: !Program.isSanitized, "memory is not bounded under a sanitizer"))
  func `A file beyond the worker's memory costs one refusal`() throws {
    let scratch = Scratch()
    let path = scratch.file(
      "large.tif", TinyTIFF(width: 16000, height: 16000, compression: 1, stripBytes: 256_000_000).bytes)
    #expect(truncate(path, 256_001_000) == 0)
    let worker = worker(memory: 200 << 20)
    let source = try worker.open(path: path)
    #expect { try source.frame(at: 0) } throws: {
      ($0 as? FileRefusal)?.reason.hasPrefix("the reading process was ended by signal") == true
    }
    let next = try worker.open(path: Reference.path("same_scan/scan_C.npy"))
    #expect(bytes(try next.frame(at: 0).pixels) == sameScan(of: UInt16.self)[0])
  }
}
