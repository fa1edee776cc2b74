/// From a fraction to a colour.
///
/// Lightness (CIELAB L*) rises strictly along every map, and away from the middle on both sides of `diverging`,
/// so brighter always means more. The nearest palette colours of the usual maps break this; the lists below are
/// chosen by hand from the 240 colours that all 256-colour terminals show alike.
public enum ColourMap: String, Sendable, CaseIterable {
  case grey, viridis, inferno
  /// Blue below, black in the middle, red above.
  case diverging

  /// The next map for an unsigned picture.
  public var next: ColourMap {
    switch self {
    case .grey: .viridis
    case .viridis: .inferno
    case .inferno, .diverging: .grey
    }
  }

  public func colour(_ fraction: Float, _ depth: ColourDepth) -> Colour {
    ColourMap.colour(fraction, in: levels(depth))
  }

  /// All colours of the map from low to high; none on a terminal without colours.
  public func levels(_ depth: ColourDepth) -> [Colour] {
    switch depth {
    case .none: []
    case .ansi8: ansi8.map { .ansi($0) }
    case .ansi16: ansi16.map { .ansi($0) }
    case .palette256: palette.map { .palette($0) }
    case .trueColour: ColourMap.smooth[self] ?? []
    }
  }

  static func colour(_ fraction: Float, in levels: [Colour]) -> Colour {
    guard !levels.isEmpty, !fraction.isNaN else { return .default }
    let place = min(max(fraction, 0), 1) * Float(levels.count)
    return levels[min(Int(place), levels.count - 1)]
  }

  private var ansi8: [UInt8] {
    switch self {
    case .grey: [0, 7]
    case .viridis: [0, 4, 2, 3, 7]
    case .inferno: [0, 4, 1, 3, 7]
    case .diverging: [6, 4, 0, 1, 3]
    }
  }

  private var ansi16: [UInt8] {
    switch self {
    case .grey: [0, 8, 7, 15]
    case .viridis: [0, 4, 2, 10, 11]
    case .inferno: [0, 4, 1, 3, 11]
    case .diverging: [14, 12, 0, 1, 3]
    }
  }

  private var palette: [UInt8] {
    switch self {
    case .grey:
      [16] + Array(232...240) + [59] + Array(241...244) + [102] + Array(245...248) + [145] + Array(249...252)
        + [188, 253, 254, 255, 231]
    case .viridis:
      [16, 17, 53, 54, 55, 24, 25, 61, 30, 31, 36, 72, 41, 112, 148, 184, 220, 190, 226]
    case .inferno:
      [16, 17, 53, 54, 89, 125, 161, 167, 202, 208, 214, 220, 227, 230]
    case .diverging:
      [195, 189, 117, 39, 33, 27, 21, 20, 18, 16, 52, 88, 124, 160, 196, 208, 215, 222, 230]
    }
  }

  private typealias RGB = (Float, Float, Float)

  private var anchors: [RGB] {
    switch self {
    case .grey: [(0, 0, 0), (255, 255, 255)]
    case .viridis:
      [
        (5, 0, 10), (66, 5, 88), (70, 48, 125), (56, 92, 140), (38, 130, 142), (34, 168, 130), (92, 200, 98),
        (180, 222, 50), (252, 232, 80),
      ]
    case .inferno:
      [
        (0, 0, 5), (28, 12, 66), (82, 16, 108), (138, 34, 104), (192, 58, 76), (232, 100, 40), (250, 156, 20),
        (246, 210, 70), (252, 252, 170),
      ]
    case .diverging:
      [
        (210, 240, 255), (130, 190, 250), (60, 130, 225), (30, 70, 160), (10, 25, 80), (0, 0, 0),
        (85, 10, 10),
        (165, 30, 20), (225, 85, 45), (245, 155, 90), (255, 230, 195),
      ]
    }
  }

  /// 128 steps a map: fine enough that none is seen, coarse enough that each is lighter in 8-bit numbers.
  private static let smooth: [ColourMap: [Colour]] = {
    var maps: [ColourMap: [Colour]] = [:]
    for map in ColourMap.allCases {
      let anchors = map.anchors
      let count = map == .diverging ? 129 : 128
      maps[map] = (0..<count).map { step in
        let place = Float(step) / Float(count - 1) * Float(anchors.count - 1)
        let index = min(Int(place), anchors.count - 2)
        let (low, high) = (anchors[index], anchors[index + 1])
        func mix(_ a: Float, _ b: Float) -> UInt8 { UInt8((a + (b - a) * (place - Float(index))).rounded()) }
        return .rgb(mix(low.0, high.0), mix(low.1, high.1), mix(low.2, high.2))
      }
    }
    return maps
  }()
}
