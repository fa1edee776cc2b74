import Diffraction
import LiveSession
import TerminalUI

extension Model {
  package mutating func perform(_ action: Action) -> [Effect] {
    let place = list.cursor.flatMap { list.place(of: $0) } ?? 0
    let page = max(1, Layout(self).listHeight - 1)
    switch action {
    case .quit: return quit()
    case .help: overlay = .menu(CommandMenu(.help, context))
    case .palette: overlay = .menu(CommandMenu(.palette, context))
    case .redraw: return [.redraw]
    case .liveView:
      view = .live
      crosshair = nil
    case .frameView, .open:
      view = .frame
      hold()
      return show()
    case .mapView:
      view = .map
      crosshair = nil
      hold()
      return show()
    case .segmentsView:
      view = .segments
      crosshair = nil
      hold()
      return show()
    case .nextCrystal: turnCrystal(1)
    case .previousCrystal: turnCrystal(-1)
    case .joinCrystals: return joinCrystal()
    case .splitCrystal: return splitCrystal()
    case .dropCrystal: return dropCrystal()
    case .nextSpot: return turnSpot(1)
    case .previousSpot: return turnSpot(-1)
    case .lowerThreshold: return moveThreshold(-0.5)
    case .raiseThreshold: return moveThreshold(0.5)
    case .latentView:
      view = .latent
      crosshair = nil
      hold()
      return show()
    case .nextAxes: turnScatter(axes: 1)
    case .previousAxes: turnScatter(axes: -1)
    case .nextShade: turnScatter(shade: 1)
    case .back: return back()
    case .nextPane: focus = focus == .frames ? .events : .frames
    case .zoom: isZoomed.toggle()
    case .down: return move(to: place + 1)
    case .up: return move(to: place - 1)
    case .pageDown: return move(to: place + page)
    case .pageUp: return move(to: place - page)
    case .first: return move(to: 0)
    case .last: return move(to: list.count - 1)
    case .nextFrame: return list.order == .time ? move(to: place - 1) : move(to: place + 1)
    case .previousFrame: return list.order == .time ? move(to: place + 1) : move(to: place - 1)
    case .nextImage: return turnImage(1)
    case .previousImage: return turnImage(-1)
    case .nextCandidate: turnPicture(1)
    case .previousCandidate: turnPicture(-1)
    case .probeLeft: return moveProbe(-1, 0)
    case .probeRight: return moveProbe(1, 0)
    case .probeUp: return moveProbe(0, -1)
    case .probeDown: return moveProbe(0, 1)
    case .blink:
      blinks.toggle()
      isBlinkOn = blinks
    case .alone:
      let count = pictureStrip.count
      let next = alone.map { $0 + 1 } ?? 0
      alone = count > 1 && next < count ? next : nil
    case .follow: return follow()
    case .colourMap: look.map = look.map.next
    case .glyphs: look.mode = look.mode.next
    case .contrast:
      contrast.contrast.scale = contrast.contrast.scale.next
      contrast.reset()
    case .autoscale: contrast.auto = contrast.auto.next
    case .crosshair:
      if crosshair != nil {
        crosshair = nil
      } else if let frame = detail?.frame {
        crosshair = (frame.pixels.width / 2, frame.pixels.height / 2)
      }
    case .filter: overlay = .prompt(Prompt(.filter, TextField(list.filterText, history: filterHistory)))
    case .sort:
      let orders = FrameList.Order.allCases
      let index = orders.firstIndex(of: list.order) ?? 0
      list.order = orders[(index + 1) % orders.count]
      list.refresh(state)
      scrollToCursor()
    case .export: return [.export]
    case .stepBack: return isReplay ? [.step(-1)] : []
    case .stepForward: return isReplay ? [.step(1)] : []
    case .mark:
      return change { model in
        model.list.cursor.map { [.perform(.toggle(.mark, .these([$0]), like: $0))] } ?? []
      }
    case .markAll:
      let listed = (0..<list.count).map { list.id(at: $0) }
      return change { _ in [.perform(.note(.these(listed), .mark, ""))] }
    case .unmarkAll: return change { _ in [.perform(.note(.marked(otherwise: nil), .unmark, ""))] }
    case .tag: return change { $0.prompt(.tag) }
    case .untag: return change { $0.prompt(.untag) }
    case .note: return change { $0.prompt(.note) }
    case .exclude:
      return change { model in
        model.list.cursor.map { [.perform(.toggle(.exclusion, model.selection, like: $0))] } ?? []
      }
    case .reanalyse: return change { $0.openForm() }
    case .undo: return change { $0.stepRun(-1) }
    case .redo: return change { $0.stepRun(1) }
    case .retry: return change { [.perform(.retry($0.selection))] }
    case .acknowledge: return change { _ in [.perform(.acknowledge(.oldest))] }
    case .acknowledgeAll: return change { _ in [.perform(.acknowledge(.all))] }
    }
    return []
  }

  /// Everything that is written into the session file, and so is refused in a replay.
  mutating func change(_ body: (inout Model) -> [Effect]) -> [Effect] {
    guard !isReplay else {
      notice = Notice(
        text: "a replay is not changed: continue the session with ewald watch --session", isError: true)
      return []
    }
    return body(&self)
  }

  private mutating func prompt(_ purpose: Prompt.Purpose) -> [Effect] {
    if !targets.isEmpty { overlay = .prompt(Prompt(purpose)) }
    return []
  }

  private mutating func quit() -> [Effect] {
    let waiting = snapshot.live.queued + snapshot.live.running
    guard waiting > 0, !isReplay else { return [.quit] }
    overlay = .question(Question("\(waiting) frames are not analysed yet. Quit? y/n", .quit))
    return []
  }

  private mutating func back() -> [Effect] {
    if isZoomed {
      isZoomed = false
    } else if view != .live {
      view = .live
      crosshair = nil
    } else if focus == .events {
      focus = .frames
    } else if !list.filter.isEmpty {
      try? list.setFilter("")
      list.refresh(state)
      scrollToCursor()
    }
    return []
  }

  private mutating func follow() -> [Effect] {
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

  private mutating func turnImage(_ step: Int) -> [Effect] {
    guard let detail, detail.frames > 1 else { return [] }
    hold()
    image = min(max(0, image + step), detail.frames - 1)
    return [.load(file: detail.fileID, image: image)]
  }

  private mutating func turnPicture(_ step: Int) {
    if view == .map {
      map = maps.isEmpty ? 0 : (map + step + maps.count) % maps.count
    } else {
      let most = detail?.pictures.map(\.candidate).max() ?? 0
      candidate = min(max(0, candidate + step), most)
    }
  }

  /// Another position of the scan: its pattern is loaded.
  private mutating func moveProbe(_ columns: Int, _ rows: Int) -> [Effect] {
    guard let detail, let size = scanSize else { return [] }
    hold()
    let column = min(max(0, image % size.width + columns), size.width - 1)
    let row = min(max(0, image / size.width + rows), size.height - 1)
    guard row * size.width + column < detail.frames else { return [] }
    image = row * size.width + column
    return [.load(file: detail.fileID, image: image)]
  }

  private func stepRun(_ step: Int) -> [Effect] {
    list.cursor.map { [.perform(.stepRun(fileID: $0, by: step))] } ?? []
  }

  private mutating func openForm() -> [Effect] {
    guard !targets.isEmpty, !engines.isEmpty else { return [] }
    let hasMarks = targets.count > 1 || targets.first != list.cursor
    let recorded = detail?.fileID == list.cursor ? detail?.result : nil
    let future = state.settings
    overlay = .form(
      ReanalysisForm(
        engines: engines, engine: row?.run?.engine, scope: hasMarks ? .marked : .this,
        current: { engine in
          recorded?.engine == engine ? recorded?.parameters ?? [:] : future[engine] ?? [:]
        }))
    return []
  }
}
