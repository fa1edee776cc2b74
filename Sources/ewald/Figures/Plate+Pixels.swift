import Glibc
import TerminalUI

extension Plate {
  /// The plate as pixels on white paper.
  package var pixels: Raster {
    var canvas = PixelCanvas(
      width: min(Self.mostPixels, max(1, Int(width.rounded(.up)))),
      height: min(Self.mostPixels, max(1, Int(height.rounded(.up)))))
    for mark in marks {
      switch mark {
      case .area(let at, let width, let height, let ink): canvas.fill(at, width, height, ink)
      case .line(let places, let ink, let width): canvas.stroke(places, ink, width)
      case .disc(let at, let radius, let ink): canvas.stroke([at], ink, 2 * radius)
      case .text(let text, let at, let anchor, let ink, let isBold):
        canvas.write(text, Place(Self.start(of: text, at, anchor), at.y), ink, isBold)
      case .picture(let picture, let at, let width, let height): canvas.place(picture, at, width, height)
      }
    }
    return Raster(width: canvas.width, height: canvas.height, bytes: canvas.bytes)
  }

  /// A PNG file, with notes of where it came from.
  package func png(_ notes: [(key: String, text: String)] = []) -> [UInt8] { pixels.png(notes) }

  package static func start(of text: String, _ place: Place, _ anchor: Anchor) -> Double {
    switch anchor {
    case .start: place.x
    case .middle: place.x - Typeface.columns(of: text) / 2
    case .end: place.x - Typeface.columns(of: text)
    }
  }

  /// Sixteen thousand pixels either way: nobody looks at more, and memory has an end.
  private static let mostPixels = 16_384
}

/// Red, green and blue of every pixel, and how marks fall on them.
private struct PixelCanvas {
  let width: Int
  let height: Int
  private(set) var bytes: [UInt8]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    bytes = [UInt8](repeating: 255, count: 3 * width * height)
  }

  private mutating func blend(_ x: Int, _ y: Int, _ ink: Ink, _ cover: Double) {
    guard x >= 0, y >= 0, x < width, y < height, cover > 0 else { return }
    let at = 3 * (y * width + x)
    for (offset, value) in [ink.red, ink.green, ink.blue].enumerated() {
      let old = Double(bytes[at + offset])
      bytes[at + offset] = UInt8((old + (Double(value) - old) * min(1, cover)).rounded())
    }
  }

  /// The pixels that a span covers, kept on the canvas.
  private func pixels(_ from: Double, _ to: Double, most: Int) -> Range<Int> {
    guard from.isFinite, to.isFinite, to > 0, from < Double(most) else { return 0..<0 }
    let first = max(0, Int(max(0, from).rounded(.down)))
    let last = min(most, Int(min(Double(most), to).rounded(.up)))
    return first..<max(first, last)
  }

  mutating func fill(_ place: Place, _ across: Double, _ down: Double, _ ink: Ink) {
    for y in pixels(place.y, place.y + down, most: height) {
      let rows = min(Double(y + 1), place.y + down) - max(Double(y), place.y)
      for x in pixels(place.x, place.x + across, most: width) {
        let columns = min(Double(x + 1), place.x + across) - max(Double(x), place.x)
        blend(x, y, ink, rows * columns)
      }
    }
  }

  /// A line through the middle of pixels with round ends; one place alone is a disc.
  mutating func stroke(_ places: [Place], _ ink: Ink, _ thickness: Double) {
    let places = places.filter { $0.x.isFinite && $0.y.isFinite }
    guard let first = places.first, thickness > 0 else { return }
    // Where segments meet the ink is not thicker: the greatest cover counts.
    var covers: [Int: Double] = [:]
    for (a, b) in places.count == 1 ? [(first, first)] : Array(zip(places, places.dropFirst())) {
      let reach = thickness / 2 + 1
      let (dx, dy) = (b.x - a.x, b.y - a.y)
      let length = dx * dx + dy * dy
      for y in pixels(min(a.y, b.y) - reach, max(a.y, b.y) + reach, most: height) {
        // Of a long slanted line each row holds only a piece.
        var (low, high) = (min(a.x, b.x) - reach, max(a.x, b.x) + reach)
        if dy.magnitude > 1e-9, dx.magnitude > dy.magnitude * 0.1 {
          let slope = dx / dy
          let at = a.x + slope * (Double(y) + 0.5 - a.y)
          let room = (reach + 1) * (1 + slope.magnitude)
          (low, high) = (max(low, at - room), min(high, at + room))
        }
        for x in pixels(low, high, most: width) {
          let (px, py) = (Double(x) + 0.5 - a.x, Double(y) + 0.5 - a.y)
          let part = length > 0 ? min(1, max(0, (px * dx + py * dy) / length)) : 0
          let (ex, ey) = (px - part * dx, py - part * dy)
          let cover = min(1, thickness / 2 + 0.5 - (ex * ex + ey * ey).squareRoot())
          if cover > 0 { covers[y * width + x] = max(covers[y * width + x] ?? 0, cover) }
        }
      }
    }
    for (pixel, cover) in covers { blend(pixel % width, pixel / width, ink, cover) }
  }

  mutating func write(_ text: String, _ place: Place, _ ink: Ink, _ isBold: Bool) {
    let face = Typeface.standard
    guard place.x.isFinite, place.y.isFinite, place.x.magnitude < 1e6, place.y.magnitude < 1e6 else { return }
    var left = Int(place.x.rounded())
    let top = Int(place.y.rounded())
    for scalar in text.unicodeScalars {
      for (row, bits) in face.rows(of: scalar).enumerated() where bits != 0 {
        for column in 0..<Typeface.width where bits & (256 >> UInt16(column)) != 0 {
          blend(left + column, top + row, ink, 1)
          if isBold { blend(left + column + 1, top + row, ink, 1) }
        }
      }
      left += Typeface.width
    }
  }

  /// Every pixel of the canvas takes the nearest of the picture: nothing is invented.
  mutating func place(_ picture: IndexedPicture, _ place: Place, _ across: Double, _ down: Double) {
    guard picture.width > 0, picture.height > 0, across > 0, down > 0 else { return }
    for y in pixels(place.y, place.y + down, most: height) {
      let row = Int((Double(y) + 0.5 - place.y) / down * Double(picture.height))
      guard row >= 0, row < picture.height else { continue }
      for x in pixels(place.x, place.x + across, most: width) {
        let column = Int((Double(x) + 0.5 - place.x) / across * Double(picture.width))
        guard column >= 0, column < picture.width else { continue }
        let index = Int(picture.indices[row * picture.width + column])
        guard picture.palette.indices.contains(index) else { continue }
        let (ink, to) = (picture.palette[index], 3 * (y * width + x))
        (bytes[to], bytes[to + 1], bytes[to + 2]) = (ink.red, ink.green, ink.blue)
      }
    }
  }
}
