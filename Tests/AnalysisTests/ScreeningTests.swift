import Analysis
import Diffraction
import Testing

@Suite struct ScreeningTests {
  private func pixels<T: PixelValue>(_ values: [T]) -> Pixels {
    Pixels(width: values.count, height: 1, values: values)
  }

  @Test func `pixels are counted once, in either precision`() {
    let values: [Float] = [3, .nan, -1, 7, 7, .infinity, 1e30]
    let screening = FrameScreening()
    let census = screening.census(pixels(values))
    #expect(census.pixels == 7 && census.notFinite == 3 && census.lowest == -1 && census.highest == 7)
    #expect(census == screening.census(values, ceiling: nil))
    var sum = census
    sum += screening.census(pixels([Float(90)]))
    #expect(sum.pixels == 8 && sum.highest == 90 && sum.lowest == -1 && sum.notFinite == 3)
  }

  @Test func `full pixels are those at the end of what the camera counts`() {
    func saturated(_ values: [UInt16], _ full: FullPixels) -> Int {
      var screening = FrameScreening()
      screening.full = full
      return screening.census(pixels(values)).saturated
    }
    #expect(saturated([1, 65535, 65535], .ofType) == 2)
    #expect(saturated([1, 4095, 4095], .ofType) == 0)
    #expect(saturated([1, 4095, 4095], .ofCamera) == 2)
    #expect(saturated([1, 4095, 5000], .ofCamera) == 0)
    #expect(saturated([1, 4095, 5000], .from(4000)) == 2)
    #expect(saturated([1, 9, 9, 9, 9], .flatTop) == 0)
    #expect(saturated([1, 9, 9, 9, 9, 9], .flatTop) == 5)
  }

  @Test func `a frame that holds nothing is an obstacle with its reason`() {
    var screening = FrameScreening()
    func code(_ values: [Float]) -> String? {
      screening.obstacle(screening.census(values, ceiling: nil))?.code
    }
    #expect(code([.nan, .nan]) == "NAN" && code([5, 5, 5]) == "EMTY" && code([5, 6, .nan]) == nil)
    #expect(code([-2, -1]) == nil)
    screening.leastPeak = 0
    screening.enduresGaps = false
    #expect(code([-2, -1]) == "EMTY" && code([5, 6, .nan]) == "NAN")
    screening.smallestSide = 16
    screening.longestRatio = 16
    #expect(screening.obstacle(width: 15, height: 40)?.code == "SIZE")
    #expect(screening.obstacle(width: 1024, height: 16)?.code == "SIZE")
    #expect(screening.obstacle(width: 256, height: 16) == nil)
  }

  @Test func `a few full pixels do no harm`() {
    var screening = FrameScreening()
    let census = screening.census(pixels([1, 255, 255, 255] as [UInt8]))
    screening.allowance = .pixels(3)
    #expect(screening.saturation(census) == nil)
    screening.allowance = .pixels(2)
    #expect(screening.saturation(census) == Reason(.saturated, "3 saturated pixels at 255 counts"))
    screening.allowance = .share(0.5)
    #expect(screening.saturation(census) == Reason(.saturated, "75.0 % of the pixels are saturated"))
    #expect(screening.gaps(census) == nil)
  }
}
