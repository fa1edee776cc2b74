// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry

import Diffraction
import Foundation
import FrameFormats
import Testing

/// The law of every format: a file cut anywhere is refused, or marked incomplete, or still holds all its
/// pixels; and what it does give are the right pixels.
@Suite struct PrefixTests {
  static let names: [String] = ["tiff_awkward", "tiff_codecs", "same_scan"].flatMap { set in
    try! FileManager.default.contentsOfDirectory(atPath: Reference.path(set)).map { "\(set)/\($0)" }
  }.filter { name in
    FormatList.suffixes.contains(name.split(separator: ".").last.map(String.init) ?? "")
  }.sorted()

  @Test(arguments: names) func `A file cut anywhere never gives wrong pixels`(name: String) throws {
    let whole = load(Reference.path(name))
    guard let full = try? FormatList.open(path: Reference.path(name)), let frames = try? frames(full) else {
      return
    }
    let scratch = Scratch()
    let path = scratch.file(String(name.split(separator: "/").last!), [])
    let descriptor = open(path, O_WRONLY)
    defer { close(descriptor) }
    // Every length of a short file; of a long one some of the first bytes and a sample of the rest.
    let isShort = whole.count < 4096
    var lengths = Array(stride(from: 0, to: whole.count, by: isShort ? 1 : whole.count / 70 | 1))
    if !isShort { lengths += Array(stride(from: 0, to: 600, by: 7)) }
    for length in lengths + [whole.count - 1] {
      ftruncate(descriptor, 0)
      pwrite(descriptor, whole, length, 0)
      guard let source = try? FormatList.open(path: path) else { continue }
      let summary = source.summary
      #expect(summary.frames <= frames.count, "\(name) cut to \(length)")
      var read = 0
      for index in 0..<summary.frames {
        guard let frame = try? source.frame(at: index) else { continue }
        read += 1
        let same = index < frames.count && isSame(frame.pixels, frames[index].pixels)
        #expect(same, "\(name) cut to \(length): frame \(index)")
        guard same else { return }
      }
      #expect(
        read < summary.frames || !summary.isComplete || read == frames.count, "\(name) cut to \(length)")
    }
  }
}

private func isSame(_ one: Pixels, _ other: Pixels) -> Bool {
  one.byteCount == other.byteCount
    && one.withBytes { a in other.withBytes { b in memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0 } }
}
