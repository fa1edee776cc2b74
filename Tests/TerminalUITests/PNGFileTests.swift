import CPNG
import Foundation
import TerminalUI
import Testing

@Suite struct PNGFileTests {
  /// As libpng reads it, which also checks every chunk's sum.
  private func read(_ file: [UInt8]) -> (width: Int, height: Int, bytes: [UInt8])? {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    return file.withUnsafeBytes { file in
      guard png_image_begin_read_from_memory(&image, file.baseAddress, file.count) != 0 else { return nil }
      image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
      let (width, height) = (Int(image.width), Int(image.height))
      var bytes = [UInt8](repeating: 0, count: 3 * width * height)
      let isRead = bytes.withUnsafeMutableBytes {
        png_image_finish_read(&image, nil, $0.baseAddress, png_int_32(3 * width), nil)
      }
      return isRead == 0 ? nil : (width, height, bytes)
    }
  }

  @Test(arguments: [(1, 1), (7, 3), (300, 200)])
  func whatIsWrittenIsReadBack(_ width: Int, _ height: Int) throws {
    let bytes = (0..<3 * width * height).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 91) }
    let file = PNGFile.bytes(width: width, height: height, rgb: bytes)
    let image = try #require(read(file))
    #expect(image.width == width && image.height == height && image.bytes == bytes)
  }

  @Test func aPaletteBecomesItsColours() throws {
    let palette: [IndexedPicture.RGB] = [.init(1, 2, 3), .init(200, 100, 0), .init(255, 255, 255)]
    let indices = (0..<35).map { UInt8($0 * $0 % 3) }
    let picture = IndexedPicture(width: 7, height: 5, palette: palette, indices: indices)
    let image = try #require(read(PNGFile.bytes(picture)))
    #expect(image.width == 7 && image.height == 5)
    #expect(
      image.bytes
        == indices.flatMap { [palette[Int($0)].red, palette[Int($0)].green, palette[Int($0)].blue] })
  }

  @Test func notesAreInTheFileAndLeaveThePictureAlone() throws {
    let bytes: [UInt8] = [1, 2, 3, 4, 5, 6]
    let notes = [
      (key: "Title", text: "wedge 0.5 \u{b5}m \u{2212}3\u{b0}"),
      (key: "Bad\u{0}key\n\u{e4}", text: "a\u{0}b"),
    ]
    let file = PNGFile.bytes(width: 2, height: 1, rgb: bytes, notes: notes)
    #expect(try #require(read(file)).bytes == bytes)
    let data = Data(file)
    let title = try #require(data.range(of: Data("iTXtTitle".utf8)))
    // After the header, before the pixels.
    #expect(
      try title.lowerBound == 37 && #require(data.range(of: Data("IDAT".utf8))).lowerBound > title.upperBound)
    #expect(data.range(of: Data(notes[0].text.utf8)) != nil)
    #expect(data.range(of: Data("Badkey".utf8)) != nil && data.range(of: Data("ab".utf8)) != nil)
  }
}
