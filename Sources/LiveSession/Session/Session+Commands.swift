import System
import Diffraction
import FrameFormats

/// What operators ask for.
extension Session {
  /// Does it, and says what was done and how it is undone.
  @discardableResult
  package func perform(_ command: SessionCommand) -> SessionReply? {
    defer { changed() }
    switch command {
    case .note(let files, let kind, let text): return write(kind, text, on: files)
    case .toggle(let flag, let files, let leader):
      guard let row = state[file: leader] else { return nil }
      return write(flag.opposite(of: row), "", on: files)
    case .reanalyse(let files, let engine, let settings):
      let numbers = state.numbers(of: files)
      for file in numbers { enqueue(file, .rerun(engine: engine, settings: settings)) }
      pump()
      return numbers.isEmpty
        ? nil : .done("\(Self.frames(numbers)) analysed again as a new run; u goes back to the run before")
    case .setForFuture(let engine, let new):
      var changes: [String] = []
      // What one frame was told by others is no setting for all that come.
      let taught = analyst.engine(named: engine)?.lessonSetting
      for (name, value) in new.sorted(by: { $0.key < $1.key }) where name != taught {
        let old = settings[engine]?[name] ?? ""
        if old != value { changes.append("\(name) \(value)") }
        settings[engine, default: [:]][name] = value
        note(.setting(SettingRecord(engine: engine, name: name, old: old, new: value)))
      }
      return .done("from now on \(engine): \(changes.prefix(4).joined(separator: ", ")); r changes it again")
    case .stepRun(let file, let step):
      guard let row = state[file: file], let accepted = row.accepted else { return nil }
      let (run, isFar) = accepted.addingReportingOverflow(step)
      guard !isFar, row.runs.indices.contains(run) else {
        return .refused(step < 0 ? "there is no earlier run" : "there is no later run")
      }
      note(.accept(AcceptRecord(fileID: file, resultID: row.runs[run].id)))
      return .done("run \(run + 1) of \(row.runs.count) counts now; \(step < 0 ? "U" : "u") goes back")
    case .acknowledge(.oldest):
      guard let alarm = state.alarms.first(where: { !$0.isAcknowledged }) else {
        return .refused("no alarm stands")
      }
      note(.acknowledge(AcknowledgeRecord(code: alarm.code)))
      return .done("\(alarm.code) acknowledged")
    case .acknowledge(.all):
      guard !state.alarms.isEmpty else { return .refused("no alarm stands") }
      note(.acknowledge(AcknowledgeRecord(code: AcknowledgeRecord.everyAlarm)))
      return .done("all alarms acknowledged")
    case .retry(let files):
      let refused = state.numbers(of: files).filter { state[file: $0]?.status?.canBeTriedAgain == true }
      guard !refused.isEmpty else { return .refused("only a refused file is read again") }
      for file in refused { enqueue(file, .first) }
      pump()
      return .done("\(Self.frames(refused)) read again")
    }
  }

  private static func frames(_ numbers: [Int]) -> String {
    numbers.count == 1 ? "frame \(numbers[0])" : "\(numbers.count) frames"
  }

  private func write(_ kind: NoteRecord.Kind, _ text: String, on files: FileSelection) -> SessionReply? {
    let numbers = state.numbers(of: files)
    for file in numbers { note(.note(NoteRecord(fileID: file, kind: kind, text: text))) }
    guard !numbers.isEmpty else { return nil }
    let frames = Self.frames(numbers)
    switch kind {
    case .mark: return .done("\(frames) marked; \(numbers.count == 1 ? "m" : "N") unmarks")
    case .unmark: return .done("\(frames) unmarked")
    case .exclude: return .done("\(frames) excluded, nothing is deleted; ! includes again")
    case .include: return .done("\(frames) included")
    case .tag: return .done("\(frames) tagged \(text); T removes a tag")
    case .untag: return .done("tag \(text) removed from \(frames)")
    case .note: return .done("note written to \(frames)")
    }
  }

  private func enqueue(_ file: Int, _ kind: Job.Kind) {
    guard let row = state[file: file] else { return }
    queue.add(Job(fileID: file, path: absolutePath(row), kind: kind, readyAt: now))
  }

  /// Frame `index` of a file, with the whole record of one of its runs (the accepted one if nil).
  package func detail(of fileID: Int, run: Int?, frame index: Int) async -> FrameDetail {
    guard let row = state[file: fileID] else { return FrameDetail(fileID: fileID, problem: "unknown file") }
    var detail = FrameDetail(fileID: fileID)
    let chosen = run ?? row.accepted
    if let chosen, row.runs.indices.contains(chosen), let offset = row.runs[chosen].offset,
      case .result(let record)? = log.event(at: offset)
    {
      detail.result = record
    }
    if let entry = cache[fileID] {
      if entry.result == detail.result?.resultID { detail.drawn = entry.exhibits }
      if entry.frame.index == index {
        detail.summary = entry.summary
        detail.frame = entry.frame
        detail.frames = entry.summary.frames
        return detail
      }
    }
    if row.status == .refused || row.status == .timedOut || row.status == .gone {
      detail.problem = row.reason
      return detail
    }
    let open = analyst.files.open
    let path = absolutePath(row)
    let read = await offload { FrameRead(path: path, index: index, open: open) }
    detail.take(read)
    if index == 0, let summary = read.summary, let frame = read.frame {
      cache.insert(
        FrameCache.Entry(fileID: fileID, summary: summary, frame: frame, result: nil, exhibits: []))
    }
    return detail
  }

  package func exhibits(of detail: FrameDetail) async -> [Exhibit]? {
    guard let result = detail.result, let row = state[file: detail.fileID] else { return [] }
    if let entry = cache[row.id], entry.result == result.resultID { return entry.exhibits }
    let analyst = analyst
    let (path, size) = (absolutePath(row), row.size)
    let previous = result.previous.flatMap { self.result($0, before: row.id) }?.finding
    let monitor = JobMonitor()
    let exhibits = await withTaskCancellationHandler {
      await offload {
        analyst.exhibits(of: result, path: path, size: size, previous: previous) { monitor.isCancelled }
      }
    } onCancel: {
      monitor.cancel()
    }
    if let exhibits, let summary = detail.summary, let frame = detail.frame, frame.index == 0 {
      cache.insert(
        FrameCache.Entry(
          fileID: row.id, summary: summary, frame: frame, result: result.resultID, exhibits: exhibits))
    } else if let exhibits, var entry = cache[row.id] {
      entry.result = result.resultID
      entry.exhibits = exhibits
      cache.insert(entry)
    }
    return exhibits
  }

  private func absolutePath(_ row: FileRow) -> String {
    FilePath.absolute(row.path, in: folder)
  }
}
