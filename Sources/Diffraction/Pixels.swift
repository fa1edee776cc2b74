import Arrays

/// How one pixel is stored. The raw values are the words that files, logs and `--info` use.
public enum SampleType: String, Sendable, CaseIterable {
  case uint8, int8, uint16, int16, uint32, int32, uint64, int64, float32, float64

  public var byteCount: Int {
    switch self {
    case .uint8, .int8: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }

  public var isFloat: Bool { self == .float32 || self == .float64 }

  /// The largest value an integer type can hold; a float has no ceiling of its own.
  public var ceiling: Double? {
    switch self {
    case .uint8: Double(UInt8.max)
    case .int8: Double(Int8.max)
    case .uint16: Double(UInt16.max)
    case .int16: Double(Int16.max)
    case .uint32: Double(UInt32.max)
    case .int32: Double(Int32.max)
    case .uint64: Double(UInt64.max)
    case .int64: Double(Int64.max)
    case .float32, .float64: nil
    }
  }
}

/// One image exactly as it was stored: no scaling, no change of type, host byte order, row 0 on top.
///
/// The bytes live in a `PixelStorage`, so an image can come from a Swift array, from a C library or
/// from memory shared with another process without a copy.
public struct Pixels: Sendable {
  public let width: Int
  public let height: Int
  public let sample: SampleType
  private let storage: PixelStorage

  public init(width: Int, height: Int, sample: SampleType, storage: PixelStorage) {
    precondition(width > 0 && height > 0, "an image has at least one pixel")
    precondition(storage.byteCount >= width * height * sample.byteCount, "storage holds the whole image")
    self.width = width
    self.height = height
    self.sample = sample
    self.storage = storage
  }

  /// Copies `values` in row order.
  public init<T: PixelValue>(width: Int, height: Int, values: [T]) {
    precondition(values.count == width * height, "one value a pixel")
    let storage = PixelStorage(byteCount: values.count * MemoryLayout<T>.stride) { bytes in
      values.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
    self.init(width: width, height: height, sample: T.sampleType, storage: storage)
  }

  /// Whether it is this very image, and no other with the same values.
  public func isSame(as other: Pixels) -> Bool {
    storage === other.storage && (width, height, sample) == (other.width, other.height, other.sample)
  }

  public var count: Int { width * height }
  public var byteCount: Int { count * sample.byteCount }

  /// The pixels' bytes in row order and host byte order.
  public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    try body(UnsafeRawBufferPointer(rebasing: storage.bytes[..<byteCount]))
  }

  /// Runs `loop` over the pixels as the type they are stored in: a loop over pixels is written once,
  /// generically, and compiled for every type.
  public func run<L: PixelLoop>(_ loop: L) -> L.Result {
    withBytes { bytes in
      switch sample {
      case .uint8: loop.run(bytes.assumingMemoryBound(to: UInt8.self))
      case .int8: loop.run(bytes.assumingMemoryBound(to: Int8.self))
      case .uint16: loop.run(bytes.assumingMemoryBound(to: UInt16.self))
      case .int16: loop.run(bytes.assumingMemoryBound(to: Int16.self))
      case .uint32: loop.run(bytes.assumingMemoryBound(to: UInt32.self))
      case .int32: loop.run(bytes.assumingMemoryBound(to: Int32.self))
      case .uint64: loop.run(bytes.assumingMemoryBound(to: UInt64.self))
      case .int64: loop.run(bytes.assumingMemoryBound(to: Int64.self))
      case .float32: loop.run(bytes.assumingMemoryBound(to: Float.self))
      case .float64: loop.run(bytes.assumingMemoryBound(to: Double.self))
      }
    }
  }

  /// The image as single-precision numbers, for the engines.
  public func matrix() -> Matrix {
    Matrix(rows: height, columns: width, values: run(FloatLoop()))
  }

  /// The image as double-precision numbers, for exact sums.
  public func doubles() -> [Double] { run(DoubleLoop()) }
}

/// A numeric type that a file can store.
public protocol PixelValue: Sendable, BitwiseCopyable {
  static var sampleType: SampleType { get }
  var double: Double { get }
  var float: Float { get }
}

/// A computation over pixels of any stored type; see `Pixels.run`.
public protocol PixelLoop {
  associatedtype Result
  func run<T: PixelValue>(_ values: UnsafeBufferPointer<T>) -> Result
}

private struct FloatLoop: PixelLoop {
  func run<T: PixelValue>(_ values: UnsafeBufferPointer<T>) -> [Float] { values.map(\.float) }
}

private struct DoubleLoop: PixelLoop {
  func run<T: PixelValue>(_ values: UnsafeBufferPointer<T>) -> [Double] { values.map(\.double) }
}

extension PixelValue where Self: BinaryInteger {
  @inlinable public var double: Double { Double(self) }
  @inlinable public var float: Float { Float(self) }
}
extension UInt8: PixelValue { public static var sampleType: SampleType { .uint8 } }
extension Int8: PixelValue { public static var sampleType: SampleType { .int8 } }
extension UInt16: PixelValue { public static var sampleType: SampleType { .uint16 } }
extension Int16: PixelValue { public static var sampleType: SampleType { .int16 } }
extension UInt32: PixelValue { public static var sampleType: SampleType { .uint32 } }
extension Int32: PixelValue { public static var sampleType: SampleType { .int32 } }
extension UInt64: PixelValue { public static var sampleType: SampleType { .uint64 } }
extension Int64: PixelValue { public static var sampleType: SampleType { .int64 } }
extension Float: PixelValue {
  public static var sampleType: SampleType { .float32 }
  @inlinable public var double: Double { Double(self) }
  @inlinable public var float: Float { self }
}
extension Double: PixelValue {
  public static var sampleType: SampleType { .float64 }
  @inlinable public var double: Double { self }
  @inlinable public var float: Float { Float(self) }
}
