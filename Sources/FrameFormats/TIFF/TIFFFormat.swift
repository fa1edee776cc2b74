import Diffraction

/// TIFF and BigTIFF in either byte order, single pages, stacks and ImageJ's stacks behind one directory.
package struct TIFFFormat: DiskFormat {
  package let name = "TIFF"
  package let suffixes = ["tif", "tiff"]

  package init() {}

  package func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    guard head.count >= 4 else { return false }
    switch (head[0], head[1], head[2], head[3]) {
    case (0x49, 0x49, 42, 0), (0x49, 0x49, 43, 0), (0x4D, 0x4D, 0, 42), (0x4D, 0x4D, 0, 43): return true
    default: return false
    }
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    try TIFFFrames(file, limits: limits)
  }
}
