import Diffraction
import Foundation
import FrameFormats
import Testing

/// A recording that is still being written shows its whole patterns and says how many there will be.
@Suite struct GrowingTests {
  /// File, bytes before the first record, bytes of a record, whether the header tells the final number.
  static let scans: [(name: String, start: Int, record: Int, isAnnounced: Bool)] = [
    ("scan.blo", 0, 6 + 256, true), ("scan_u08.mib", 0, 384 + 256, true),
    ("scan_u16.mib", 0, 384 + 512, true), ("scan_u32_nohdr.mib", 0, 384 + 1024, false),
    ("scan.mrc", 1024, 512, true),
    ("scan_bigendian.mrc", 1024, 512, true), ("scan_C.npy", 128, 512, true),
  ]

  @Test(arguments: scans.indices) func `Whole patterns of a growing scan can be read`(index: Int) throws {
    let scan = Self.scans[index]
    let whole = load(Reference.path("same_scan/\(scan.name)"))
    let full = try frames(try FormatList.open(path: Reference.path("same_scan/\(scan.name)")))
    let start = scan.name == "scan.blo" ? whole.count - 35 * scan.record : scan.start
    let scratch = Scratch()
    for companion in FormatList.companions(of: Reference.path("same_scan/\(scan.name)")) {
      guard let data = try? Data(contentsOf: URL(filePath: companion)) else { continue }
      _ = scratch.file(String(try #require(companion.split(separator: "/").last)), data)
    }
    for present in [1, 2, 17, 34] {
      let bytes = whole.prefix(start + present * scan.record + scan.record / 2)
      let source = try FormatList.open(path: scratch.file(scan.name, bytes))
      #expect(source.summary.frames == present, "\(scan.name)")
      #expect(!source.summary.isComplete)
      if scan.isAnnounced { #expect(source.summary.declaredFrames == 35, "\(scan.name)") }
      let last = try source.frame(at: present - 1)
      #expect(FrameFormatsTests.bytes(last.pixels) == FrameFormatsTests.bytes(full[present - 1].pixels))
      #expect { try source.frame(at: present) } throws: { ($0 as? FileRefusal)?.kind == .truncated }
    }
  }

  @Test func `A TVIPS recording goes on in its next file`() throws {
    let scratch = Scratch()
    let first = load(Reference.path("same_scan/scan_tvips_000.tvips"))
    let second = load(Reference.path("same_scan/scan_tvips_001.tvips"))
    let path = scratch.file("scan_tvips_000.tvips", first)
    #expect(try FormatList.open(path: path).summary.frames == 20)
    _ = scratch.file("scan_tvips_001.tvips", second.dropLast(10))
    let growing = try FormatList.open(path: path).summary
    #expect(growing.frames == 34)
    #expect(!growing.isComplete)
    _ = scratch.file("scan_tvips_001.tvips", second)
    #expect(try FormatList.open(path: path).summary.frames == 35)
  }

  @Test func `An MRC file whose header says nothing yet is incomplete`() throws {
    let source = try FormatList.open(path: Reference.path("hostile/mrc_nz_placeholder.mrc"))
    #expect(source.summary.frames == 3)
    #expect(!source.summary.isComplete)
  }

  @Test func `A file that grows while it is open keeps what it was opened with`() throws {
    let whole = load(Reference.path("same_scan/scan.mrc"))
    let scratch = Scratch()
    let path = scratch.file("scan.mrc", whole.prefix(1024 + 5 * 512))
    let source = try FormatList.open(path: path)
    let before = bytes(try source.frame(at: 4).pixels)
    _ = scratch.file("scan.mrc", whole)
    #expect(source.summary.frames == 5)
    #expect(bytes(try source.frame(at: 4).pixels) == before)
    #expect(try FormatList.open(path: path).summary.frames == 35)
  }

  @Test func `A file cut short while it is open gives a refusal and no wrong pixels`() throws {
    let scratch = Scratch()
    for name in ["scan.mrc", "scan.blo", "scan_u16.mib", "scan_F.npy", "scan_stack.tif", "scan_swapped.dm4"] {
      let path = scratch.file(name, load(Reference.path("same_scan/\(name)")))
      let source = try FormatList.open(path: path)
      #expect(truncate(path, 900) == 0)
      #expect(throws: FileRefusal.self, "\(name)") { try source.frame(at: 30) }
    }
  }

  @Test func `Odd lines in Merlin's companion are stepped over`() throws {
    let scratch = Scratch()
    let path = scratch.file("scan.mib", load(Reference.path("same_scan/scan_u08.mib")))
    let lines = "HDR,\t\n\t\n\tx\n:\n:\t5\nScanX\t7\nScanY:\t5\nno end\nTime (h:m:s):\t01:02:03\nEnd"
    _ = scratch.file("scan.hdr", Array(lines.utf8))
    #expect(try FormatList.open(path: path).summary.scan?.value == ScanShape(width: 7, height: 5))
  }
}
