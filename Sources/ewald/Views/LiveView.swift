import Diffraction
import LiveSession
import TerminalUI

/// All frames, the one under the cursor, how its first value goes, what happened.
package struct LiveView: ScreenView {
  package enum Pane: Sendable, Equatable { case frames, events }

  package var focus = Pane.frames
  /// The event that the arrows stand on.
  package var selection = 0
  package var eventScroll = ListScroll()
  package var trend = TrendLook()

  package init() {}

  package var word: String { "live" }
  package var title: String { "Live" }
  package var purpose: String { "live view: all frames and what happens" }

  package var commands: [Command] {
    [
      Command("open", [.enter], "open the frame", .move, hint: "open") { model in
        _ = model.openEvent()
        return model.go(to: FrameView.self)
      },
      Command("down", [.char("j"), .down], "one frame or event down", .move) { $0.moveInPane(1) },
      Command("up", [.char("k"), .up], "one frame or event up", .move) { $0.moveInPane(-1) },
      Command("next-pane", [.tab], "frames or events: which one the arrows move", .move) { model in
        _ = model.change(LiveView.self) { view, _ in view.focus = view.focus == .frames ? .events : .frames }
        return []
      },
      Command("trend-axis", [.char("x")], "the trend over frames or over time", .picture) { model in
        _ = model.change(LiveView.self) { view, _ in
          view.trend.axis = view.trend.axis == .frames ? .time : .frames
        }
        return []
      },
      Command("trend-shorter", [.char("+")], "the trend of fewer frames", .picture) { $0.zoomTrend(-1) },
      Command("trend-longer", [.char("-")], "the trend of more frames", .picture) { $0.zoomTrend(1) },
    ]
  }

  package func wantsExhibits(_ size: Size) -> Bool { size.width >= 160 }

  package func listHeight(_ model: Model) -> Int {
    if Sheet.isTiny(model.size) { return max(1, model.size.height - (model.size.height >= 4 ? 2 : 1)) }
    return max(1, Plan(model).list.height - 3)
  }

  package func eventsHeight(_ model: Model) -> Int { max(1, (Plan(model).events?.height ?? 3) - 2) }

  package func leave(_ model: inout Model) -> Bool {
    guard focus == .events else { return false }
    _ = model.change(LiveView.self) { view, _ in view.focus = .frames }
    return true
  }

  package func draw(_ model: Model, _ sheet: inout Sheet) {
    let plan = Plan(model)
    if model.isZoomed { return drawMeasured(model, sheet.area, &sheet, isFocused: true) }
    drawFrameList(model, plan.list, &sheet, isFocused: focus == .frames)
    let looked = model.whileReading
    var curves = looked.shown?.curves ?? []
    // Numbers are no picture: their curves take its place.
    if let rect = plan.picture, model.measuredOrLast == nil, let first = curves.first {
      drawCurves(first, looked, rect, &sheet)
      curves.removeFirst()
    } else if let rect = plan.picture {
      drawMeasured(model, rect, &sheet)
    }
    if let rect = plan.expected { drawExpected(looked, rect, &sheet) }
    if let rect = plan.result { drawResult(looked, rect, &sheet, isFull: plan.isLarge) }
    if let rect = plan.trend { drawTrend(model, rect, &sheet) }
    let histograms = looked.shown?.result?.histograms ?? []
    for (index, rect) in plan.histograms.enumerated() {
      if histograms.indices.contains(index) {
        drawHistogram(histograms[index], looked, rect, &sheet)
      } else if curves.indices.contains(index - histograms.count) {
        drawCurves(curves[index - histograms.count], looked, rect, &sheet)
      } else {
        sheet.empty(rect, Text("Probability"), looked.missing("this engine tells none"))
      }
    }
    if let rect = plan.events {
      drawEvents(model, rect, &sheet, selection: focus == .events ? selection : nil, scroll: eventScroll)
    }
    if let rect = plan.health { drawHealth(model, rect, &sheet) }
  }

  private func drawExpected(_ model: Model, _ rect: Rect, _ sheet: inout Sheet) {
    guard let image = model.shown?.image(.expected, answer: model.answer) else {
      let reason = model.missing("this run predicts no pattern")
      return sheet.empty(rect, Text("Expected"), reason)
    }
    sheet.picture(
      PictureDrawing(
        image, Text(image.title), family: [model.measured].compactMap { $0 }.filter { $0.unit == image.unit }),
      rect, model)
  }

  /// Where everything goes; what does not fit is not there.
  private struct Plan {
    var list: Rect
    var picture: Rect?
    var expected: Rect?
    var result: Rect?
    var trend: Rect?
    var histograms: [Rect] = []
    var events: Rect?
    var health: Rect?
    var isLarge = false

    init(_ model: Model) {
      let size = model.size
      var area = Rect(x: 0, y: 1, width: size.width, height: size.height - 1)
      var below: Rect?
      var middle: Rect?
      if size.height >= 14 { (below, area) = area.cutBottom(size.height < 30 ? 3 : size.height < 45 ? 5 : 7) }
      if size.height >= 22, size.width >= 60 {
        (middle, area) = area.cutBottom(size.height < 30 ? 5 : size.height < 45 ? 8 : 12)
      }
      list = area
      events = below
      isLarge = size.width >= 100 && size.height >= 30
      // Widths follow from pictures that are square: two columns a row.
      let square = 2 * (area.height - 2)
      switch size.width {
      case ..<60: trend = middle
      case ..<100:
        var right: Rect
        (list, right) = area.cutLeft(min(38, size.width / 2 - 1))
        let wide = max(16, min(square, right.width - 19))
        (picture, result) = right.cutLeft(wide)
        if let middle {
          var rest: Rect
          (trend, rest) = middle.cutLeft(min(46, middle.width * 3 / 5))
          histograms = [rest]
        }
      case ..<160:
        var right: Rect
        (list, right) = area.cutLeft(max(30, min(40, size.width - 2 * 2 - square - 38)))
        let wide = max(24, min(square, right.width - 38))
        (picture, result) = right.cutLeft(wide)
        if let middle {
          let edge = result.map { $0.x } ?? middle.right
          var rest: Rect
          (trend, rest) = middle.cutLeft(edge - middle.x - 1)
          histograms = [rest]
        }
      default:
        var right: Rect
        let wide = max(24, min(square, (size.width - 48 - 40 - 5) / 2))
        (list, right) = area.cutLeft(max(44, size.width - 2 * wide - 45 - 5))
        (picture, right) = right.cutLeft(wide)
        (expected, result) = right.cutLeft(wide)
        if let middle, let expected, let result {
          var rest: Rect
          (trend, rest) = middle.cutLeft(expected.x - middle.x - 1)
          let (one, two) = rest.cutLeft(result.x - rest.x - 1)
          histograms = [one, two]
        }
        if let all = below, let result { (events, health) = all.cutLeft(result.x - all.x - 1) }
      }
    }
  }
}

extension Model {
  /// Where frames are followed, the last answer stays, whole and under its own number, until the newest one's is read.
  fileprivate var whileReading: Model {
    guard mode == .follow, shown == nil, row?.run != nil, let last = detail?.fileID, state[file: last] != nil
    else { return self }
    var model = self
    model.list.cursor = last
    return model
  }

  /// The arrows move the frames, or the events where these have the focus.
  mutating func moveInPane(_ step: Int) -> [Effect] {
    let events = state.events.count
    let isDone: Bool? = change(LiveView.self) { view, model in
      guard view.focus == .events else { return false }
      view.selection = max(0, min(view.selection + step, events - 1))
      view.eventScroll.follow(cursor: view.selection, count: events, height: view.eventsHeight(model))
      return true
    }
    return isDone == true ? [] : move(by: step)
  }

  mutating func zoomTrend(_ step: Int) -> [Effect] {
    _ = change(LiveView.self) { view, _ in view.trend.zoom(by: step) }
    return []
  }

  /// Goes to the frame that the chosen event is about.
  mutating func openEvent() -> [Effect] {
    guard let live = view as? LiveView, live.focus == .events else { return [] }
    let rows = state.events
    guard rows.indices.contains(live.selection), let file = rows[live.selection].fileID else { return [] }
    return go(to: file)
  }
}
