import LiveSession
import TerminalUI
import Testing

import ewald

/// The mouse does what keys do.
@Suite struct PointingTests {
  /// Where a text stands on the screen.
  private func find(_ text: String, _ model: Model, row: Int? = nil) throws -> (x: Int, y: Int) {
    let canvas = draw(model)
    let wanted = Array(text.unicodeScalars)
    for y in 0..<canvas.height where row == nil || row == y {
      let scalars = (0..<canvas.width).map { canvas[$0, y].scalar }
      guard scalars.count >= wanted.count else { continue }
      for x in 0...scalars.count - wanted.count where scalars[x..<x + wanted.count].elementsEqual(wanted) {
        return (x, y)
      }
    }
    Issue.record("\(text) is not on the screen:\n\(canvas.text)")
    return (0, 0)
  }

  @discardableResult
  private func press(_ model: inout Model, _ place: (x: Int, y: Int), _ action: Mouse.Action = .press)
    -> [Effect]
  {
    model.update(.key(.mouse(Mouse(action, x: place.x, y: place.y))))
  }

  @Test func aFrameIsChosenByOnePressAndOpenedByTheNext() throws {
    var model = SampleSession.model(width: 120, height: 40)
    let place = try find("0209", model)
    press(&model, place)
    #expect(model.list.cursor == 209 && model.view is LiveView)
    press(&model, place, .release)
    press(&model, place)
    #expect(model.view is FrameView)
  }

  @Test func columnHeadsSort() throws {
    var model = SampleSession.model(width: 120, height: 40)
    let head = try find(" file ", model)
    // What has no head of its own stands above the verdicts.
    let verdict = try find("SAT", model)
    for (x, order) in [
      (verdict.x, FrameList.Order.verdict), (head.x + 1, .name), (head.x - 1, .time),
    ] {
      press(&model, (x, head.y))
      #expect(model.list.order == order)
    }
  }

  @Test func theWheelScrollsWhatIsUnderIt() throws {
    var model = SampleSession.model(width: 120, height: 40)
    press(&model, try find("0209", model), .wheelDown)
    #expect(model.list.cursor == 212)
    let events = try find("Alarms and events", model)
    press(&model, (events.x, events.y + 1), .wheelDown)
    #expect((model.view as? LiveView)?.focus == .events && model.list.cursor == 212)
    model.type("?")
    press(&model, (30, 10), .wheelDown)
    guard case .menu(let menu) = model.overlay else {
      Issue.record("the help is gone")
      return
    }
    #expect(menu.selection == 3)
  }

  @Test func theCrossHairIsPutAndDragged() throws {
    var model = SampleSession.model(width: 120, height: 40)
    model.type("Enter")
    let title = try find("Measured 215", model)
    let first = (x: title.x + 12, y: title.y + 8)
    press(&model, first)
    let put = try #require(model.frameView.crosshair)
    press(&model, (first.x + 6, first.y + 3), .drag)
    let dragged = try #require(model.frameView.crosshair)
    #expect(dragged.column > put.column && dragged.row > put.row)
    press(&model, first, .release)
    press(&model, (first.x - 4, first.y), .drag)
    #expect(model.frameView.crosshair.map { $0 == dragged } == true)
  }

  @Test func aPositionOfAScanIsChosen() throws {
    var model = SampleSession.model(width: 120, height: 40)
    model.type("3")
    _ = model.update(.detail(SampleSession.scanned(215)))
    let effects = press(&model, (20, 15))
    guard case .load(file: 215, let image)? = effects.first else {
      Issue.record("nothing is loaded: \(effects)")
      return
    }
    #expect(image == model.image && image > 0)
  }

  @Test func tabsAndRowsOfThePaletteArePressed() throws {
    var model = SampleSession.model(width: 200, height: 50)
    press(&model, try find("2 Frame", model, row: 0))
    #expect(model.view is FrameView)
    model.type(":", "f", "o", "l", "l", "o", "w")
    press(&model, try find("follow the newest", model))
    #expect(model.overlay == nil && model.mode == .follow)
  }

  @Test func theMouseIsTurnedOnWhereItIsWanted() {
    var model = SampleSession.model()
    #expect(!model.hasMouse)
    #expect(model.type(":", "m", "o", "u", "s", "e", "Enter") == [.mouse(true)])
    #expect(model.hasMouse && model.notice?.text.contains("Shift") == true)
  }

  @Test func anywhereAtAnySizeIsHarmless() {
    for (width, height) in [(1, 1), (30, 6), (80, 24), (200, 50)] {
      var model = SampleSession.model(width: width, height: height)
      for step in 0..<400 {
        let action: Mouse.Action = [.press, .drag, .release, .wheelUp, .wheelDown][step % 5]
        press(&model, (step * 37 % (width + 3), step * 13 % (height + 3)), action)
      }
      #expect(draw(model).width == width)
    }
  }

  @Test func theFrameAndWhatWasWrittenAreLinks() {
    var model = SampleSession.model(width: 120, height: 40)
    model.host = "scope"
    model.type("Enter")
    #expect(draw(model).links.map(\.address) == ["file://scope/data/wedge/pacbed_0215.tif"])
    _ = model.update(.notice("215 rows written: /data/s 1.csv", isError: false, file: "/data/s 1.csv"))
    #expect(draw(model).links.last?.address == "file://scope/data/s%201.csv")
  }

  @Test func picturesAreInPixelsWhereTheTerminalHasThem() {
    var model = SampleSession.model(width: 120, height: 40)
    #expect(draw(model).placements.allSatisfy { !$0.asPixels })
    model.capabilities.pixels = .kitty
    model.pictureMode = model.capabilities.pictureMode
    #expect(model.pictureMode == .pixels && draw(model).placements.contains { $0.asPixels })
    // The same cells stand for them.
    let cells = draw(model).text
    model.pictureMode = .halfBlock
    #expect(draw(model).text == cells)
    model.type("o", "o", "o")
    #expect(model.pictureMode == .pixels)
    model.capabilities.pixels = nil
    model.type("o", "o", "o", "o")
    #expect(model.pictureMode == .braille)
    model.type("o")
    #expect(model.pictureMode == .ascii)
  }
}
