import Diffraction
import Glibc  // exp

/// A frame that no microscope should send and that some will.
package struct HostileFrame: Sendable {
  package var name: String
  package var pixels: Pixels
  /// Nothing of a pattern is in it: nobody may accept it.
  package var isBlank: Bool

  package init(
    _ name: String, _ width: Int, _ height: Int, isBlank: Bool = false, _ value: (Int, Int) -> Float
  ) {
    let values = (0..<width * height).map { value($0 % width, $0 / width) }
    self.init(name, Pixels(width: width, height: height, values: values), isBlank: isBlank)
  }

  package init(_ name: String, _ pixels: Pixels, isBlank: Bool = false) {
    self.name = name
    self.pixels = pixels
    self.isBlank = isBlank
  }

  package var frame: Frame { Frame(pixels: pixels) }
}

extension HostileFrame {
  /// Small ones, so that all of them take a moment.
  package static let all: [HostileFrame] = sizes + blanks + structures + types

  private static let side = 64

  private static let sizes: [HostileFrame] = [
    HostileFrame("1 x 1", 1, 1, isBlank: true) { _, _ in 7 },
    HostileFrame("2 x 2", 2, 2, isBlank: true) { x, y in Float(x + 2 * y) },
    HostileFrame("1 x 4096", 1, 4096, isBlank: true) { _, y in Float(y % 7) },
    HostileFrame("4096 x 8", 4096, 8) { x, y in disc(x, y, 2000, 4, 3) },
    HostileFrame("7000 x 16", 7000, 16) { x, y in disc(x, y, 4000, 8, 6) },
    HostileFrame("24 x 600", 24, 600) { x, y in disc(x, y, 12, 300, 6) },
    HostileFrame("17 x 16", 17, 16) { x, y in disc(x, y, 8, 8, 4) },
  ]

  private static func whole(_ name: String, _ value: Float) -> HostileFrame {
    HostileFrame(name, side, side, isBlank: true) { _, _ in value }
  }

  private static let blanks: [HostileFrame] = [
    whole("all zero", 0), whole("all NaN", .nan), whole("all infinite", .infinity),
    whole("all minus infinite", -.infinity), whole("constant", 1000), whole("negative", -5),
    whole("the largest number", .greatestFiniteMagnitude), whole("1e38", 1e38),
    whole("the smallest number", .leastNonzeroMagnitude),
    HostileFrame("one hot pixel", side, side, isBlank: true) { x, y in x == 20 && y == 30 ? 60_000 : 0 },
    HostileFrame("one infinite pixel", side, side, isBlank: true) { x, y in x == 9 && y == 9 ? .infinity : 1
    },
    HostileFrame("one NaN", side, side, isBlank: true) { x, y in x == 0 && y == 0 ? .nan : 1 },
    HostileFrame("saturated", Pixels(width: side, height: side, values: blank(UInt16.max)), isBlank: true),
  ]

  private static let structures: [HostileFrame] = [
    HostileFrame("checkerboard", side, side) { x, y in Float((x + y) % 2) * 100 },
    HostileFrame("checkerboard of the largest numbers", side, side) { x, y in
      (x + y) % 2 == 0 ? .greatestFiniteMagnitude : -.greatestFiniteMagnitude
    },
    HostileFrame("gradient", side, side) { x, y in Float(x + y) },
    HostileFrame("steep gradient", side, side) { x, y in exp(Float(x + y)) * 1e-18 },
    HostileFrame("half empty", side, side) { x, _ in x < 32 ? 0 : 100 },
    HostileFrame("noise", side, side) { x, y in noise(x, y) },
    HostileFrame("noise about zero", side, side) { x, y in noise(x, y) - 50 },
    HostileFrame("disc", side, side) { x, y in disc(x, y, 31, 33, 12) },
    HostileFrame("disc in the corner", side, side) { x, y in disc(x, y, 0, 0, 14) },
    HostileFrame("disc in the other corner", side, side) { x, y in disc(x, y, 63, 63, 14) },
    HostileFrame("disc over the edge", side, side) { x, y in disc(x, y, 70, 32, 12) },
    HostileFrame("disc beside the frame", side, side) { x, y in disc(x, y, 90, 90, 12) },
    HostileFrame("disc that fills the frame", side, side) { x, y in disc(x, y, 32, 32, 44) },
    HostileFrame("dark disc", side, side) { x, y in 1000 - disc(x, y, 32, 32, 15) },
    HostileFrame("discs everywhere", side, side) { x, y in disc(x % 12, y % 12, 6, 6, 4) },
    HostileFrame("disc of 1e20", side, side) { x, y in 1e17 * disc(x, y, 31, 33, 12) },
    HostileFrame("disc of 1e37", side, side) { x, y in 1e34 * disc(x, y, 31, 33, 12) },
    HostileFrame("faint disc", side, side) { x, y in .leastNonzeroMagnitude * disc(x, y, 31, 33, 12) },
    HostileFrame("disc with a block of NaN", side, side) { x, y in
      x > 20 && x < 40 && y > 10 && y < 30 ? .nan : disc(x, y, 31, 33, 12)
    },
    HostileFrame("disc with infinite rows", side, side) { x, y in
      y % 16 == 3 ? .infinity : disc(x, y, 31, 33, 12)
    },
    HostileFrame("disc with zero rows", side, side) { x, y in y % 3 == 0 ? 0 : disc(x, y, 31, 33, 12) },
    HostileFrame("negative disc", side, side) { x, y in disc(x, y, 31, 33, 12) - 5000 },
    HostileFrame("large frame", 400, 300) { x, y in disc(x, y, 190, 140, 90) },
  ]

  private static let types: [HostileFrame] = [
    HostileFrame(
      "disc in a byte",
      Pixels(
        width: side, height: side,
        values: (0..<side * side).map { UInt8(min(255, disc($0 % side, $0 / side, 30, 30, 11) / 3)) })),
    HostileFrame(
      "integers about zero",
      Pixels(width: side, height: side, values: (0..<side * side).map { Int16($0 % 7 - 3) * 10_000 })),
    HostileFrame(
      "large integers",
      Pixels(
        width: side, height: side, values: (0..<side * side).map { $0 % 5 == 0 ? UInt64.max : UInt64($0) })),
    HostileFrame(
      "doubles that are no single-precision numbers",
      Pixels(
        width: side, height: side,
        values: (0..<side * side).map { 1e297 * Double(disc($0 % side, $0 / side, 30, 30, 11)) })),
  ]

  private static func blank<Value>(_ value: Value) -> [Value] { Array(repeating: value, count: side * side) }

  /// A disc of 1000 counts on a background of 10, with a fixed texture.
  private static func disc(_ x: Int, _ y: Int, _ middleX: Int, _ middleY: Int, _ radius: Int) -> Float {
    let (dx, dy) = (x - middleX, y - middleY)
    return Float((dx * dx + dy * dy <= radius * radius ? 1000 : 10) + (7 * x + 13 * y) % 5)
  }

  private static func noise(_ x: Int, _ y: Int) -> Float {
    var z = UInt64(x &+ 4096 &* y) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    return Float((z ^ (z >> 27)) >> 40 & 127)
  }
}
