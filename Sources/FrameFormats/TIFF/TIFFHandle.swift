import CTIFF
import Diffraction
import Glibc

/// Owns an open libtiff handle. The library reads through `DiskFile`, and its messages end here instead of
/// on standard error, where they would damage the screen.
final class TIFFHandle {
  private final class Stream {
    let file: DiskFile
    var position = 0
    var message = ""
    /// A read that the operating system refused, which libtiff would report as a short file.
    var failure: FileRefusal?

    init(_ file: DiskFile) { self.file = file }

    static func of(_ pointer: UnsafeMutableRawPointer?) -> Stream? {
      pointer.map { Unmanaged<Stream>.fromOpaque($0).takeUnretainedValue() }
    }
  }

  private let handle: OpaquePointer
  private let stream: Stream

  /// A few places of the library know no handle and would still print.
  private static let silenced: Void = {
    TIFFSetErrorHandler(nil)
    TIFFSetWarningHandler(nil)
  }()

  init(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) {
    _ = Self.silenced
    let stream = Stream(file)
    let context = Unmanaged.passUnretained(stream).toOpaque()
    let options = TIFFOpenOptionsAlloc()
    defer { TIFFOpenOptionsFree(options) }
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, tmsize_t(limits.frameBytes))
    TIFFOpenOptionsSetWarningHandlerExtR(options, { _, _, _, _, _ in 1 }, nil)
    TIFFOpenOptionsSetErrorHandlerExtR(
      options,
      { _, context, _, format, arguments in
        // The first message says what went wrong; later ones are consequences.
        guard let stream = Stream.of(context), stream.message.isEmpty, let format, let arguments else {
          return 1
        }
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
          let length = vsnprintf(buffer.baseAddress, buffer.count, format, arguments)
          let bytes = buffer.prefix(max(0, min(Int(length), buffer.count - 1)))
          stream.message = CleanText.utf8(bytes.map { UInt8(bitPattern: $0) }, limit: 160)
        }
        return 1
      }, context)
    // "m" no mapping, "h" only the header: directories are visited by their offset.
    let opened = TIFFClientOpenExt(
      "TIFF", "rmh", context,
      { context, buffer, count in
        guard let stream = Stream.of(context), let buffer, count > 0 else { return 0 }
        do throws(FileRefusal) {
          let done = try stream.file.read(
            into: UnsafeMutableRawBufferPointer(start: buffer, count: Int(count)), at: stream.position)
          stream.position += done
          return tmsize_t(done)
        } catch {
          stream.failure = error
          return -1
        }
      },
      { _, _, _ in -1 },
      { context, offset, whence in
        guard let stream = Stream.of(context) else { return UInt64.max }
        let base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? stream.position : stream.file.size
        let (target, overflow) = base.addingReportingOverflow(Int(truncatingIfNeeded: offset))
        guard !overflow, target >= 0 else { return UInt64.max }
        stream.position = target
        return UInt64(target)
      },
      { _ in 0 },
      { context in UInt64(Stream.of(context)?.file.size ?? 0) },
      { _, _, _ in 0 }, { _, _, _ in },
      options)
    guard let opened else {
      throw FileRefusal(.damaged, "TIFF: \(stream.message.isEmpty ? "no TIFF header" : stream.message)")
    }
    handle = opened
    self.stream = stream
  }

  deinit { TIFFClose(handle) }

  /// Makes the page's directory the current one and checks that the library sees the same image.
  func select(_ page: TIFFPage) throws(FileRefusal) {
    clear()
    guard TIFFSetSubDirectory(handle, UInt64(page.offset)) != 0 else {
      throw refusal("the directory cannot be read", at: page.offset)
    }
    var width: UInt32 = 0
    var height: UInt32 = 0
    tiff_get_u32(handle, UInt32(TIFFTAG_IMAGEWIDTH), &width)
    tiff_get_u32(handle, UInt32(TIFFTAG_IMAGELENGTH), &height)
    var bits: UInt16 = 0
    var samples: UInt16 = 0
    var compression: UInt16 = 0
    tiff_get_u16(handle, UInt32(TIFFTAG_BITSPERSAMPLE), &bits)
    tiff_get_u16(handle, UInt32(TIFFTAG_SAMPLESPERPIXEL), &samples)
    tiff_get_u16(handle, UInt32(TIFFTAG_COMPRESSION), &compression)
    guard Int(width) == page.width, Int(height) == page.height, samples == 1,
      Int(bits) * page.width <= page.rowBytes * 8, page.rowBytes <= (Int(bits) * page.width + 7) / 8,
      Int(compression) == page.compression
    else { throw refusal("the directory contradicts itself", at: page.offset) }
  }

  var isTiled: Bool { TIFFIsTiled(handle) != 0 }
  var stripBytes: Int { Int(TIFFStripSize(handle)) }
  var stripCount: Int { Int(TIFFNumberOfStrips(handle)) }
  var tileBytes: Int { Int(TIFFTileSize(handle)) }
  var tileRowBytes: Int { Int(TIFFTileRowSize(handle)) }
  var tileCount: Int { Int(TIFFNumberOfTiles(handle)) }

  func unsigned(_ tag: Int32) -> Int {
    var value: UInt32 = 0
    return tiff_get_u32(handle, UInt32(tag), &value) != 0 ? Int(value) : 0
  }

  /// Decodes a strip; all of `buffer` is written, or it throws.
  func readStrip(_ index: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileRefusal) {
    clear()
    let count = TIFFReadEncodedStrip(handle, UInt32(index), buffer.baseAddress, tmsize_t(buffer.count))
    guard Int(count) == buffer.count else { throw refusal("strip \(index) cannot be decoded") }
  }

  func readTile(_ index: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileRefusal) {
    clear()
    let count = TIFFReadEncodedTile(handle, UInt32(index), buffer.baseAddress, tmsize_t(buffer.count))
    guard Int(count) == buffer.count else { throw refusal("tile \(index) cannot be decoded") }
  }

  private func clear() {
    stream.message = ""
    stream.failure = nil
  }

  private func refusal(_ reason: String, at offset: Int? = nil) -> FileRefusal {
    if let failure = stream.failure { return failure }
    let detail = stream.message.isEmpty ? "" : ": \(stream.message)"
    return FileRefusal(.damaged, "TIFF: \(reason)\(detail)", offset: offset)
  }
}
