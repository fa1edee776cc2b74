import Arrays

/// A crystal seen along many directions, as three-dimensional electron diffraction measures it: integrated
/// intensities of reflections, zone by zone, and how the crystal stood.
///
/// It travels as a frame of numbers, nine a row: a row of the cell and the beam, one of the orientation matrix, then a
/// row a zone and a row a reflection; last, if one was found beside the file, the text of a structure, a byte a number.
/// What a file does not state is not a number.
public struct ZoneSeries: Sendable, Equatable {
  public enum Geometry: Int, Sendable, CaseIterable {
    case rotation = 1
    case precession = 2
  }

  /// A frame: how the goniometer stood, in degrees, and how far the beam rocked to both sides.
  public struct Zone: Sendable, Equatable {
    public var id: Int
    public var direction: SIMD3<Double>
    public var semiAngle: Double
    public var alpha: Double
    public var beta: Double
    public var omega: Double
    public var scale: Double

    public init(
      id: Int, direction: SIMD3<Double>, semiAngle: Double, alpha: Double, beta: Double, omega: Double,
      scale: Double
    ) {
      self.id = id
      self.direction = direction
      self.semiAngle = semiAngle
      self.alpha = alpha
      self.beta = beta
      self.omega = omega
      self.scale = scale
    }
  }

  public struct Reflection: Sendable, Equatable {
    public var index: SIMD3<Int>
    public var intensity: Double
    /// Not a number where the file states none.
    public var sigma: Double
    /// The place of its zone in `zones`.
    public var zone: Int

    public init(index: SIMD3<Int>, intensity: Double, sigma: Double, zone: Int) {
      self.index = index
      self.intensity = intensity
      self.sigma = sigma
      self.zone = zone
    }
  }

  /// Å and degrees.
  public var lengths: SIMD3<Double>
  public var angles: SIMD3<Double>
  /// Å.
  public var wavelength: Double
  public var geometry: Geometry
  /// Of the tilt axis against the first axis of the detector, in degrees.
  public var axisPosition: Double
  /// 1/Å; not a number where the file states none.
  public var resolution: Double
  /// The orientation matrix, row after row: reflection indices to 1/Å at rest.
  public var orientation: [Double]
  public var zones: [Zone]
  public var reflections: [Reflection]
  /// The text of a CIF with the structure; empty where there is none.
  public var structure: [UInt8] = []

  public init(
    lengths: SIMD3<Double>, angles: SIMD3<Double>, wavelength: Double, geometry: Geometry,
    axisPosition: Double,
    resolution: Double, orientation: [Double], zones: [Zone], reflections: [Reflection]
  ) {
    self.lengths = lengths
    self.angles = angles
    self.wavelength = wavelength
    self.geometry = geometry
    self.axisPosition = axisPosition
    self.resolution = resolution
    self.orientation = orientation
    self.zones = zones
    self.reflections = reflections
  }
}

extension ZoneSeries {
  public static let columns = 9
  /// The first number of the frame tells it from any picture: "zone".
  private static let mark = Double(0x7A6F_6E65)
  private static let headRows = 3
  public static let mostZones = 20_000
  public static let mostReflections = 2_000_000
  public static let mostStructureBytes = 1 << 20
  /// Indices of a reflection lie far within.
  public static let largestIndex = 500

  /// The series as a frame.
  public var pixels: Pixels {
    var values = [
      Self.mark, Double(zones.count), Double(reflections.count), Double(geometry.rawValue), axisPosition,
      resolution, wavelength, Double(structure.count), 0, lengths.x, lengths.y, lengths.z, angles.x, angles.y,
      angles.z, 0, 0, 0,
    ]
    values += orientation
    for zone in zones {
      values += [
        Double(zone.id), zone.direction.x, zone.direction.y, zone.direction.z, zone.semiAngle, zone.alpha,
        zone.beta, zone.omega, zone.scale,
      ]
    }
    for reflection in reflections {
      let index = reflection.index
      values += [
        Double(index.x), Double(index.y), Double(index.z), reflection.intensity, reflection.sigma,
        Double(reflection.zone), 0, 0, 0,
      ]
    }
    values += structure.map { Double($0) }
    values += [Double](
      repeating: 0, count: Self.structureRows(structure.count) * Self.columns - structure.count)
    return Pixels(width: Self.columns, height: values.count / Self.columns, values: values)
  }

  /// The height of its frame.
  public var rows: Int {
    Self.headRows + zones.count + reflections.count + Self.structureRows(structure.count)
  }

  private static func structureRows(_ bytes: Int) -> Int { (bytes + columns - 1) / columns }

  /// Nil for any frame that holds no such series.
  public init?(_ pixels: Pixels) {
    let columns = Self.columns
    guard pixels.width == columns, pixels.sample == .float64, pixels.height >= Self.headRows else {
      return nil
    }
    let values = pixels.withBytes { bytes in Array(bytes.bindMemory(to: Double.self)) }
    let zoneCount = Int(bounded: values[1])
    let reflectionCount = Int(bounded: values[2])
    let structureCount = Int(bounded: values[7])
    guard values[0] == Self.mark, 0...Self.mostZones ~= zoneCount,
      0...Self.mostReflections ~= reflectionCount, 0...Self.mostStructureBytes ~= structureCount,
      pixels.height == Self.headRows + zoneCount + reflectionCount + Self.structureRows(structureCount),
      let geometry = Geometry(rawValue: Int(bounded: values[3]))
    else { return nil }
    let orientation = Array(values[2 * columns..<3 * columns])
    guard orientation.allSatisfy(\.isFinite) else { return nil }
    var zones: [Zone] = []
    for row in Self.headRows..<Self.headRows + zoneCount {
      let v = Array(values[row * columns..<(row + 1) * columns])
      guard v[0].isFinite, v[4...7].allSatisfy({ $0.isFinite && $0.magnitude <= 360 }) else { return nil }
      zones.append(
        Zone(
          id: Int(bounded: v[0]), direction: SIMD3(v[1], v[2], v[3]), semiAngle: v[4], alpha: v[5],
          beta: v[6], omega: v[7], scale: v[8]))
    }
    var reflections: [Reflection] = []
    let end = Self.headRows + zoneCount + reflectionCount
    for row in Self.headRows + zoneCount..<end {
      let v = Array(values[row * columns..<row * columns + 6])
      let zone = Int(bounded: v[5])
      guard v[0...2].allSatisfy({ $0.magnitude <= Double(Self.largestIndex) }), v[3].isFinite,
        0..<zoneCount ~= zone
      else { return nil }
      reflections.append(
        Reflection(
          index: SIMD3(Int(bounded: v[0]), Int(bounded: v[1]), Int(bounded: v[2])), intensity: v[3],
          sigma: v[4], zone: zone))
    }
    self.init(
      lengths: SIMD3(values[9], values[10], values[11]), angles: SIMD3(values[12], values[13], values[14]),
      wavelength: values[6], geometry: geometry, axisPosition: values[4], resolution: values[5],
      orientation: orientation, zones: zones, reflections: reflections)
    structure = values[end * columns..<end * columns + structureCount].map {
      UInt8(clamping: Int(bounded: $0))
    }
  }
}
