/// A value and where it came from: `"tag:65009"`, `"sidecar:scan.xml"`, `"user"`, `"default"`.
///
/// Unknown is `nil` at the place of use, never a guess.
public struct Sourced<Value: Sendable & Equatable>: Sendable, Equatable {
  public var value: Value
  public var source: String

  public init(_ value: Value, source: String) {
    self.value = value
    self.source = source
  }
}

/// What one pixel step means along one axis: `position = origin + index * scale`.
public struct AxisCalibration: Sendable, Equatable {
  public var scale: Double
  public var origin: Double
  /// As the file spells it: `1/nm`, `mrad`, `nm`, `µm`, `px`.
  public var unit: String

  public init(scale: Double, origin: Double = 0, unit: String) {
    self.scale = scale
    self.origin = origin
    self.unit = unit
  }
}

/// What a pixel means, along the columns (x) and along the rows (y).
public struct Calibration: Sendable, Equatable {
  public var x: Sourced<AxisCalibration>?
  public var y: Sourced<AxisCalibration>?

  public init(x: Sourced<AxisCalibration>? = nil, y: Sourced<AxisCalibration>? = nil) {
    self.x = x
    self.y = y
  }
}

/// The illumination, as far as the file states it.
public struct Beam: Sendable, Equatable {
  public var voltageKilovolts: Sourced<Double>?
  public var convergenceMilliradians: Sourced<Double>?
  public var cameraLengthMillimetres: Sourced<Double>?
  public var exposureSeconds: Sourced<Double>?

  public init() {}
}

/// The raster of a scan: `width` is the fast axis. Only ever stated by a file or a user, never inferred.
public struct ScanShape: Sendable, Equatable {
  public var width: Int
  public var height: Int
  public var count: Int { width * height }

  /// Positions of the largest scan that is analysed, 2048 x 2048: an engine keeps something of every position,
  /// and a damaged header can state billions.
  public static let limit = 1 << 22

  /// Whether it is a raster at all, and one that is analysed.
  public var isUsable: Bool {
    let (count, isTooLarge) = width.multipliedReportingOverflow(by: height)
    return width > 0 && height > 0 && !isTooLarge && count <= Self.limit
  }

  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }
}

/// One line of a file's metadata, cleaned for display.
public struct MetadataItem: Sendable, Equatable {
  public var name: String
  public var value: String
  public var unit: String
  public var source: String

  public init(name: String, value: String, unit: String = "", source: String) {
    self.name = name
    self.value = value
    self.unit = unit
    self.source = source
  }
}

/// One pattern, as stored, with what is known about how it was taken.
public struct Frame: Sendable {
  public var pixels: Pixels
  public var calibration: Calibration
  public var beam: Beam
  /// Which image of its file this is, from 0.
  public var index: Int

  public init(pixels: Pixels, calibration: Calibration = Calibration(), beam: Beam = Beam(), index: Int = 0) {
    self.pixels = pixels
    self.calibration = calibration
    self.beam = beam
    self.index = index
  }
}
