import Diffraction

/// MRC2014 and its older relatives: one image a section. MRC knows no scan; Direct Electron writes the scan
/// into a text file beside the movie.
package struct MRCFormat: DiskFormat {
  package let name = "MRC"
  package let suffixes = ["mrc", "mrcs"]

  package init() {}

  /// Old writers left out the `MAP ` mark: then the name has to say it, and the sizes have to agree.
  package func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    if head.count >= 212, head[208..<211].elementsEqual("MAP".utf8) { return true }
    return suffixes.contains(suffix) && head.count >= 16 && head.contains { $0 != 0 }
  }

  package func companions(of path: String) -> [String] {
    path.hasSuffix("_movie.mrc") ? ["\(path.dropLast("_movie.mrc".count))_info.txt"] : []
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    let header = try MRCHeader(file)
    let (stored, assumed) = try header.sample()
    _ = try limits.imageBytes(
      width: header.columns, height: header.rows, sampleBytes: stored.sample.byteCount, format: name, at: 0)
    let image = StoredImage(width: header.columns, height: header.rows, stored: stored, order: header.order)
    let frameBytes =
      header.isPacked
      ? MRCPackedFrames.byteCount(width: header.columns, height: header.rows) : image.byteCount
    let start = 1024 + header.extendedBytes
    let present = FixedFrames.count(in: file.size, start: start, stride: frameBytes, frameBytes: frameBytes)
    if !header.hasMark {
      // Nothing but the sizes speaks for this being MRC.
      let whole = checkedProduct(header.sections, frameBytes)
      guard header.sections > 0, let whole, whole <= file.size - start, file.size - start - whole < 1024
      else {
        throw FileRefusal(.damaged, "MRC: no MAP mark, and the sizes do not agree with the file", offset: 208)
      }
    }
    guard present > 0 else {
      throw FileRefusal(
        .truncated, "MRC: the file ends before the first image of \(frameBytes) bytes is whole",
        offset: file.size)
    }
    // A writer that is still busy leaves the number of sections at 0.
    let declared = header.sections > 0 ? header.sections : present + 1
    var summary = FileSummary(
      format: name, width: header.columns, height: header.rows, sample: stored.sample,
      frames: min(present, declared), declaredFrames: declared)
    if let assumed { summary.warnings.append(assumed) }
    if header.sections == 0 { summary.warnings.append("the number of images is not in the header yet") }
    header.describe(&summary)
    try FEIExtendedHeader(file, header)?.describe(&summary)
    DirectElectronInfo(besides: file.path)?.describe(&summary)
    if header.isPacked { return MRCPackedFrames(file, summary: summary, start: start) }
    return FixedFrames(file, summary: summary, image: image, start: start, stride: image.byteCount)
  }
}
