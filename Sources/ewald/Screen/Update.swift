import Diffraction
import LiveSession
import TerminalUI

extension Model {
  /// Changes the model and says what is to be done. Pure: no clock, no file, no terminal.
  package mutating func update(_ message: Message) -> [Effect] {
    switch message {
    case .key(let key):
      notice = nil
      return keyed(key)
    case .resize(let size):
      self.size = size
      return []
    case .snapshot(let snapshot): return took(snapshot)
    case .detail(let detail):
      if detail.fileID == list.cursor { self.detail = detail }
      return []
    case .clock(let milliseconds):
      unixMilliseconds = milliseconds
      if blinks { isBlinkOn.toggle() }
      return []
    case .notice(let text, let isError):
      notice = Notice(text: text, isError: isError)
      return []
    case .position(let position, let count):
      mode = .replay(position: position, count: count)
      return []
    }
  }

  private mutating func took(_ snapshot: Snapshot) -> [Effect] {
    let before = row
    self.snapshot = snapshot
    list.refresh(state)
    let follows: Bool
    switch mode {
    case .follow, .replay: follows = overlay == nil || before == nil
    case .held: follows = false
    }
    if follows, view == .live || mode == .follow, let newest = state.newestResult,
      list.place(of: newest) != nil
    {
      list.cursor = newest
    }
    scrollToCursor()
    return before == row && detail != nil ? [] : show()
  }

  /// Asks for what the cursor stands on, if it is not here already.
  mutating func show() -> [Effect] {
    guard let id = list.cursor else {
      detail = nil
      return []
    }
    if detail?.fileID != id {
      image = 0
      candidate = 0
    }
    return [.load(file: id, image: image)]
  }

  mutating func scrollToCursor() {
    let place = list.cursor.flatMap { list.place(of: $0) } ?? 0
    list.scroll.follow(cursor: place, count: list.count, height: max(1, Layout(self).listHeight))
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

  // MARK: Keys

  private mutating func keyed(_ key: Key) -> [Effect] {
    switch overlay {
    case .menu(let menu): return keyed(key, menu)
    case .prompt(let prompt): return keyed(key, prompt)
    case .form(let form): return keyed(key, form)
    case .question(let question):
      overlay = nil
      return key == .char("y") || key == .enter ? [question.effect] : []
    case nil: break
    }
    if crosshair != nil, moveCrosshair(key) { return [] }
    if focus == .events, view == .live, let step = Self.verticalStep(key, page: Layout(self).eventsHeight) {
      eventScroll = max(0, min(eventScroll + step, max(0, state.lines.count - 1)))
      return []
    }
    guard let command = Command.bound(to: key, in: context) else { return [] }
    return perform(command.action)
  }

  private mutating func keyed(_ key: Key, _ menu: CommandMenu) -> [Effect] {
    var menu = menu
    switch key {
    case .escape: overlay = nil
    case .enter:
      overlay = nil
      if let number = menu.number { return go(to: number) }
      if menu.rows.indices.contains(menu.selection) { return perform(menu.rows[menu.selection].action) }
    default:
      if let step = Self.verticalStep(key, page: 10, letters: false) {
        menu.selection = max(0, min(menu.selection + step, menu.rows.count - 1))
      } else if menu.field.handle(key) {
        menu.selection = 0
      }
      menu.scroll.follow(
        cursor: menu.selection, count: menu.rows.count, height: max(1, Layout(self).menuHeight(menu.style)))
      overlay = .menu(menu)
    }
    return []
  }

  private mutating func keyed(_ key: Key, _ prompt: Prompt) -> [Effect] {
    var prompt = prompt
    switch key {
    case .escape:
      overlay = nil
      return []
    case .enter:
      let text = prompt.field.commit()
      overlay = nil
      return entered(text, prompt)
    default:
      _ = prompt.field.handle(key)
      prompt.error = nil
      overlay = .prompt(prompt)
      return []
    }
  }

  private mutating func entered(_ text: String, _ prompt: Prompt) -> [Effect] {
    switch prompt.purpose {
    case .filter:
      do throws(Filter.Invalid) {
        try list.setFilter(text)
        filterHistory = prompt.field.history
      } catch {
        var again = Prompt(.filter, TextField(text, history: prompt.field.history))
        again.error = error.description
        overlay = .prompt(again)
        return []
      }
      hold()
      list.refresh(state)
      scrollToCursor()
      return show()
    case .tag: return text.isEmpty ? [] : [.perform(.note(selection, .tag, text))]
    case .untag: return text.isEmpty ? [] : [.perform(.note(selection, .untag, text))]
    case .note: return text.isEmpty ? [] : [.perform(.note(selection, .note, text))]
    }
  }

  private mutating func keyed(_ key: Key, _ form: ReanalysisForm) -> [Effect] {
    var form = form
    switch key {
    case .escape:
      overlay = nil
      return []
    case .up, .backtab: form.selection = max(0, form.selection - 1)
    case .down, .tab: form.selection = min(form.rowCount - 1, form.selection + 1)
    case .enter:
      guard let settings = form.settings() else { break }
      overlay = nil
      let engine = form.engine.name
      switch form.scope {
      case .this:
        return list.cursor.map { [.perform(.reanalyse(.these([$0]), engine: engine, settings: settings))] }
          ?? []
      case .marked: return [.perform(.reanalyse(selection, engine: engine, settings: settings))]
      case .future: return [.perform(.setForFuture(engine: engine, settings: settings))]
      }
    case .left where form.selection == 0 || form.selection == form.rowCount - 1: form.turn(-1)
    case .right where form.selection == 0 || form.selection == form.rowCount - 1: form.turn(1)
    default:
      let index = form.selection - 1
      if form.fields.indices.contains(index) {
        _ = form.fields[index].input.handle(key)
        form.fields[index].error = nil
      }
    }
    overlay = .form(form)
    return []
  }

  private mutating func moveCrosshair(_ key: Key) -> Bool {
    guard let at = crosshair, let frame = detail?.frame else { return false }
    var (column, row) = at
    switch key {
    case .char("h"), .left: column -= 1
    case .char("l"), .right: column += 1
    case .char("k"), .up: row -= 1
    case .char("j"), .down: row += 1
    case .char("H"): column -= 10
    case .char("L"): column += 10
    case .escape:
      crosshair = nil
      return true
    default: return false
    }
    crosshair = (
      min(max(0, column), frame.pixels.width - 1), min(max(0, row), frame.pixels.height - 1)
    )
    return true
  }

  static func verticalStep(_ key: Key, page: Int, letters: Bool = true) -> Int? {
    switch key {
    case .down: 1
    case .up: -1
    case .char("j") where letters: 1
    case .char("k") where letters: -1
    case .pageDown: max(1, page - 1)
    case .pageUp: -max(1, page - 1)
    default: nil
    }
  }
}
