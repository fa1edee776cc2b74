import Diffraction

/// An opened TIFF: its pages are found at once, decoded one by one when asked for.
final class TIFFFrames: FrameSource {
  private enum Layout {
    case pages([TIFFPage])
    /// ImageJ: one directory, then all images one after another without compression.
    case stack(StoredImage, start: Int)
  }

  let summary: FileSummary
  private let file: DiskFile
  private let limits: ReadLimits
  private let order: ByteOrder
  private let layout: Layout
  private var handle: TIFFHandle?
  private lazy var inflater = TIFFInflater(file)

  init(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) {
    self.file = file
    self.limits = limits
    var reader = try TIFFDirectoryReader(file, limits: limits)
    order = reader.order
    let chain = try Self.pages(file, &reader, limits: limits)
    guard let first = chain.pages.first, let directory = chain.firstDirectory else {
      throw FileRefusal(.damaged, "TIFF: only reduced copies or masks, no image")
    }
    if let refusal = first.refusal { throw refusal }
    let metadata = try TIFFMetadata(directory, &reader, page: first)
    var summary = FileSummary(
      format: "TIFF", width: first.width, height: first.height, sample: first.sample, frames: 0,
      calibration: metadata.calibration, beam: metadata.beam, metadata: metadata.items,
      warnings: metadata.warnings + chain.warnings)
    let stated = metadata.imageJ?.images ?? 1
    if chain.pages.count == 1, stated > 1, let start = first.contiguousOffset, let image = first.image(order)
    {
      layout = .stack(image, start: start)
      summary.frames = min(stated, (file.size - start) / image.byteCount)
      summary.declaredFrames = stated
    } else {
      layout = .pages(chain.pages)
      // Pages behind the place where the file ends are not there, whatever their directories say.
      let cut = chain.pages.firstIndex { $0.refusal?.kind == .truncated } ?? chain.pages.count
      summary.frames = cut
      summary.declaredFrames = max(chain.pages.count + (chain.isCut ? 1 : 0), stated)
      let odd = chain.pages.count {
        $0.width != first.width || $0.height != first.height || $0.sample != first.sample
      }
      if odd > 0 {
        summary.warnings.append("pages of different size or type: \(odd) of \(chain.pages.count)")
      }
    }
    self.summary = summary
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    precondition(index >= 0, "frames count from 0")
    guard index < summary.frames else {
      throw FileRefusal(.truncated, "TIFF: image \(index) of \(summary.declaredFrames) is not there yet")
    }
    let pixels: Pixels
    switch layout {
    case .stack(let image, let start):
      pixels = try image.read(file, at: start + index * image.byteCount, format: "TIFF")
    case .pages(let pages):
      if let refusal = pages[index].refusal { throw refusal }
      if let start = pages[index].contiguousOffset, let image = pages[index].image(order) {
        pixels = try image.read(file, at: start, format: "TIFF")
        break
      }
      if pages[index].deflated != nil {
        var reader = try TIFFDirectoryReader(file, limits: limits)
        if let inflated = try inflater?.pixels(pages[index], &reader) {
          pixels = inflated
          break
        }
      }
      pixels = try TIFFDecoding(handle: try openHandle(), page: pages[index]).pixels()
    }
    return Frame(pixels: pixels, calibration: summary.calibration, beam: summary.beam, index: index)
  }

  private func openHandle() throws(FileRefusal) -> TIFFHandle {
    if let handle { return handle }
    let opened = try TIFFHandle(file, limits: limits)
    handle = opened
    return opened
  }

  private struct Chain {
    var pages: [TIFFPage] = []
    var firstDirectory: TIFFDirectory?
    /// The chain goes on where the file has already ended.
    var isCut = false
    var warnings: [String] = []
  }

  private static func pages(_ file: DiskFile, _ reader: inout TIFFDirectoryReader, limits: ReadLimits)
    throws(FileRefusal) -> Chain
  {
    var chain = Chain()
    var seen: Set<Int> = []
    var offset = reader.first
    var strips = 0
    while offset != 0 {
      guard seen.insert(offset).inserted else {
        chain.warnings.append("the chain of directories runs in a circle")
        break
      }
      guard seen.count <= limits.entries else {
        throw FileRefusal(.tooLarge, "TIFF: more than \(limits.entries) directories", offset: offset)
      }
      do throws(FileRefusal) {
        guard offset < file.size else {
          throw FileRefusal(.truncated, "TIFF: a directory lies past the end of the file", offset: offset)
        }
        let directory = try reader.directory(at: offset)
        if try !TIFFPage.isSecondary(directory, &reader) {
          strips += max(directory.entries[273]?.count ?? 0, directory.entries[324]?.count ?? 0)
          guard strips <= 1 << 24 else {
            throw FileRefusal(.tooLarge, "TIFF: too many strips", offset: offset)
          }
          chain.pages.append(try TIFFPage(directory, &reader, size: file.size, limits: limits))
          if chain.firstDirectory == nil { chain.firstDirectory = directory }
        }
        offset = directory.next
      } catch {
        // The first image decides about the file; a later one only about what follows it.
        guard !chain.pages.isEmpty else { throw error }
        chain.isCut = true
        if error.kind != .truncated { chain.warnings.append("page \(chain.pages.count): \(error.reason)") }
        break
      }
    }
    return chain
  }
}
