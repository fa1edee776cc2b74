import Diffraction
import LiveSession
import TerminalUI

/// What lies under the mouse.
struct MouseTarget {
  enum Kind {
    case file(Int)
    case order(FrameList.Order)
    case files, events, result
    case event(Int)
    /// The measured frame.
    case frame(PicturePlacement)
    /// The positions of a scan, and the region of each where there are some.
    case scan(PicturePlacement, labels: [Int]?)
    case view(Int)
    case menu
    case menuRow(Int)
  }

  var rect: Rect
  var kind: Kind
}

// The mouse does what keys do, where it points.
extension Model {
  mutating func pointed(_ mouse: Mouse) -> [Effect] {
    let sheet = composed(self)
    let target = sheet.targets.last { $0.rect.contains(x: mouse.x, y: mouse.y) }?.kind
    switch mouse.action {
    case .press:
      isDragging = false
      return target.map { pressed($0, mouse) } ?? []
    case .drag:
      guard isDragging, let target else { return [] }
      switch target {
      case .frame, .scan: return pressed(target, mouse)
      default: return []
      }
    case .release:
      isDragging = false
      return []
    case .wheelUp: return target.map { rolled($0, -3) } ?? []
    case .wheelDown: return target.map { rolled($0, 3) } ?? []
    }
  }

  private mutating func pressed(_ target: MouseTarget.Kind, _ mouse: Mouse) -> [Effect] {
    if let overlay {
      guard case .menu(var menu) = overlay, case .menuRow(let row) = target else { return [] }
      menu.selection = row
      self.overlay = .menu(menu)
      return update(.key(.enter))
    }
    switch target {
    case .file(let file):
      // Once chooses, twice opens.
      if list.cursor == file, view is LiveView, !isListFocusElsewhere { return go(to: FrameView.self) }
      focus(.frames)
      return go(to: file)
    case .order(let order): return sort(by: order)
    case .event(let row):
      focus(.events, selection: row)
      return []
    case .files:
      focus(.frames)
      return []
    case .events:
      focus(.events)
      return []
    case .frame(let placement):
      guard view is FrameView else { return go(to: FrameView.self) }
      guard let pixel = placement.pixel(x: mouse.x, y: mouse.y) else { return [] }
      isDragging = true
      _ = change(FrameView.self) { view, _ in view.crosshair = pixel }
      return []
    case .scan(let placement, let labels):
      guard let point = placement.pixel(x: mouse.x, y: mouse.y) else { return [] }
      isDragging = true
      let place = point.row * placement.columns + point.column
      if let labels, labels.indices.contains(place), labels[place] > 0 {
        _ = change(SegmentsView.self) { view, _ in view.chosen = labels[place] - 1 }
      }
      return moveProbe(to: place)
    case .view(let index): return go(toView: index)
    case .result, .menu, .menuRow: return []
    }
  }

  private mutating func rolled(_ target: MouseTarget.Kind, _ rows: Int) -> [Effect] {
    if let overlay {
      guard case .menu(var menu) = overlay else { return [] }
      menu.move(by: rows, on: size)
      self.overlay = .menu(menu)
      return []
    }
    switch target {
    case .file, .files, .order: return move(by: rows)
    case .event, .events:
      focus(.events)
      return moveInPane(rows)
    case .result: return scrollResult(rows)
    case .frame, .scan, .view, .menu, .menuRow: return []
    }
  }

  private var isListFocusElsewhere: Bool { (view as? LiveView)?.focus == .events }

  private mutating func focus(_ pane: LiveView.Pane, selection: Int? = nil) {
    _ = change(LiveView.self) { view, _ in
      view.focus = pane
      if let selection { view.selection = selection }
    }
  }
}
