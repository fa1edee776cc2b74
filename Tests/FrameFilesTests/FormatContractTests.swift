import Diffraction
import Foundation
import FrameFiles
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
}
