import Diffraction
import LiveSession
import Testing

/// What a long session may hold.
@Suite struct MemoryTests {
  private func entry(_ file: Int, pixels: Int, exhibits: [Exhibit] = []) -> FrameCache.Entry {
    FrameCache.Entry(
      fileID: file,
      summary: FileSummary(format: "FAKE", width: pixels, height: 1, sample: .uint8, frames: 1),
      frame: Frame(pixels: image(pixels), index: 0), result: nil, exhibits: exhibits)
  }

  private func image(_ count: Int) -> Pixels {
    Pixels(width: count, height: 1, values: [UInt8](repeating: 0, count: count))
  }

  @Test func picturesAreCounted() {
    var cache = FrameCache(bytes: 1000)
    for file in 1...5 { cache.insert(entry(file, pixels: 100)) }
    #expect(cache.entries.map(\.fileID) == [1, 2, 3, 4, 5])
    cache.insert(entry(6, pixels: 100, exhibits: [.map(Exhibit.ScanMap("map", image(650)))]))
    #expect(cache.entries.map(\.fileID) == [4, 5, 6])
  }

  @Test func cloudsAreCounted() {
    let points = [Scatter.Point](repeating: Scatter.Point(x: 0, y: 0), count: 100)
    let scatter = Scatter(
      name: "latent", axes: [Scatter.Axes(name: "PCA", cloud: points, own: points[0], neighbours: [])],
      shades: [Scatter.Shade(name: "energy", unit: "eV", values: [Float](repeating: 0, count: 100))],
      neighbours: [])
    var cache = FrameCache(bytes: 1309)
    cache.insert(entry(1, pixels: 50))
    cache.insert(entry(2, pixels: 50))
    cache.insert(entry(3, pixels: 50, exhibits: [.scatter(scatter)]))
    // 100 points of 8 bytes, 100 shades of 4, the and nothing else: 1 has no room beside it.
    #expect(Exhibit.scatter(scatter).byteCount == 1200)
    #expect(cache.entries.map(\.fileID) == [2, 3])
  }

  @Test func whatIsLargerThanTheCachePinsOnlyItself() {
    var cache = FrameCache(bytes: 1000)
    cache.insert(entry(1, pixels: 100))
    cache.insert(entry(2, pixels: 5000))
    #expect(cache.entries.map(\.fileID) == [2])
    cache.insert(entry(3, pixels: 100))
    #expect(cache.entries.map(\.fileID) == [3])
  }

  @Test func rowsShareBlocksAndNoValues() {
    var packer = Packer<Float>()
    var rows: [(Packed<Float>, [Float])] = []
    for row in 0..<3000 {
      let values = (0..<row % 30).map { Float(row * 100 + $0) }
      rows.append((packer.pack(values), values))
    }
    #expect(rows.allSatisfy { $0.elementsEqual($1) && $0.count == $1.count })
    let long = (0..<100_000).map(Float.init)
    #expect(packer.pack(long).elementsEqual(long))
    #expect(packer.pack([]).isEmpty)
    #expect(packer.pack([1, 2]) == [1, 2] && packer.pack([1, 2]) != [1, 3])
  }

  /// A replay folds again from a state that it kept, while the screen looks at the one that went on.
  @Test func aCopyGoesOnWithoutWritingOverTheOther() {
    var packer = Packer<UInt8>()
    let before = packer.pack("before".utf8)
    var copy = packer
    let (a, b) = (packer.pack("a.tif".utf8), copy.pack("b.tif".utf8))
    #expect(before.text == "before" && a.text == "a.tif" && b.text == "b.tif")
  }

  @Test func contentsAreToldApart() {
    var index = ContentIndex()
    index["c7bdc73d17503064c39400d8dfe55140"] = 5
    index["c7bdc73d17503064c39400d8dfe55141"] = 6
    index["sha256:of another version"] = 7
    #expect(index["c7bdc73d17503064c39400d8dfe55140"] == 5)
    #expect(index["c7bdc73d17503064c39400d8dfe55141"] == 6)
    #expect(index["sha256:of another version"] == 7 && index["sha256:of another"] == nil)
    index["c7bdc73d17503064c39400d8dfe55140"] = nil
    #expect(index["c7bdc73d17503064c39400d8dfe55140"] == nil)
  }
}
