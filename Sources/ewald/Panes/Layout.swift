import TerminalUI

/// Where everything goes. Panes drop out one by one as the screen shrinks; the last two are the frame list
/// and the status line, and even those fit into 1x1.
package struct Layout {
  package var status: Rect
  package var banner: Rect?
  package var hints: Rect?
  package var list: Rect?
  package var picture: Rect?
  package var map: Rect?
  package var latent: Rect?
  package var neighbours: Rect?
  package var histograms: [Rect] = []
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
    case .frame: frame(rest, model)
    case .map: map(rest, isZoomed: model.isZoomed)
    case .latent: latent(rest, isZoomed: model.isZoomed)
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

  private mutating func frame(_ area: Rect, _ model: Model) {
    var area = area
    if model.isZoomed || size.width < 40 || size.height < 8 {
      picture = area
      return
    }
    let bars = model.shown?.result?.histograms.count ?? 0
    let isExplained = model.pictureStrip.count > 1
    if size.height >= 20 {
      (profile, area) = area.splitBottom(min(max(5, size.height / (isExplained ? 5 : 4)), 14))
    }
    guard isExplained || bars > 0 else {
      (values, area) = area.splitRight(min(max(28, size.width / 3), 72))
      picture = area
      return
    }
    // Pictures over the whole width, numbers and probabilities below them.
    var below: Rect
    (below, area) = area.splitBottom(min(max(5, area.height / 2), 16))
    picture = area
    let width = min(34, below.width / 2)
    (values, below) = below.splitLeft(bars == 0 ? below.width : min(width + (below.width - width) / 4, 72))
    // A bar needs a label, some length and its probability.
    let count = min(bars, below.width / 12)
    for index in 0..<count {
      var part: Rect
      (part, below) = below.splitLeft(below.width / (count - index))
      histograms.append(part)
    }
  }

  /// The cloud large; beside it the nearest patterns, the pictures and what was found.
  private mutating func latent(_ area: Rect, isZoomed: Bool) {
    guard !isZoomed, size.width >= 60, size.height >= 10 else {
      latent = area
      return
    }
    var right: Rect
    (right, latent) = area.splitRight(area.width / 2)
    (neighbours, right) = right.splitTop(min(6, right.height / 3))
    (values, right) = right.splitBottom(min(10, right.height / 2))
    picture = right
  }

  /// The map large, beside it the pattern of the position that is looked at, and what was found.
  private mutating func map(_ area: Rect, isZoomed: Bool) {
    guard !isZoomed, size.width >= 60, size.height >= 8 else {
      map = area
      return
    }
    var right: Rect
    (right, map) = area.splitRight(min(area.width / 2, 80))
    (values, right) = right.splitBottom(right.height / 3)
    picture = right
  }
}
