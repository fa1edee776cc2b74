import Diffraction

/// How a pixel lies in the file; halves are widened because `Pixels` has no such type.
package enum StoredSample: Sendable, Equatable {
  case plain(SampleType)
  case half

  package var sample: SampleType {
    switch self {
    case .plain(let sample): sample
    case .half: .float32
    }
  }

  package var byteCount: Int {
    switch self {
    case .plain(let sample): sample.byteCount
    case .half: 2
    }
  }
}

/// Which row comes first in the file; `Pixels` has the top row first.
package enum RowOrder: Sendable {
  case topFirst, bottomFirst
}

/// An uncompressed image somewhere in a file.
package struct StoredImage: Sendable {
  package var width: Int
  package var height: Int
  package var stored: StoredSample
  package var order: ByteOrder
  package var rows: RowOrder

  package init(
    width: Int, height: Int, stored: StoredSample, order: ByteOrder = .little, rows: RowOrder = .topFirst
  ) {
    self.width = width
    self.height = height
    self.stored = stored
    self.order = order
    self.rows = rows
  }

  /// Bytes in the file.
  package var byteCount: Int { width * height * stored.byteCount }

  package func read(_ file: DiskFile, at offset: Int, format: String) throws(FileRefusal) -> Pixels {
    let sample = stored.sample
    let storage = try PixelStorage(byteCount: width * height * sample.byteCount) {
      bytes throws(FileRefusal) in
      // Halves are read into the rear part and widened from the front on.
      let source = UnsafeMutableRawBufferPointer(rebasing: bytes[(bytes.count - byteCount)...])
      try file.fill(source, at: offset, "\(format): an image")
      if order != .host { SampleBytes.swap(source, width: stored.byteCount) }
      if stored == .half {
        let values = bytes.bindMemory(to: Float.self)
        for i in values.indices {
          values[i] = HalfFloat.widen(source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
        }
      }
      if rows == .bottomFirst { SampleBytes.flip(bytes, rowBytes: width * sample.byteCount) }
    }
    return Pixels(width: width, height: height, sample: sample, storage: storage)
  }
}

extension ReadLimits {
  /// The bytes of one image, or why there cannot be one; nothing is allocated before this was asked.
  package func imageBytes(width: Int, height: Int, sampleBytes: Int, format: String, at offset: Int? = nil)
    throws(FileRefusal) -> Int
  {
    guard width > 0, height > 0 else {
      throw FileRefusal(.damaged, "\(format): an image of \(width) x \(height) pixels", offset: offset)
    }
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, count <= pixels, count <= frameBytes / sampleBytes else {
      throw FileRefusal(
        .tooLarge,
        "\(format): an image of \(width) x \(height) pixels of \(sampleBytes) bytes is beyond the limit",
        offset: offset)
    }
    return count * sampleBytes
  }
}

/// A product of counts that come from a file; `nil` when it does not fit.
package func checkedProduct(_ factors: Int...) -> Int? {
  var product = 1
  for factor in factors {
    let (next, overflow) = product.multipliedReportingOverflow(by: factor)
    guard !overflow else { return nil }
    product = next
  }
  return product
}
