import Diffraction

/// NumPy arrays: a frame, a list of frames, or a scan.
package struct NPYFormat: DiskFormat {
  package let name = "NPY"
  package let suffixes = ["npy"]

  package init() {}

  package func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    head.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59])
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    var reader = ByteReader(file, format: name)
    let array = try NPYArray(&reader)
    var images = try NPYImages(array, format: name, reader: reader, limits: limits)
    images.summary.frames = images.framesPresent(upTo: file.size)
    guard images.summary.frames > 0 else {
      throw FileRefusal(
        .truncated, "NPY: \(file.size - array.start) of \(images.byteCount) bytes are there",
        offset: file.size)
    }
    return try images.source(file, limits: limits)
  }
}
