import CTIFF
import Diffraction

/// One image of the file: what its directory promises, checked against the size of the file.
struct TIFFPage {
  enum Stored: Sendable { case bits1, bits12, half, plain }

  var offset: Int
  var width: Int
  var height: Int
  var stored: Stored
  var sample: SampleType
  var compression: Int
  /// Why the page cannot be read, if it cannot.
  var refusal: FileRefusal?
  /// Where the pixels start when they are uncompressed and in one piece.
  var contiguousOffset: Int?
  /// Of deflated strips without anything odd about them.
  var deflated: Deflated?

  struct Deflated {
    /// 1 for none, 2 for differences along the row.
    var predictor: Int
    var rowsPerStrip: Int
  }

  /// The image as bytes of the file, where it needs no decoding.
  func image(_ order: ByteOrder) -> StoredImage? {
    switch stored {
    case .plain: StoredImage(width: width, height: height, stored: .plain(sample), order: order)
    case .half: StoredImage(width: width, height: height, stored: .half, order: order)
    case .bits1, .bits12: nil
    }
  }

  var byteCount: Int { width * height * sample.byteCount }
  /// Bytes of one stored row.
  var rowBytes: Int {
    switch stored {
    case .bits1: (width + 7) / 8
    case .bits12: (width * 12 + 7) / 8
    case .half: width * 2
    case .plain: width * sample.byteCount
    }
  }
  var isLossy: Bool { [7, 34887, 34892, 34909, 50001].contains(compression) }
}

extension TIFFPage {
  private enum Tag {
    static let subfileType: UInt16 = 254, width: UInt16 = 256, height: UInt16 = 257, bits: UInt16 = 258
    static let compression: UInt16 = 259, photometric: UInt16 = 262, fillOrder: UInt16 = 266,
      stripOffsets: UInt16 = 273
    static let samples: UInt16 = 277, rowsPerStrip: UInt16 = 278, stripCounts: UInt16 = 279
    static let tileWidth: UInt16 = 322, tileHeight: UInt16 = 323, tileOffsets: UInt16 = 324
    static let predictor: UInt16 = 317, tileCounts: UInt16 = 325, sampleFormat: UInt16 = 339
  }

  /// Bit 0: a smaller copy of another image; bit 2: a mask.
  static func isSecondary(_ directory: TIFFDirectory, _ reader: inout TIFFDirectoryReader)
    throws(FileRefusal) -> Bool
  {
    (try reader.integer(directory, Tag.subfileType) ?? 0) & 0b101 != 0
  }

  init(_ directory: TIFFDirectory, _ reader: inout TIFFDirectoryReader, size: Int, limits: ReadLimits)
    throws(FileRefusal)
  {
    func refuse(_ kind: FileRefusal.Kind, _ reason: String) -> FileRefusal {
      FileRefusal(kind, "TIFF: \(reason)", offset: directory.offset)
    }
    guard let width = try reader.integer(directory, Tag.width),
      let height = try reader.integer(directory, Tag.height)
    else { throw refuse(.damaged, "a directory without width and height") }
    guard width > 0, height > 0 else { throw refuse(.damaged, "an image of \(width) x \(height) pixels") }
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, count <= limits.pixels else {
      throw refuse(.tooLarge, "\(width) x \(height) pixels, more than \(limits.pixels)")
    }
    let samples = try reader.integer(directory, Tag.samples) ?? 1
    let photometric = try reader.integer(directory, Tag.photometric) ?? 1
    let isGreyRamp = photometric == 3 && samples == 1
    guard samples == 1, (0...1).contains(photometric) || isGreyRamp else {
      throw refuse(.unsupported, "colour (\(samples) samples a pixel, photometric \(photometric))")
    }
    let bits = try reader.integer(directory, Tag.bits) ?? 1
    let format = try reader.integer(directory, Tag.sampleFormat) ?? 1
    guard let (stored, sample) = Self.kind(bits: bits, format: format) else {
      throw refuse(
        .unsupported,
        format == 5 || format == 6 ? "complex pixels" : "\(bits) bits a pixel, sample format \(format)")
    }
    guard count <= limits.frameBytes / sample.byteCount else {
      throw refuse(.tooLarge, "\(width) x \(height) pixels of \(sample.byteCount) bytes")
    }
    self.offset = directory.offset
    self.width = width
    self.height = height
    self.stored = stored
    self.sample = sample
    compression = try reader.integer(directory, Tag.compression) ?? 1
    guard Self.isDecodable(compression) else {
      throw refuse(.unsupported, "compression \(compression) is not known")
    }
    do {
      try checkExtents(directory, &reader, size: size, limits: limits)
    } catch {
      refusal = error
    }
  }

  private static func kind(bits: Int, format: Int) -> (Stored, SampleType)? {
    switch (bits, format) {
    case (1, 1), (1, 4): (.bits1, .uint8)
    case (12, 1), (12, 4): (.bits12, .uint16)
    case (8, 1), (8, 4): (.plain, .uint8)
    case (8, 2): (.plain, .int8)
    case (16, 1), (16, 4): (.plain, .uint16)
    case (16, 2): (.plain, .int16)
    case (16, 3): (.half, .float32)
    case (32, 1), (32, 4): (.plain, .uint32)
    case (32, 2): (.plain, .int32)
    case (32, 3): (.plain, .float32)
    case (64, 1), (64, 4): (.plain, .uint64)
    case (64, 2): (.plain, .int64)
    case (64, 3): (.plain, .float64)
    default: nil
    }
  }

  /// Whether libtiff was built with it. Left out: old-style JPEG (6), whose decoder is a standing source of
  /// trouble, and the two photometric LogLuv codes, which do not hold intensities.
  private static func isDecodable(_ compression: Int) -> Bool {
    guard let code = UInt16(exactly: compression), ![6, 34676, 34677].contains(code) else { return false }
    return TIFFIsCODECConfigured(code) != 0
  }

  /// Every strip or tile has to lie inside the file, and an uncompressed one has to be long enough.
  private mutating func checkExtents(
    _ directory: TIFFDirectory, _ reader: inout TIFFDirectoryReader, size: Int, limits: ReadLimits
  ) throws(FileRefusal) {
    func refuse(_ kind: FileRefusal.Kind, _ reason: String, _ offset: Int? = nil) -> FileRefusal {
      FileRefusal(kind, "TIFF: \(reason)", offset: offset ?? directory.offset)
    }
    var word = "strip"
    var pieces: Int
    var rows = height
    var pieceRowBytes = rowBytes
    var offsets = directory.entries[Tag.stripOffsets]
    var counts = directory.entries[Tag.stripCounts]
    if directory.entries[Tag.tileWidth] != nil {
      word = "tile"
      let tileWidth = try reader.integer(directory, Tag.tileWidth) ?? 0
      rows = try reader.integer(directory, Tag.tileHeight) ?? 0
      guard (1...65536).contains(tileWidth), (1...65536).contains(rows), tileWidth * rows <= limits.pixels
      else {
        throw refuse(.damaged, "tiles of \(tileWidth) x \(rows) pixels")
      }
      var tile = self
      tile.width = tileWidth
      pieceRowBytes = tile.rowBytes
      guard pieceRowBytes * rows <= limits.frameBytes else {
        throw refuse(.tooLarge, "tiles beyond the limit")
      }
      pieces = ((width - 1) / tileWidth + 1) * ((height - 1) / rows + 1)
      offsets = directory.entries[Tag.tileOffsets] ?? offsets
      counts = directory.entries[Tag.tileCounts] ?? counts
    } else {
      let stated = try reader.integer(directory, Tag.rowsPerStrip) ?? height
      rows = stated == 0 ? height : min(stated, height)
      pieces = (height - 1) / rows + 1
    }
    guard pieces <= 1 << 22 else { throw refuse(.tooLarge, "\(pieces) \(word)s") }
    guard let offsets, offsets.count >= pieces else {
      throw refuse(.damaged, "\(offsets?.count ?? 0) \(word) offsets for \(pieces) \(word)s")
    }
    let starts = try reader.integers(offsets, limit: pieces)
    let lengths =
      try counts.map { entry throws(FileRefusal) in try reader.integers(entry, limit: pieces) } ?? []
    var stored = 0
    var contiguous = true
    for index in 0..<pieces {
      let start = starts[index]
      let isLast = index == pieces - 1
      let rowsHere = word == "strip" && isLast ? height - rows * index : rows
      let needed = rowsHere * pieceRowBytes
      var length = index < lengths.count ? lengths[index] : 0
      if compression == 1 {
        guard length == 0 || length >= needed else {
          throw refuse(.damaged, "\(word) \(index) has \(length) of \(needed) bytes", start)
        }
        length = needed
      }
      guard start > 0 else { throw refuse(.truncated, "\(word) \(index) is not written yet") }
      guard start <= size, length <= size - start else {
        throw refuse(.truncated, "\(word) \(index) ends past the end of the file", start)
      }
      if index > 0 && start != starts[index - 1] + rows * pieceRowBytes { contiguous = false }
      // Strips may overlap, so the sum is not bounded by the file.
      stored = min(stored, 1 << 60) + min(length, 1 << 60)
    }
    guard compression == 1 || stored >= byteCountStored / Self.largestRatio(compression) else {
      throw refuse(
        .damaged, "\(stored) compressed bytes cannot hold \(width) x \(height) pixels", starts.first)
    }
    let isPlainOrder = (try reader.integer(directory, Tag.fillOrder) ?? 1) == 1
    guard word == "strip", isPlainOrder else { return }
    if compression == 1 && contiguous { contiguousOffset = starts.first }
    let predictor = try reader.integer(directory, Tag.predictor) ?? 1
    if [8, 32946].contains(compression), (1...2).contains(predictor) {
      deflated = Deflated(predictor: predictor, rowsPerStrip: rows)
    }
  }

  private var byteCountStored: Int { rowBytes * height }

  /// How much a compression can at best gain: a claim beyond it is a lie, known before memory is taken.
  private static func largestRatio(_ compression: Int) -> Int {
    switch compression {
    case 5: 4096
    case 8, 32946: 1040
    case 32773: 128
    default: 1 << 24
    }
  }
}
