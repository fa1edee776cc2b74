import TerminalUI

/// A place on a plate, in pixels from its top left corner.
package struct Place: Equatable {
  package var x: Double
  package var y: Double

  package init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

package typealias Ink = IndexedPicture.RGB

extension Ink {
  // On paper: what was measured is black, what was computed is blue.
  package static let paper = Ink(255, 255, 255)
  package static let measured = Ink(20, 20, 20)
  package static let text = Ink(35, 35, 35)
  package static let quiet = Ink(110, 115, 120)
  package static let rule = Ink(190, 195, 200)
  package static let grid = Ink(228, 230, 233)
  package static let computed = Ink(0, 114, 178)
  package static let network = Ink(150, 175, 205)
  package static let band = Ink(205, 225, 240)
  package static let missing = Ink(225, 225, 225)
  package static let accept = Ink(0, 120, 85)
  package static let doubtful = Ink(150, 100, 0)
  package static let foreign = Ink(150, 60, 120)
  package static let refused = Ink(175, 60, 10)
  /// Regions and series, told apart by anybody's eyes.
  package static let labels = [
    Ink(86, 180, 233), Ink(230, 159, 0), Ink(47, 191, 143), Ink(240, 228, 66), Ink(204, 121, 167),
    Ink(240, 112, 60), Ink(143, 132, 234), Ink(184, 192, 200),
  ]

  package static func label(_ index: Int) -> Ink {
    labels[((index % labels.count) + labels.count) % labels.count]
  }
}

/// Red, green and blue of every pixel, row by row.
package struct Raster {
  package let width: Int
  package let height: Int
  package let bytes: [UInt8]

  package func png(_ notes: [(key: String, text: String)] = []) -> [UInt8] {
    PNGFile.bytes(width: width, height: height, rgb: bytes, notes: notes)
  }
}

/// Something drawn, from back to front, that becomes pixels for a file or SVG for a page.
package struct Plate {
  package enum Anchor { case start, middle, end }

  package enum Mark {
    case area(Place, width: Double, height: Double, Ink)
    case line([Place], Ink, width: Double)
    case disc(Place, radius: Double, Ink)
    /// The place is the top of the line of letters.
    case text(String, Place, Anchor, Ink, isBold: Bool)
    case picture(IndexedPicture, Place, width: Double, height: Double)
  }

  package let width: Double
  package private(set) var height: Double
  package private(set) var marks: [Mark] = []

  package init(width: Double, height: Double) {
    self.width = max(1, width)
    self.height = max(1, height)
  }

  /// Cut or extended below.
  package mutating func end(at height: Double) { self.height = max(1, height) }

  package mutating func area(_ place: Place, width: Double, height: Double, _ ink: Ink) {
    marks.append(.area(place, width: width, height: height, ink))
  }

  package mutating func line(_ places: [Place], _ ink: Ink, width: Double = 1) {
    guard !places.isEmpty else { return }
    marks.append(.line(places, ink, width: width))
  }

  package mutating func disc(_ place: Place, radius: Double, _ ink: Ink) {
    marks.append(.disc(place, radius: radius, ink))
  }

  package mutating func text(
    _ text: String, _ place: Place, _ anchor: Anchor = .start, _ ink: Ink = .text, isBold: Bool = false
  ) {
    guard !text.isEmpty else { return }
    marks.append(.text(text, place, anchor, ink, isBold: isBold))
  }

  package mutating func picture(
    _ picture: IndexedPicture, _ place: Place, width: Double, height: Double
  ) {
    marks.append(.picture(picture, place, width: width, height: height))
  }

  /// Another plate, its corner at a place.
  package mutating func put(_ plate: Plate, _ place: Place) {
    func moved(_ at: Place) -> Place { Place(at.x + place.x, at.y + place.y) }
    for mark in plate.marks {
      switch mark {
      case .area(let at, let width, let height, let ink):
        marks.append(.area(moved(at), width: width, height: height, ink))
      case .line(let places, let ink, let width): marks.append(.line(places.map(moved), ink, width: width))
      case .disc(let at, let radius, let ink): marks.append(.disc(moved(at), radius: radius, ink))
      case .text(let text, let at, let anchor, let ink, let isBold):
        marks.append(.text(text, moved(at), anchor, ink, isBold: isBold))
      case .picture(let picture, let at, let width, let height):
        marks.append(.picture(picture, moved(at), width: width, height: height))
      }
    }
  }
}
