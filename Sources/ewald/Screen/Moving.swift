import Diffraction
import LiveSession
import TerminalUI

// Where the screen looks.
extension Model {
  /// Rows of a page.
  var page: Int { max(1, view.listHeight(self) - 1) }
  var place: Int { list.cursor.flatMap { list.place(of: $0) } ?? 0 }

  /// Asks for what the cursor stands on, if it is not here already.
  mutating func show() -> [Effect] {
    guard let id = list.cursor else {
      detail = nil
      return []
    }
    if detail?.fileID != id {
      image = 0
      answer = 0
    }
    return [.load(file: id, image: image)]
  }

  mutating func scrollToCursor() {
    list.scroll.follow(cursor: place, count: list.count, height: max(1, view.listHeight(self)))
  }

  /// Any movement holds the screen where it is; `F` follows again.
  mutating func hold() {
    if mode == .follow { mode = .held(results: state.resultCount) }
  }

  mutating func move(to place: Int) -> [Effect] {
    guard list.count > 0 else { return [] }
    hold()
    list.cursor = list.id(at: min(max(0, place), list.count - 1))
    scrollToCursor()
    return show()
  }

  mutating func move(by rows: Int) -> [Effect] { move(to: place + rows) }

  /// In time, whatever the list is sorted by.
  mutating func step(newer: Int) -> [Effect] { move(by: list.order == .time ? -newer : newer) }

  mutating func follow() -> [Effect] {
    if !isReplay { mode = .follow }
    if let newest = state.newestResult, list.place(of: newest) != nil { list.cursor = newest }
    scrollToCursor()
    return show()
  }

  mutating func go(to number: Int) -> [Effect] {
    guard let place = list.place(of: number), state[file: number] != nil else {
      notice = Notice(text: "there is no frame \(number) here", isError: true)
      return []
    }
    return move(to: place)
  }

  mutating func back() -> [Effect] {
    if isZoomed {
      isZoomed = false
    } else if view.leave(&self) {
      // The view had something of its own to leave.
    } else if !(view is LiveView) {
      return go(to: LiveView.self)
    } else if !list.filter.isEmpty {
      try? list.setFilter("")
      list.refresh(state)
      scrollToCursor()
    }
    return []
  }

  mutating func quit() -> [Effect] {
    let waiting = snapshot.live.queued + snapshot.live.running
    guard waiting > 0, !isReplay else { return [.quit] }
    overlay = .question(
      Question(
        "\(Format.count(waiting, "frame")) \(waiting == 1 ? "is" : "are") not analysed yet. Quit? y/n", .quit)
    )
    return []
  }

  mutating func sortNext() -> [Effect] {
    let orders = FrameList.Order.allCases
    let index = orders.firstIndex(of: list.order) ?? 0
    return sort(by: orders[(index + 1) % orders.count])
  }

  mutating func sort(by order: FrameList.Order) -> [Effect] {
    list.order = order
    list.refresh(state)
    scrollToCursor()
    return []
  }

  mutating func turnImage(_ step: Int) -> [Effect] {
    guard let detail, detail.frames > 1 else { return [] }
    hold()
    image = min(max(0, image + step), detail.frames - 1)
    return [.load(file: detail.fileID, image: image)]
  }

  /// Another position of the scan: its pattern is loaded.
  mutating func moveProbe(_ columns: Int, _ rows: Int) -> [Effect] {
    guard detail != nil, let size = scanSize, size.width > 0, size.height > 0 else { return [] }
    hold()
    let column = min(max(0, image % size.width + columns), size.width - 1)
    let row = min(max(0, image / size.width + rows), size.height - 1)
    return moveProbe(to: row * size.width + column)
  }

  /// A position by its number, row after row.
  mutating func moveProbe(to place: Int) -> [Effect] {
    guard let detail, place >= 0, place < detail.frames else { return [] }
    hold()
    image = place
    return [.load(file: detail.fileID, image: image)]
  }

  mutating func turnAnswer(_ step: Int) -> [Effect] {
    let most = shown?.exhibits.compactMap(\.part).max() ?? 0
    answer = min(max(0, answer + step), most)
    return []
  }

  // MARK: What is written

  mutating func prompt(_ purpose: Prompt.Purpose) -> [Effect] {
    if !targets.isEmpty { overlay = .prompt(Prompt(purpose)) }
    return []
  }

  /// Another run of the frame counts from now on.
  mutating func stepRun(_ step: Int) -> [Effect] {
    guard let row, row.accepted != nil else { return [] }
    if row.runs.count < 2 {
      notice = Notice(text: "this frame has one run only", isError: true)
      return []
    }
    return [.perform(.stepRun(fileID: row.id, by: step))]
  }

  mutating func openForm() -> [Effect] {
    guard !targets.isEmpty, !engines.isEmpty else { return [] }
    let hasMarks = targets.count > 1 || targets.first != list.cursor
    let recorded = shown?.result
    let future = state.settings
    overlay = .form(
      ReanalysisForm(
        engines: engines, engine: row?.run?.engine, scope: hasMarks ? .marked : .this,
        presets: settings.presets,
        current: { engine in
          recorded?.engine == engine ? recorded?.parameters ?? [:] : future[engine] ?? [:]
        }))
    return []
  }
}
