import CHDF5
import Diffraction

/// HyperSpy (`.hspy`), and the three families of `.emd` and `.h5`: Velox, NCEM/Berkeley and py4DSTEM; Dectris ARINA where
/// its filter is installed.
package struct HDF5Format: DiskFormat {
  package let name = "HDF5"
  package let suffixes = ["hspy", "emd", "h5", "hdf5"]

  package init() {}

  package func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    let magic: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    // A user block of 512, 1024, 2048 … bytes may come first.
    return [0, 512, 1024, 2048].contains { head.count >= $0 + 8 && head[$0..<($0 + 8)].elementsEqual(magic) }
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    try HDF5Library.visit { () throws(FileRefusal) in
      let root = try HDF5Group.open(file)
      if root.attributes.text("file_format") == "HyperSpy" || root.group("Experiments") != nil {
        return try HyperSpyLayout.open(root, file, limits)
      }
      if let images = root.group("Data", "Image") { return try VeloxLayout.open(images, file, limits) }
      if let entry = root.group("entry", "data") { return try DectrisLayout.open(entry, file, limits) }
      return try NCEMLayout.open(root, file, limits)
    }
  }
}

/// Patterns of one or several datasets of equal shape.
final class HDF5Frames: FrameSource {
  /// Which axes are rows and columns; the others count patterns.
  enum Axes {
    /// The last two.
    case patternLast
    /// Velox: rows, columns, frame.
    case patternFirst
  }

  let summary: FileSummary
  /// Keeps the descriptor alive through which the library reads.
  private let file: DiskFile
  private var datasets: [HDF5Dataset]
  /// For the datasets whose chunks are unpacked here.
  private var chunks: [HDF5Chunks?]
  private var current = 0
  private let shape: [Int]
  private let axes: Axes

  /// `summary` without sizes; they come from the datasets. To be called inside a visit.
  init(
    _ file: DiskFile, datasets: [HDF5Dataset], axes: Axes, format: String, limits: ReadLimits,
    describe: (inout FileSummary) throws(FileRefusal) -> Void
  ) throws(FileRefusal) {
    guard let first = datasets.first else { throw FileRefusal(.damaged, "\(format): no data") }
    self.file = file
    self.datasets = datasets
    self.axes = axes
    shape = first.shape
    guard shape.count >= 2, shape.count <= 8 else {
      throw FileRefusal(.unsupported, "\(format): data of \(shape.count) dimensions is not an image")
    }
    let (height, width) =
      axes == .patternLast ? (shape[shape.count - 2], shape[shape.count - 1]) : (shape[0], shape[1])
    let sample = try first.sample()
    _ = try limits.imageBytes(width: width, height: height, sampleBytes: sample.byteCount, format: format)
    var frames = datasets.count
    for extent in axes == .patternLast ? shape.dropLast(2) : shape.dropFirst(2) {
      guard let next = checkedProduct(frames, extent) else {
        throw FileRefusal(.tooLarge, "\(format): more patterns than can be counted")
      }
      frames = next
    }
    guard frames > 0, checkedProduct(frames, width * height * sample.byteCount) != nil else {
      throw FileRefusal(.damaged, "\(format): data of size zero, or beyond any file")
    }
    for dataset in datasets { try dataset.checkStorage(limits: limits) }
    chunks = datasets.map { axes == .patternLast ? HDF5Chunks($0, sample: sample) : nil }
    var summary = FileSummary(format: format, width: width, height: height, sample: sample, frames: frames)
    if !datasets.allSatisfy(\.isWhole) {
      summary.frames = 0
      summary.warnings.append("not all patterns are written yet")
    }
    try describe(&summary)
    if summary.frames == 0 {
      throw FileRefusal(.truncated, "\(format): not all patterns are written yet")
    }
    self.summary = summary
  }

  deinit {
    // The last reference to a library object is let go inside the library's lock.
    let held = datasets
    let unpacked = chunks
    datasets = []
    chunks = []
    withExtendedLifetime(file) {
      try? HDF5Library.visit { () throws(FileRefusal) in
        _ = consume unpacked
        _ = consume held
      }
    }
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    try summary.requireFrame(index)
    let perDataset = summary.declaredFrames / datasets.count
    var start = [Int](repeating: 0, count: shape.count)
    var count = [Int](repeating: 1, count: shape.count)
    let frameAxes = axes == .patternLast ? Array(0..<(shape.count - 2)) : Array(2..<shape.count)
    var rest = index % perDataset
    for axis in frameAxes.reversed() {
      start[axis] = rest % shape[axis]
      rest /= shape[axis]
    }
    for axis in shape.indices where !frameAxes.contains(axis) { count[axis] = shape[axis] }
    let sample = summary.sample
    let storage = try PixelStorage(byteCount: summary.width * summary.height * sample.byteCount) {
      bytes throws(FileRefusal) in
      try HDF5Library.visit { () throws(FileRefusal) in
        let dataset = index / perDataset
        // Only one of them keeps what it unpacked.
        if dataset != current { chunks[current]?.forget() }
        current = dataset
        if let chunks = chunks[dataset] {
          try chunks.read(at: start, into: bytes)
        } else {
          try datasets[dataset].read(from: start, count: count, as: sample, into: bytes)
        }
      }
    }
    let pixels = Pixels(width: summary.width, height: summary.height, sample: sample, storage: storage)
    return Frame(pixels: pixels, calibration: summary.calibration, beam: summary.beam, index: index)
  }
}
