import Diffraction
import LiveSession
import TerminalUI

extension Model {
  /// Changes the model and says what is to be done. Pure: no clock, no file, no terminal.
  package mutating func update(_ message: ScreenMessage) -> [Effect] {
    switch message {
    // What a button does it did when it was pressed.
    case .key(.mouse(let mouse)) where mouse.action == .release: return pointed(mouse)
    case .key(let key):
      notice = nil
      let effects = keyed(key)
      for case .perform(let change) in effects where change.isRepeatable { lastChange = change }
      return effects
    case .resize(let size):
      self.size = size
      scrollToCursor()
      return []
    case .snapshot(let snapshot): return took(snapshot)
    case .detail(let detail):
      // What another frame asked for meanwhile is no longer wanted.
      if detail.fileID == list.cursor { self.detail = detail }
      return []
    case .other(let detail):
      _ = change(CompareView.self) { view, _ in if view.other?.file == detail.fileID { view.detail = detail }
      }
      return []
    case .clock(let milliseconds):
      unixMilliseconds = milliseconds
      health.note(snapshot.live, at: milliseconds)
      _ = change(FrameView.self) { view, _ in if view.blinks { view.isBlinkOn.toggle() } }
      return []
    case .notice(let text, let isError, let file):
      notice = Notice(text: text, isError: isError, file: file)
      return []
    case .position(let position, let count):
      mode = .replay(position: position, count: count)
      return []
    }
  }

  /// Of several at once the last one is told.
  private func alarmEffects(since standing: [Alarm]) -> [Effect] {
    let now = state.alarms.filter { !$0.isAcknowledged }
    guard now.count > standing.count,
      let newest = now.last(where: { alarm in !standing.contains { $0.code == alarm.code } })
    else { return [] }
    return (settings.bell ? [.ring] : [])
      + (settings.notice ? [.announce("\(newest.code): \(newest.text)")] : [])
  }

  private mutating func took(_ snapshot: Snapshot) -> [Effect] {
    let before = row
    let standing = state.alarms.filter { !$0.isAcknowledged }
    self.snapshot = snapshot
    let raised = isReplay ? [] : alarmEffects(since: standing)
    list.refresh(state)
    let follows: Bool
    switch mode {
    case .follow, .replay: follows = overlay == nil || before == nil
    case .held: follows = false
    }
    if follows, view is LiveView || mode == .follow, let newest = state.newestResult,
      list.place(of: newest) != nil
    {
      list.cursor = newest
      // What is newer and waits stays in sight above it.
      list.scroll = ListScroll()
    }
    scrollToCursor()
    return raised + (before == row && detail != nil ? [] : show())
  }

  // MARK: Keys

  private mutating func keyed(_ key: Key) -> [Effect] {
    if case .mouse(let mouse) = key { return pointed(mouse) }
    switch overlay {
    case .menu(let menu): return keyed(key, menu)
    case .prompt(let prompt): return keyed(key, prompt)
    case .form(let form): return keyed(key, form)
    case .question(let question):
      overlay = nil
      guard key == .char("y") || key == .enter else { return [] }
      switch question.answer {
      case .effect(let effect): return [effect]
      case .command(let command): return perform(command)
      }
    case nil: break
    }
    if case .paste = key {
      notice = Notice(text: "pasted text is no keys: open / t ; or : first", isError: true)
      return []
    }
    if let effects = view.take(key, &self) { return effects }
    guard let command = command(bound: key) else { return [] }
    return perform(command)
  }

  private mutating func keyed(_ key: Key, _ menu: CommandMenu) -> [Effect] {
    var menu = menu
    switch key {
    case .escape: overlay = nil
    case .enter:
      overlay = nil
      if let number = menu.number { return go(to: number) }
      guard menu.rows.indices.contains(menu.selection) else { return [] }
      let command = menu.rows[menu.selection]
      if command.isRecorded, !command.isThoughtOver, !isReadOnly {
        overlay = .question(Question(command, on: targetText))
        return []
      }
      return perform(command)
    default:
      if let step = Self.verticalStep(key, page: 10) {
        menu.move(by: step, on: size)
      } else if menu.columns(size) > 1, key == .left || key == .right {
        menu.turnColumn(key == .left ? -1 : 1, on: size)
      } else if menu.field.handle(key) {
        menu.selection = 0
        menu.follow(on: size)
      }
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
        try Filter(text).check(state, engines)
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
    case .markLast:
      guard let count = Int(text), count > 0 else {
        var again = Prompt(.markLast, TextField(text))
        again.error = "a number of frames is needed"
        overlay = .prompt(again)
        return []
      }
      return [.perform(.note(.these((0..<min(count, list.count)).map { list.id(at: $0) }), .mark, ""))]
    }
  }

  private mutating func keyed(_ key: Key, _ form: ReanalysisForm) -> [Effect] {
    var form = form
    switch key {
    case .escape:
      overlay = nil
      return []
    case .up, .backtab: form.selection = (form.selection + form.rowCount - 1) % form.rowCount
    case .down, .tab: form.selection = (form.selection + 1) % form.rowCount
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
    case .left where form.isChoice: form.turn(-1)
    case .right where form.isChoice: form.turn(1)
    case .delete: form.reset()
    case .ctrl("p"): form.nextPreset()
    default:
      if let index = form.fieldIndex {
        _ = form.fields[index].input.handle(key)
        form.fields[index].error = nil
      }
    }
    overlay = .form(form)
    return []
  }

  /// Steps of the arrows and the page keys, which never type anything.
  static func verticalStep(_ key: Key, page: Int) -> Int? {
    switch key {
    case .down: 1
    case .up: -1
    case .pageDown: max(1, page - 1)
    case .pageUp: -max(1, page - 1)
    default: nil
    }
  }
}
