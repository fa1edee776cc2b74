import Diffraction
import Foundation
import FrameFormats
import Testing

/// What every format in the list has to keep; a new one is tested without being told.
@Suite struct FormatContractTests {
  static let formats = Array(FormatList.formats.indices)

  @Test func `Names and suffixes are plain and belong to one format each`() {
    let names = FormatList.formats.map(\.name)
    #expect(Set(names).count == names.count)
    let suffixes = FormatList.formats.flatMap(\.suffixes)
    #expect(Set(suffixes).count == suffixes.count)
    #expect(suffixes.allSatisfy { $0 == $0.lowercased() && !$0.contains(".") })
  }

  @Test(arguments: formats) func `No format claims a file without bytes or with zeros only`(index: Int) {
    let format = FormatList.formats[index]
    for count in [0, 1, 16, 4096] {
      let zeros = [UInt8](repeating: 0, count: count)
      for suffix in ["", "tif", "dat"] {
        #expect(!zeros.withUnsafeBytes { format.recognizes(head: $0, suffix: suffix) }, "\(format.name)")
      }
    }
  }

  @Test(arguments: formats) func `Opening nonsense by force is a refusal`(index: Int) {
    let format = FormatList.formats[index]
    let scratch = Scratch()
    var state: UInt64 = 88_172_645_463_325_252
    for length in [0, 1, 5, 100, 1024, 5000] {
      let bytes = (0..<length).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state)
      }
      let path = scratch.file("x", bytes)
      #expect(throws: FileRefusal.self, "\(format.name), \(length) bytes") {
        try format.open(path: path, limits: ReadLimits())
      }
    }
    #expect(throws: FileRefusal.self) { try format.open(path: scratch.path + "/none", limits: ReadLimits()) }
  }

  @Test(arguments: PrefixTests.names)
  func `Frames are what the summary says, the same each time, and sources are named`(name: String) throws {
    guard let source = try? FormatList.open(path: Reference.path(name)) else { return }
    let summary = source.summary
    #expect(summary.frames > 0 && summary.declaredFrames >= summary.frames)
    #expect(!summary.format.isEmpty)
    let frame = try source.frame(at: 0)
    #expect(frame.pixels.width == summary.width && frame.pixels.height == summary.height)
    #expect(frame.pixels.sample == summary.sample)
    #expect(frame.index == 0)
    #expect(bytes(try source.frame(at: 0).pixels) == bytes(frame.pixels))
    let beam = summary.beam
    let sources = [
      beam.voltageKilovolts?.source, beam.convergenceMilliradians?.source,
      beam.cameraLengthMillimetres?.source,
      beam.exposureSeconds?.source, summary.calibration.x?.source, summary.calibration.y?.source,
      summary.scan?.source,
    ]
    #expect(sources.allSatisfy { $0?.isEmpty != true })
    #expect(summary.metadata.allSatisfy { !$0.name.isEmpty && !$0.source.isEmpty && $0.value.count <= 1001 })
    #expect(summary.calibration.x.map { $0.value.scale.isFinite && !$0.value.unit.isEmpty } != false)
    #expect { try source.frame(at: summary.frames) } throws: { ($0 as? FileRefusal)?.kind == .truncated }
  }

  @Test func `Other well-known files are called by their name`() {
    let scratch = Scratch()
    for (start, word) in [("PK\u{3}\u{4}", "ZIP"), ("%PDF-1.7", "PDF"), ("GIF89a", "GIF")] {
      let path = scratch.file("x.tif", Array(start.utf8) + Array(repeating: 1, count: 100))
      #expect { try FormatList.open(path: path) } throws: {
        ($0 as? FileRefusal)?.reason.contains(word) == true
      }
    }
  }
}
