import Diffraction

/// Gatan DigitalMicrograph, versions 3 and 4: images, stacks and scans in both of their orders.
package struct DMFormat: DiskFormat {
  package let name = "DM"
  package let suffixes = ["dm4", "dm3"]

  package init() {}

  package func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    guard head.count >= 16 else { return false }
    let version = UInt32(bigEndian: head.loadUnaligned(as: UInt32.self))
    let flag = UInt32(bigEndian: head.loadUnaligned(fromByteOffset: version == 3 ? 8 : 12, as: UInt32.self))
    return (3...4).contains(version) && flag <= 1 || suffixes.contains(suffix) && version < 16 && flag <= 1
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    let tree = try DMTree(file, limits: limits)
    let format = "DM\(tree.version)"
    let data = try DMImage.choose(in: tree)
    let axes = data.axes
    guard (2...4).contains(data.shape.count) else {
      throw FileRefusal(
        .unsupported, "\(format): data of \(data.shape.count) dimensions", offset: data.offset)
    }
    // A scan is stored pattern by pattern, or, in old files, all scan points of a pixel together.
    let isScan = data.shape.count == 4
    let isScanFirst = isScan && !data.isSwapped
    let (x, y) = isScanFirst ? (2, 3) : (0, 1)
    let (width, height) = (data.shape[x], data.shape[y])
    let stored = StoredSample.plain(data.sample)
    _ = try limits.imageBytes(
      width: width, height: height, sampleBytes: data.sample.byteCount, format: format, at: data.offset)
    let image = StoredImage(width: width, height: height, stored: stored, order: tree.order)
    // The product of all sizes is known to be the number of values present.
    let frames = data.count / (width * height)
    var summary = FileSummary(
      format: format, width: width, height: height, sample: data.sample, frames: frames)
    summary.calibration = Calibration(x: axes[x], y: axes[y])
    if isScan {
      let (scanX, scanY) = isScanFirst ? (0, 1) : (2, 3)
      summary.scan = Sourced(
        ScanShape(width: data.shape[scanX], height: data.shape[scanY]), source: "tag:Dimensions")
      if Self.isReciprocal(axes[scanX]) && !Self.isReciprocal(axes[x]) {
        summary.warnings.append("the units of the axes contradict the stated order of the scan")
      }
      for (label, axis) in [("scan step x", axes[scanX]), ("scan step y", axes[scanY])] {
        guard let axis else { continue }
        summary.metadata.append(
          MetadataItem(
            name: label, value: String(axis.value.scale), unit: axis.value.unit, source: axis.source))
      }
    }
    try DMMicroscope(tree, data).describe(&summary)
    if isScanFirst {
      let layout = TransposedFrames.AxisOrder(
        start: data.offset, points: frames, point: { $0 }, isColumnFirst: false)
      return TransposedFrames(file, summary: summary, image: image, layout: layout, limits: limits)
    }
    return FixedFrames(file, summary: summary, image: image, start: data.offset, stride: image.byteCount)
  }

  private static func isReciprocal(_ axis: Sourced<AxisCalibration>?) -> Bool {
    guard let unit = axis?.value.unit else { return false }
    return unit.contains("1/") || unit.contains("^-1") || unit.contains("rad")
  }
}
