import TerminalUI

/// Where everything goes. Panes drop out one by one as the screen shrinks; the last two are the frame list
/// and the status line, and even those fit into 1x1.
package struct Layout {
  package var status: Rect
  package var banner: Rect?
  package var hints: Rect?
  package var list: Rect?
  package var picture: Rect?
  package var values: Rect?
  package var profile: Rect?
  package var trend: Rect?
  package var events: Rect?
  package let size: Size

  package init(_ model: Model) {
    size = model.size
    var rest = Rect(model.size)
    (status, rest) = rest.splitTop(min(1, size.height))
    if size.height >= 4 { (hints, rest) = rest.splitBottom(1) }
    if model.bannerText != nil, size.height >= 6 { (banner, rest) = rest.splitTop(1) }
    switch model.view {
    case .live: live(rest)
    case .frame: frame(rest, isZoomed: model.isZoomed)
    }
    if model.view == .live, model.isZoomed {
      list = nil
      values = nil
      profile = nil
      trend = nil
      events = nil
      picture = rest
    }
  }

  package var listHeight: Int { max(1, (list?.height ?? 2) - 1) }
  package var eventsHeight: Int { max(1, (events?.height ?? 2) - 1) }

  package func menuHeight(_ style: CommandMenu.Style) -> Int {
    style == .help ? max(1, size.height - 4) : max(1, min(10, size.height - 6))
  }

  // The list is always there. Events need 14 rows, a trend 20, the right side 60 columns, a third
  // column 150.
  private mutating func live(_ area: Rect) {
    var area = area
    if size.height >= 14 { (events, area) = area.splitBottom(min(max(4, size.height / 4), 12)) }
    if size.width >= 150 {
      if size.height >= 24 { (trend, area) = area.splitBottom(min(max(6, size.height / 4), 12)) }
      (list, area) = area.splitLeft(48)
      var right: Rect
      (right, area) = area.splitRight(min(60, size.width / 4))
      (values, right) = right.splitTop(min(16, max(4, right.height / 2)))
      profile = right
      picture = area
      return
    }
    guard size.width >= 60 else {
      list = area
      return
    }
    var left: Rect
    var right: Rect
    (left, right) = area.splitLeft(min(48, size.width / 2))
    if size.height >= 20 { (trend, left) = left.splitBottom(min(max(5, left.height * 2 / 5), 12)) }
    list = left
    if right.height >= 12 { (values, right) = right.splitBottom(min(8, right.height / 2)) }
    picture = right
  }

  private mutating func frame(_ area: Rect, isZoomed: Bool) {
    var area = area
    if isZoomed || size.width < 40 || size.height < 8 {
      picture = area
      return
    }
    if size.height >= 20 { (profile, area) = area.splitBottom(min(max(6, size.height / 4), 14)) }
    (values, area) = area.splitRight(min(max(28, size.width / 3), 72))
    picture = area
  }
}
