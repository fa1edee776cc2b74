import Diffraction

/// NumPy arrays in a ZIP archive: `.npz` of NumPy and `.prz` of Panta Rhei, whose metadata lie beside the
/// image as JSON. Pickled members are programs and never read.
package struct NPZFormat: DiskFormat {
  package let name = "NPZ"
  package let suffixes = ["npz", "prz"]

  package init() {}

  /// Many formats are ZIP archives: the suffix decides, or the name of the first member.
  package func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    guard head.count >= 30, head.starts(with: [0x50, 0x4B, 3, 4]) else { return false }
    let end = 30 + Int(head[26]) + Int(head[27]) << 8
    return suffixes.contains(suffix)
      || head.count >= end && end >= 34 && head[(end - 4)..<end].elementsEqual(".npy".utf8)
  }

  private struct Candidate {
    var images: NPYImages
    var content: ZIPContent
    var name: String
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    let archive = try ZIPArchive(file, format: name, limits: limits)
    let arrays = archive.members.filter { $0.name.hasSuffix(".npy") }
    let metadata = arrays.first { $0.name == PantaRheiMetadata.member }
    // Panta Rhei's other members describe the image.
    let isPantaRhei = metadata != nil || arrays.contains { $0.name == "data_model.npy" }
    var found: [Candidate] = []
    var refusal = FileRefusal(.unsupported, "NPZ: an archive without arrays (.npy)", offset: 0)
    for member in arrays.prefix(Self.arrayLimit) where !isPantaRhei || member.name == "data.npy" {
      do throws(FileRefusal) {
        let label = "NPZ: \(CleanText.clean(member.name, limit: 60))"
        let content = try ZIPContent(archive, member, format: name, limits: limits)
        found.append(
          Candidate(
            images: try images(in: content, label: label, limits: limits), content: content,
            name: CleanText.clean(String(member.name.dropLast(4)), limit: 60)))
      } catch {
        refusal = error
      }
    }
    guard var best = found.max(by: { $0.images.byteCount < $1.images.byteCount }) else { throw refusal }
    if found.count > 1 {
      best.images.summary.warnings.append(
        "\(found.count) images in the archive: the largest (\(best.name)) is taken")
    }
    if let metadata {
      try PantaRheiMetadata.read(archive, metadata, limits: limits)?.describe(&best.images.summary)
    }
    if isPantaRhei { best.images.summary.format = "Panta Rhei" }
    let content = best.content
    return try best.images.source(content.file, limits: limits) { end throws(FileRefusal) in
      try content.need(end - content.start)
    }
  }

  /// So many members are looked at.
  private static let arrayLimit = 64

  private func images(in content: ZIPContent, label: String, limits: ReadLimits) throws(FileRefusal)
    -> NPYImages
  {
    try content.need(NPYArray.headerLimit)
    var reader = ByteReader(
      content.file, format: label, from: content.start, to: content.start + content.bytes)
    do throws(FileRefusal) {
      let array = try NPYArray(&reader)
      let images = try NPYImages(array, format: name, reader: reader, limits: limits)
      guard array.start + images.byteCount == content.start + content.bytes else {
        throw reader.damaged("\(array.header.shapeText) values do not fill \(content.bytes) bytes")
      }
      return images
    } catch {
      // The archive is whole: what is missing in it will never come.
      throw FileRefusal(error.kind == .truncated ? .damaged : error.kind, error.reason, offset: error.offset)
    }
  }
}
