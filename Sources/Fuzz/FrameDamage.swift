import Diffraction
import Glibc  // pow

/// Damages pictures the way broken cameras, beam stops and wrong headers will do.
struct FrameDamage {
  private var random: Random

  init(_ random: Random) { self.random = random }

  mutating func below(_ limit: Int) -> Int { random.below(limit) }

  mutating func damaged(_ pixels: Pixels) -> Pixels {
    var picture = Picture(width: pixels.width, height: pixels.height, values: pixels.matrix().values)
    for _ in 0..<below(4) { step(&picture) }
    return stored(picture, as: below(3) == 0 ? below(6) : -1)
  }

  private struct Picture {
    var width: Int
    var height: Int
    var values: [Float]

    init(width: Int, height: Int, values: [Float]) {
      (self.width, self.height, self.values) = (width, height, values)
    }

    /// The value that lies at a place of another picture.
    init(width: Int, height: Int, _ value: (Int, Int) -> Float) {
      self.init(
        width: width, height: height, values: (0..<width * height).map { value($0 % width, $0 / width) })
    }

    func at(_ x: Int, _ y: Int) -> Float {
      x >= 0 && y >= 0 && x < width && y < height ? values[y * width + x] : 0
    }

    mutating func change(_ columns: Range<Int>, _ rows: Range<Int>, _ change: (Float) -> Float) {
      for y in rows.clamped(to: 0..<height) {
        for x in columns.clamped(to: 0..<width) { values[y * width + x] = change(values[y * width + x]) }
      }
    }
  }

  private static let numbers: [Float] = [
    0, -1, 1, .nan, .infinity, -.infinity, 1e38, -1e38, 1e20, 1e10, 1e-30, .leastNonzeroMagnitude, 65535, 255,
  ]

  private mutating func step(_ picture: inout Picture) {
    let old = picture
    let (width, height) = (old.width, old.height)
    let number = Self.numbers[below(Self.numbers.count)]
    func span(_ start: Int, _ count: Int) -> Range<Int> { start..<start + count }
    switch below(14) {
    case 0:
      // A part of it.
      let (w, h) = (1 + below(width), 1 + below(height))
      let (x0, y0) = (below(width - w + 1), below(height - h + 1))
      picture = Picture(width: w, height: h) { old.at($0 + x0, $1 + y0) }
    case 1:
      // Larger or smaller, by nearest neighbours; seldom a strip.
      let most = 2 * max(width, height)
      let w = 1 + below(most)
      let h = below(4) == 0 ? 1 + below(most) : max(1, w * height / width)
      guard w * h < 1 << 19 else { return }
      picture = Picture(width: w, height: h) { old.at($0 * width / w, $1 * height / h) }
    case 2:
      let (dx, dy) = (below(2 * width) - width, below(2 * height) - height)
      picture = Picture(width: width, height: height) { old.at($0 - dx, $1 - dy) }
    case 3, 4:
      picture.change(span(below(width), 1 + below(width)), span(below(height), 1 + below(height))) { _ in
        number
      }
    case 5:
      let every = 1 + below(8)
      for y in stride(from: 0, to: height, by: every) { picture.change(0..<width, y..<y + 1) { _ in number } }
    case 6:
      for _ in 0...below(50) {
        let (x, y) = (below(width), below(height))
        picture.change(x..<x + 1, y..<y + 1) { _ in number }
      }
    case 7:
      let factor = powf(10, Float(below(80) - 40))
      picture.change(0..<width, 0..<height) { $0 * factor }
    case 8: picture.change(0..<width, 0..<height) { $0 + number }
    case 9:
      let ceiling = (old.values.max() ?? 1) * Float(below(100)) / 100
      picture.change(0..<width, 0..<height) { min($0, ceiling) }
    case 10:
      let strength = (old.values.max() ?? 1) * powf(10, Float(below(5) - 3))
      for i in picture.values.indices { picture.values[i] += strength * Float(below(1000)) / 1000 }
    case 11: picture.change(0..<width, 0..<height) { -$0 }
    case 12: picture = Picture(width: height, height: width) { old.at($1, $0) }
    default:
      // Squeezed along one axis.
      let w = max(1, width / (1 + below(6)))
      picture = Picture(width: w, height: height) { old.at($0 * width / w, $1) }
    }
  }

  /// As another type, cut to what it holds.
  private func stored(_ picture: Picture, as type: Int) -> Pixels {
    let (width, height) = (picture.width, picture.height)
    func integers<T: PixelValue & FixedWidthInteger>(_: T.Type) -> Pixels {
      Pixels(
        width: width, height: height,
        values: picture.values.map { value -> T in
          value.isNaN ? 0 : T(exactly: value.rounded()) ?? (value < 0 ? T.min : T.max)
        })
    }
    switch type {
    case 0: return integers(UInt8.self)
    case 1: return integers(UInt16.self)
    case 2: return integers(Int16.self)
    case 3: return integers(UInt32.self)
    case 4: return integers(UInt64.self)
    case 5:
      return Pixels(width: width, height: height, values: picture.values.map { 1e200 * Double($0) })
    default: return Pixels(width: width, height: height, values: picture.values)
    }
  }

  /// A header that states something, true or not.
  mutating func describe(_ frame: inout Frame) {
    guard below(3) == 0 else { return }
    let scales = [0.3, 1e-3, 0, -1, 1e-300, 1e300, .nan, .infinity, 0.05, 2]
    let units = ["mrad", "1/nm", "1/A", "1/Å", "rad", "px"]
    func sourced<T>(_ value: T) -> Sourced<T> { Sourced(value, source: "fuzz") }
    frame.calibration.x = sourced(
      AxisCalibration(scale: scales[below(scales.count)], unit: units[below(units.count)]))
    if below(2) == 0 {
      frame.beam.convergenceMilliradians = sourced(scales[below(scales.count)] * 20)
    }
    if below(2) == 0 { frame.beam.voltageKilovolts = sourced(scales[below(scales.count)] * 100) }
  }

  /// Mostly none; sometimes some at the ends of their ranges. What takes minutes stays out.
  mutating func settings(of engine: any AnalysisEngine) -> [String: ParameterValue] {
    var settings: [String: ParameterValue] = [:]
    if engine.name == "pacbed" {
      let materials = ["rutile", "strontium-titanate", "beryl"]
      settings["material"] = .text(materials[below(materials.count)])
      // The fit takes a second of a frame, the network a tenth.
      let methods = ["network", "network", "baseline", "least_squares", "network+fit"]
      settings["method"] = .text(methods[below(methods.count)])
    }
    let slow = ["debye_waller", "absorption", "model", "material", "method", "refine"]
    let parameters = engine.parameters.filter { engine.name == "sped" || !slow.contains($0.name) }
    for _ in 0..<max(0, below(6) - 2) {
      let parameter = parameters[below(parameters.count)]
      switch parameter.domain {
      case .number(let range):
        let part = [0, 1, Double(below(1000)) / 1000][below(3)]
        settings[parameter.name] = .number(range.lowerBound + part * (range.upperBound - range.lowerBound))
      case .choice(let words): settings[parameter.name] = .text(words[below(words.count)])
      case .text:
        let texts = ["1x1", "3x7", "65536x65536", "10,12", "-1e5,1e5", "A+B", "A/2", "B3", "", "-A"]
        settings[parameter.name] = .text(texts[below(texts.count)])
      }
    }
    if engine.name == "cbleed", below(400) == 0 { settings["refine"] = .text("simulation") }
    return settings
  }
}
