import Arrays
import Diffraction
import Testing

@Test func pixelsKeepTheirTypeAndBytes() {
  let pixels = Pixels(width: 3, height: 2, values: [1, 2, 3, 4, 5, 60000] as [UInt16])
  #expect(pixels.sample == .uint16)
  #expect(pixels.byteCount == 12)
  #expect(pixels.doubles() == [1, 2, 3, 4, 5, 60000])
  #expect(pixels.matrix()[1, 2] == 60000)
}

@Test func everyIntegerTypeKnowsItsCeiling() {
  #expect(SampleType.uint16.ceiling == 65535)
  #expect(SampleType.int8.ceiling == 127)
  #expect(SampleType.float32.ceiling == nil)
}
