import Diffraction

/// ELMITEC UView: single LEEM images and LEED patterns.
package struct UViewFormat: DiskFormat {
  package let name = "UView"
  package let suffixes = ["dat"]

  package init() {}

  package func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    head.starts(with: "UKSOFT2001".utf8)
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    var reader = ByteReader(file, format: name, from: 20)
    let what = "the header"
    func int16() throws(FileRefusal) -> Int { Int(try reader.integer(Int16.self, what)) }
    let headerSize = try int16()
    let version = try int16()
    let bits = try int16()
    try reader.seek(to: 40, what)
    let width = try int16()
    let height = try int16()
    let images = try int16()
    let recipe = try int16()
    guard headerSize == 104 else { throw reader.damaged("a file header of \(headerSize) bytes", at: 20) }
    guard bits == 16 else { throw reader.unsupported("\(bits) bits a pixel") }
    guard images == 1 || images == 0 else { throw reader.unsupported("a film of \(images) images") }
    let pixelBytes = try limits.imageBytes(width: width, height: height, sampleBytes: 2, format: name, at: 40)

    let imageStart = headerSize + (version >= 7 && recipe > 0 ? 128 : 0)
    try reader.seek(to: imageStart, "the image header")
    let imageHeader = try int16()
    guard imageHeader == 288 || imageHeader == 48 else {
      throw reader.damaged("an image header of \(imageHeader) bytes", at: imageStart)
    }
    guard reader.end - imageStart >= imageHeader else {
      throw FileRefusal(.truncated, "UView: the file ends inside the image header", offset: reader.end)
    }
    var markup = 0
    var external = 0
    if imageHeader == 288 {
      try reader.seek(to: imageStart + 22, what)
      let stated = try int16()
      if stated > 0 { markup = 128 * (stated / 128 + 1) }
      try reader.seek(to: imageStart + 26, what)
      external = max(0, try int16())
      if external <= 2 { external = 0 }
    }
    let computed = imageStart + imageHeader + markup + external
    var summary = FileSummary(format: name, width: width, height: height, sample: .uint16, frames: 1)
    var start = computed
    guard computed + pixelBytes <= file.size else {
      throw FileRefusal(
        .truncated, "UView: \(max(0, file.size - computed)) of \(pixelBytes) pixel bytes are there",
        offset: file.size)
    }
    if computed + pixelBytes != file.size {
      start = file.size - pixelBytes
      summary.warnings.append("the header is \(start - computed) bytes longer than it says")
    }
    if imageHeader == 288 {
      let from = external > 0 ? imageStart + imageHeader + markup : imageStart + 28
      let count = external > 0 ? external : 240
      try reader.seek(to: from, "the metadata")
      let fields = UViewFields(try reader.bytes(min(count, reader.remaining), "the metadata"))
      fields.describe(&summary)
    }
    let image = StoredImage(width: width, height: height, stored: .plain(.uint16), rows: .bottomFirst)
    return FixedFrames(file, summary: summary, image: image, start: start, stride: pixelBytes)
  }
}
