import Foundation
import Testing
import TerminalUI

@Suite struct ColourMapTests {
  /// L* of CIE 1976 from sRGB (IEC 61966-2-1), white D65.
  private func lightness(_ colour: Colour) throws -> Double {
    let rgb = try #require(colour.components)
    func linear(_ value: UInt8) -> Double {
      let c = Double(value) / 255
      return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4)
    }
    let y = 0.2126729 * linear(rgb.red) + 0.7151522 * linear(rgb.green) + 0.0721750 * linear(rgb.blue)
    return y > 216.0 / 24389 ? 116 * cbrt(y) - 16 : y * 24389 / 27
  }

  @Test(arguments: [ColourMap.grey, .viridis, .inferno], ColourDepth.allCases)
  func lightnessRisesStrictlyAlongEveryMap(_ map: ColourMap, _ depth: ColourDepth) throws {
    let values = try map.levels(depth).map(lightness)
    #expect(values.count >= [0, 2, 4, 13, 128][depth.rawValue])
    for (low, high) in zip(values, values.dropFirst()) { #expect(low < high) }
  }

  @Test(arguments: ColourDepth.allCases)
  func lightnessRisesAwayFromTheMiddleOfTheDivergingMap(_ depth: ColourDepth) throws {
    let values = try ColourMap.diverging.levels(depth).map(lightness)
    #expect(values.count % 2 == 1 || values.isEmpty)
    let middle = values.count / 2
    for index in values.indices.dropFirst() {
      if index <= middle {
        #expect(values[index] < values[index - 1])
      } else {
        #expect(values[index] > values[index - 1])
      }
    }
  }

  @Test func paletteMapsKeepToTheColoursThatEveryTerminalShowsAlike() {
    for map in ColourMap.allCases {
      for colour in map.levels(.palette256) {
        guard case .palette(let index) = colour else {
          Issue.record("\(colour) is no palette colour"); continue
        }
        #expect(index >= 16)
      }
    }
    #expect(ColourMap.grey.levels(.palette256).count == 30)
  }

  @Test func anyFractionHasAColour() {
    for map in ColourMap.allCases {
      for depth in ColourDepth.allCases {
        #expect(map.colour(.nan, depth) == .default)
        for fraction: Float in [-.infinity, -1, 0, 0.5, 1, 2, .infinity] {
          #expect((map.colour(fraction, depth) == .default) == (depth == .none))
        }
      }
    }
  }

  @Test func coloursAreReducedToTheNearestThatATerminalHas() {
    #expect(Colour.rgb(255, 0, 0).reduced(to: .palette256) == .palette(196))
    #expect(Colour.rgb(254, 2, 1).reduced(to: .ansi16) == .ansi(9))
    #expect(Colour.rgb(1, 2, 3).reduced(to: .ansi8) == .black)
    #expect(Colour.palette(231).reduced(to: .ansi8) == .white)
    #expect(Colour.red.bright.reduced(to: .ansi8) == .red)
    #expect(Colour.rgb(1, 2, 3).reduced(to: .trueColour) == .rgb(1, 2, 3))
    #expect(Colour.rgb(1, 2, 3).reduced(to: .none) == .default)
    for index in UInt8.min...255 {
      #expect(Colour.palette(index).reduced(to: .palette256) == .palette(index))
    }
  }
}
