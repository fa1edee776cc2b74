import System
import Diffraction
import FrameFormats

/// What operators ask for.
extension Session {
  public func perform(_ command: SessionCommand) {
    switch command {
    case .note(let files, let kind, let text):
      for file in files where state[file: file] != nil {
        note(.note(NoteRecord(fileID: file, kind: kind, text: text)))
      }
    case .reanalyse(let files, let engine, let settings):
      for file in files {
        guard let row = state[file: file] else { continue }
        reruns.append(
          Job(
            fileID: file, path: absolutePath(row), kind: .rerun(engine: engine, settings: settings),
            readyAt: now))
      }
      pump()
    case .setForFuture(let engine, let new):
      for (name, value) in new.sorted(by: { $0.key < $1.key }) {
        let old = settings[engine]?[name] ?? ""
        settings[engine, default: [:]][name] = value
        note(.setting(SettingRecord(engine: engine, name: name, old: old, new: value)))
      }
    case .accept(let file, let run):
      guard let row = state[file: file], row.runs.indices.contains(run) else { return }
      note(.accept(AcceptRecord(fileID: file, resultID: row.runs[run].id)))
    case .acknowledge(let code): note(.acknowledge(AcknowledgeRecord(code: code)))
    case .retry(let files):
      for file in files {
        guard let row = state[file: file], row.status == .refused || row.status == .timedOut else { continue }
        liveJobs.append(Job(fileID: file, path: absolutePath(row), kind: .first, readyAt: now))
      }
      pump()
    }
    changed()
  }

  /// Frame `index` of a file, with the whole record of one of its runs (the accepted one if nil).
  public func detail(of fileID: Int, run: Int?, frame index: Int) async -> FrameDetail {
    guard let row = state[file: fileID] else { return FrameDetail(fileID: fileID, problem: "unknown file") }
    var detail = FrameDetail(fileID: fileID)
    let chosen = run ?? row.accepted
    if let chosen, row.runs.indices.contains(chosen), let offset = row.runs[chosen].offset,
      case .result(let record)? = log.event(at: offset)
    {
      detail.result = record
    }
    if let entry = cache[fileID], entry.frame.index == index {
      detail.summary = entry.summary
      detail.frame = entry.frame
      detail.frames = entry.summary.frames
      if entry.result == detail.result?.resultID { detail.pictures = entry.pictures }
      return detail
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
        FrameCache.Entry(fileID: fileID, summary: summary, frame: frame, result: nil, pictures: []))
    }
    return detail
  }

  public func pictures(of detail: FrameDetail) async -> [Picture] {
    guard let result = detail.result, let row = state[file: detail.fileID] else { return [] }
    if let entry = cache[row.id], entry.result == result.resultID { return entry.pictures }
    let analyst = analyst
    let (path, size) = (absolutePath(row), row.size)
    let previous = result.previous.flatMap { self.result($0, before: row.id) }?.finding
    let pictures = await offload {
      analyst.pictures(of: result, path: path, size: size, previous: previous)
    }
    if let frame = detail.frame, frame.index == 0, let summary = detail.summary {
      cache.insert(
        FrameCache.Entry(
          fileID: row.id, summary: summary, frame: frame, result: result.resultID, pictures: pictures))
    }
    return pictures
  }

  private func absolutePath(_ row: FileRow) -> String {
    FilePath.absolute(row.path, in: folder)
  }
}
