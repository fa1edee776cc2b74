/// From a fraction to a colour.
///
/// Lightness (CIELAB L*) rises strictly along every map, and away from the middle on both sides of `diverging`,
/// so brighter always means more. The nearest palette colours of the usual maps break this; the lists below are
/// chosen by hand from the 240 colours that all 256-colour terminals show alike.
package enum ColourMap: String, Sendable, CaseIterable {
  case grey, viridis, inferno
  /// Blue below, dark in the middle, red above.
  case diverging

  /// The next map for an unsigned picture.
  package var next: ColourMap {
    switch self {
    case .grey: .viridis
    case .viridis: .inferno
    case .inferno, .diverging: .grey
    }
  }

  package func colour(_ fraction: Float, _ depth: ColourDepth) -> Colour {
    ColourMap.colour(fraction, in: levels(depth))
  }

  /// All colours of the map from low to high; none on a terminal without colours.
  package func levels(_ depth: ColourDepth) -> [Colour] {
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
      [17, 53, 54, 55, 24, 25, 30, 31, 36, 71, 77, 113, 148, 184, 220]
    case .inferno:
      [16, 17, 53, 54, 90, 126, 161, 167, 202, 208, 214, 220, 228]
    case .diverging:
      [153, 111, 74, 67, 31, 24, 23, 234, 52, 88, 130, 167, 173, 210, 217]
    }
  }

  private typealias RGB = (Float, Float, Float)

  private var anchors: [RGB] {
    switch self {
    case .grey: [(0, 0, 0), (255, 255, 255)]
    case .viridis:
      [
        (68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142), (31, 158, 137),
        (53, 183, 121),
        (110, 206, 88), (181, 222, 43), (253, 231, 37),
      ]
    case .inferno:
      [
        (0, 0, 5), (28, 12, 66), (82, 16, 108), (138, 34, 104), (192, 58, 76), (232, 100, 40), (250, 156, 20),
        (246, 210, 70), (252, 252, 170),
      ]
    case .diverging:
      [
        (158, 176, 255), (91, 164, 219), (45, 117, 151), (26, 66, 86), (14, 14, 14), (66, 18, 4),
        (124, 50, 30),
        (190, 110, 100), (255, 173, 173),
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
