import Diffraction
import Foundation
import LiveSession
import System
import TerminalUI
import Testing

import ewald

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct FiguresTests {
  @Test func everyLetterOfUnitsAndPlainTextIsDrawn() {
    let face = Typeface.standard
    for scalar in (32...126).compactMap({ Unicode.Scalar($0) }) { #expect(face.has(scalar), "\(scalar)") }
    for scalar in "µÅ°±²³×·–—…−≠≤≥αβγθσλΔπ✓".unicodeScalars { #expect(face.has(scalar), "\(scalar)") }
    #expect(face.rows(of: " ").isEmpty && face.rows(of: "A").count == 15)
    // What is not drawn is a box, and seen.
    #expect(face.rows(of: "漢").contains { $0 != 0 })
    // An l is one stroke: more rows than columns are black.
    let rows = face.rows(of: "l").filter { $0 != 0 }
    #expect(rows.count >= 9 && rows.allSatisfy { $0.nonzeroBitCount <= 5 })
  }

  @Test func marksFallOnTheirPixels() {
    var plate = Plate(width: 20, height: 10)
    plate.area(Place(2, 3), width: 4, height: 2, Ink(255, 0, 0))
    plate.area(Place(10.5, 0), width: 1, height: 1, Ink(0, 0, 0))
    plate.line([Place(0, 8.5), Place(20, 8.5)], Ink(0, 0, 255))
    let picture = plate.pixels
    func pixel(_ x: Int, _ y: Int) -> [UInt8] {
      Array(picture.bytes[3 * (y * picture.width + x)..<3 * (y * picture.width + x) + 3])
    }
    #expect(picture.width == 20 && picture.height == 10 && picture.bytes.count == 600)
    #expect(pixel(2, 3) == [255, 0, 0] && pixel(5, 4) == [255, 0, 0])
    #expect(
      pixel(1, 3) == [255, 255, 255] && pixel(6, 4) == [255, 255, 255] && pixel(2, 5) == [255, 255, 255])
    // Half a pixel covered is half as black.
    #expect(pixel(10, 0) == [128, 128, 128] && pixel(11, 0) == [128, 128, 128])
    #expect((0..<20).allSatisfy { pixel($0, 8) == [0, 0, 255] && pixel($0, 7) == [255, 255, 255] })
  }

  @Test func theNearerAtomHidesTheFarther() {
    func levels(_ heights: [Double], flags: [String] = []) -> [UInt8] {
      let points = Exhibit.Points(
        "Atoms", unit: "r0", places: [.zero, .zero], heights: heights, radius: 1,
        columns: [Exhibit.Column("z", unit: "r0")],
        rows: zip([0.0, 1], [flags, []]).map { Exhibit.Row("1", [$0], flags: $1) })
      return PointDiscs(points, shade: 0).levels(40, 40)
    }
    // The first has the lowest hue, the second the highest: where nobody knows heights, the later one is on top.
    let middle = 20 * 40 + 20
    #expect(levels([])[middle] == levels([0, 1])[middle] && levels([1, 0])[middle] == 2)
    #expect(levels([0, 1])[middle] > 2)
    // One that is not determined is a ring, through which nothing shines.
    let ring = levels([1, 0], flags: ["free"])
    #expect(ring[middle] == 0 && Set(ring) == [0, 2])
  }

  @Test func theScreenIsDrawnAsItLooks() {
    var canvas = Canvas(width: 3, height: 2)
    canvas.set(Cell("█", Style(.rgb(255, 0, 0))), x: 0, y: 0)
    canvas.set(Cell("▀", Style(.rgb(0, 255, 0), on: .rgb(0, 0, 255))), x: 1, y: 0)
    canvas.set(Cell("│", Style(.rgb(9, 9, 9), on: .rgb(200, 200, 200))), x: 2, y: 0)
    canvas.set(Cell("│", Style(.rgb(9, 9, 9), on: .rgb(200, 200, 200))), x: 2, y: 1)
    canvas.set(Cell("⣿", Style(.rgb(255, 255, 0), on: .rgb(0, 0, 0))), x: 0, y: 1)
    let picture = ScreenPicture.draw(canvas)
    #expect(picture.width == 27 && picture.height == 36)
    func pixel(_ x: Int, _ y: Int) -> [UInt8] {
      Array(picture.bytes[3 * (y * 27 + x)..<3 * (y * 27 + x) + 3])
    }
    // A full block fills its cell, a half one its half, a line goes on from cell to cell.
    #expect((0..<18).allSatisfy { y in (0..<9).allSatisfy { pixel($0, y) == [255, 0, 0] } })
    #expect(pixel(13, 2) == [0, 255, 0] && pixel(13, 15) == [0, 0, 255])
    #expect((0..<36).allSatisfy { y in (18..<27).contains { pixel($0, y) == [9, 9, 9] } })
    #expect((18..<36).reduce(0) { n, y in n + (0..<9).count { pixel($0, y) == [255, 255, 0] } } == 32)
    #expect(ScreenPicture.png(Canvas(width: 0, height: 0)).starts(with: [0x89, 0x50]))
  }

  @Test func whatLiesOffThePlateIsCut() {
    var plate = Plate(width: 8, height: 8)
    for far in [-1e300, -50, 1e9, .infinity, .nan] {
      plate.line([Place(far, 2), Place(4, far)], .text, width: 3)
      plate.area(Place(far, far), width: 5, height: far, .text)
      plate.text("far", Place(far, far), .middle)
      plate.disc(Place(far, 0), radius: 2, .text)
      plate.picture(
        IndexedPicture(width: 1, height: 1, palette: [.text], indices: [0]), Place(far, 0), width: far,
        height: 2)
    }
    #expect(plate.pixels.bytes.count == 192)
    #expect(Plate(width: 1e9, height: 2).pixels.width == 16_384)
    #expect(isXML(plate.svg(label: "far & <away>")))
  }

  @Test func anAxisOfTimeHasRoundTimes() {
    let start = 1_795_176_000.0
    let minutes = Axis.clock(low: start, high: start + 600, ticks: 5)
    #expect(
      minutes.ticks.count >= 4 && minutes.ticks.allSatisfy { $0.truncatingRemainder(dividingBy: 120) == 0 })
    #expect(minutes.labels.allSatisfy { $0.count == 5 && $0.contains(":") })
    let seconds = Axis.clock(low: start, high: start + 9, ticks: 5)
    #expect(seconds.labels.allSatisfy { $0.count == 8 })
    #expect(Axis.clock(low: start, high: start, ticks: 5).high > start)
    #expect(Axis.clock(low: -9e18, high: 9e18, ticks: 5).ticks.isEmpty)
  }

  @Test(arguments: ContractedEngine.all)
  func everyFindingBecomesFiguresAndASheet(_ contracted: ContractedEngine) async throws {
    let scene = try await EngineScene.of(contracted)
    let result = try #require(scene.detail.result)
    let origin = Origin.lines(of: result, scene.detail.summary, content: "content-of-the-file")
    let sheet = try #require(ValidationSheet(scene.detail, scene.engine, origin: origin))
    let figures = sheet.figures(width: 400)
    #expect(Set(figures.map(\.name)).count == figures.count, "each has a file of its own")
    let measured = scene.engine.signal == .numbers ? "observed" : "measured"
    #expect(figures.contains { $0.name.contains(measured) })
    for (name, plate) in figures {
      #expect(!name.isEmpty && name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }, "\(name)")
      #expect(plate.pixels.bytes.contains { $0 < 128 }, "\(name) shows something")
      #expect(isXML(plate.svg(label: name)), "\(name)")
    }
    // Two figures are the same bytes on every run.
    #expect(sheet.plate.png() == sheet.plate.png())
    let page = sheet.page
    #expect(page.contains("\(result.engine), ") && page.contains("content-of-the-file"))
    for quantity in result.values.prefix(4) {
      #expect(page.contains(String(quantity.name.map { $0 == "_" ? " " : $0 })), "\(quantity.name)")
    }
    #expect(!page.contains("http://") || page.contains("xmlns=\"http://www.w3.org/2000/svg\""))
    #expect(!page.contains("<script") && page.contains("default-src 'none'"))
  }

  @Test func aSheetIsWrittenBesideWhatIsThere() throws {
    let folder = try Folder.makeTemporary("ewald-figures")
    defer { Folder.removeTree(folder) }
    let detail = SampleSession.detail(of: 215)
    let sheet = try #require(ValidationSheet(detail, SampleSession.model().engines.first, origin: []))
    let first = try PictureFiles.write(sheet, under: folder + "/215")
    let second = try PictureFiles.write(sheet, under: folder + "/215")
    #expect(first == folder + "/215" && second == folder + "/215_2")
    for file in ["sheet.png", "sheet.html", "measured.png"] {
      #expect(FileManager.default.contents(atPath: "\(second)/\(file)")?.isEmpty == false, "\(file)")
    }
    #expect(FileManager.default.contents(atPath: "\(first)/sheet.png")?.starts(with: [0x89, 0x50]) == true)
    #expect(ValidationSheet(FrameDetail(fileID: 1), nil, origin: []) == nil)
  }

  @Test func aTrendOfManyFramesIsMeansOfNeighbours() throws {
    var state = SessionState()
    for (sequence, event) in SampleSession.events.enumerated() {
      state.apply(event, SampleSession.stamp(sequence + 1))
    }
    let few = try #require(TrendFigure(state, engine: "frame", column: 1))
    #expect(!few.plate(width: 900).svg(label: "few").contains("means of"))
    for number in 216...2500 {
      state.apply(
        .file(FileRecord(fileID: number, path: "p\(number).tif", size: 1, status: .done)),
        SampleSession.stamp(number))
      state.apply(.result(SampleSession.result(number)), SampleSession.stamp(number))
    }
    let many = try #require(TrendFigure(state, engine: "frame", column: 1)).plate(width: 900)
    #expect(many.svg(label: "many").contains("means of 5 frames"))
    let longest =
      many.marks.map { mark -> Int in if case .line(let places, _, _) = mark { places.count } else { 0 } }
      .max() ?? 0
    #expect((300...600).contains(longest))
    #expect(TrendFigure(state, engine: "frame", column: 99) == nil)
    #expect(TrendFigure(state, engine: "none", column: 0) == nil)
  }

  @Test func numbersOfFramesAreListsAndRanges() throws {
    #expect(try FrameNumbers.read("3") == [3])
    #expect(try FrameNumbers.read("3,7-9") == [3, 7, 8, 9])
    for text in ["", "a", "9-7", "0", "-3", "1,,2", "1-2-3", "1-999999999999", "99999999999999999999"] {
      #expect(throws: UsageError.self, "\(text)") { try FrameNumbers.read(text) }
    }
  }

  private func isXML(_ text: String) -> Bool { XMLParser(data: Data(text.utf8)).parse() }
}

@Test func theTrendIsZoomedAndShownOverTime() {
  var model = SampleSession.model()
  let before = draw(model).text
  model.type("x")
  let timed = draw(model).text
  #expect(timed != before)
  // Half a second a frame: a minute or two in the pane, with times of day below it.
  #expect(timed.contains(":") && !timed.contains(" frame │"))
  model.type("x")
  #expect(draw(model).text == before)
  model.type("+", "+")
  let closer = draw(model).text
  #expect(closer != before)
  model.type("-", "-")
  #expect(draw(model).text == before)
}

@Test func furtherValuesBecomeColumns() {
  var model = SampleSession.model(width: 200, height: 50)
  let before = draw(model).text
  model.type("#")
  for letter in "drift" { model.type(String(letter)) }
  model.type("Enter")
  #expect(model.list.further == ["frame": ["drift"]])
  #expect(draw(model).text.contains("> + drift/px"))
  model.type("Esc")
  let text = draw(model).text
  #expect(text != before)
  let head = text.split(separator: "\n").first { $0.contains(" file ") } ?? ""
  #expect(head.contains("dose drift "))
  // On a narrow screen names come before it.
  var narrow = SampleSession.model()
  narrow.list.further = model.list.further
  #expect(draw(narrow).text == draw(SampleSession.model()).text)
}

@Test func figuresAreWrittenOnlyOfAFinding() {
  var model = SampleSession.model()
  #expect(model.type("w").last == .writePictures)
  #expect(model.type("W").last == .writePage)
  model.detail = nil
  #expect(model.type("w").last != .writePictures && model.notice?.isError == true)
}
