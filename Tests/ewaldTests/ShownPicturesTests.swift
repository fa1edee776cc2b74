import Diffraction
import TerminalUI
import Testing
import ewald

@Suite struct ShownPicturesTests {
  private func picture(_ side: Int, _ start: Int) -> Pixels {
    Pixels(
      width: side, height: side, values: (0..<side * side).map { UInt16(truncatingIfNeeded: start + $0) })
  }

  @Test func theSamePictureIsCountedOnceAndAnotherAnew() {
    let shown = ShownPictures(mostPixels: 1000)
    let (one, other) = (picture(10, 0), picture(10, 500))
    for pixels in [one, other, one, other] {
      #expect(shown.source(pixels) == PictureSource(pixels))
    }
    // The same numbers lie in the same memory.
    let places = (0..<2).map { _ in shown.source(one).values.withUnsafeBufferPointer { $0.baseAddress } }
    #expect(places[0] == places[1])
    // A copy of its values is another picture.
    #expect(shown.source(picture(10, 0)) == PictureSource(one))
    let large = picture(40, 7)
    #expect(shown.source(large) == PictureSource(large))
  }

  @Test func limitsAreThoseOfTheFamilyAndTheContrast() {
    let shown = ShownPictures(mostPixels: 1000)
    let family = [picture(10, 0), picture(10, 500)]
    let wide = Contrast(scale: .linear, range: .percentile(0, 100))
    let narrow = Contrast(scale: .linear, range: .percentile(10, 90))
    for _ in 0..<2 {
      for contrast in [wide, narrow] {
        for part in [family, [family[0]], [family[1]], family.reversed()] {
          #expect(shown.limits(contrast, of: part) == contrast.limits(of: part.map { PictureSource($0) }))
        }
      }
    }
    #expect(shown.limits(wide, of: family) == Limits(low: 0, high: 599))
  }

  @Test func whatIsForgottenIsCountedAgain() {
    let shown = ShownPictures(mostPixels: 250)
    let all = (0..<9).map { picture(10, 100 * $0) }
    for pixels in all + all {
      #expect(shown.source(pixels) == PictureSource(pixels))
      let contrast = Contrast(scale: .linear, range: .percentile(0, 100))
      #expect(shown.limits(contrast, of: [pixels]) == contrast.limits(of: [PictureSource(pixels)]))
    }
  }
}
