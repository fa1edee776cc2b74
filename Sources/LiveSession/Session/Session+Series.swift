import Diffraction
import FrameFormats
import System

/// Projections that come in a file each: the first file of a series stands for it, and every further one makes its next run.
struct SeriesIndex: Sendable {
  private var files: [String: [Int]] = [:]

  /// What a continued session knows already.
  init(_ state: SessionState) {
    for row in state.files where row.status != .gone { _ = join(row.id, row.path) }
  }

  /// All files of the series with this one, in the order in which they came; nil where its name is of none.
  mutating func join(_ fileID: Int, _ path: String) -> [Int]? {
    guard let series = ProjectionName(path: path)?.series else { return nil }
    var members = files[series] ?? []
    if !members.contains(fileID) { members.append(fileID) }
    files[series] = members
    return members
  }
}

extension Session {
  /// Whether the file is a further one of a series. Then the first is analysed anew, with all that came, and this one says
  /// whose it is.
  func joinsSeries(_ job: Job, _ opened: Analyst.Opened, _ engine: any AnalysisEngine) -> Bool {
    guard job.kind == .first, opened.summary.frames == 1, let setting = engine.seriesSetting,
      let path = state[file: job.fileID]?.path, let known = series.join(job.fileID, path)
    else { return false }
    // What is gone, or could not be read, stands for nothing.
    let members = known.filter { member in
      member == job.fileID || [.done, .duplicate].contains(state[file: member]?.status)
    }
    guard let first = members.first, first != job.fileID, let entry = state[file: first] else { return false }
    refer(job, to: first, opened, "a projection of the series of \(entry.name)")
    var settings = chosenSettings(of: entry, engine)
    // A file that was written anew has another number, and its name once.
    var names: [String] = []
    for member in members.dropFirst() {
      guard let name = state[file: member].map({ String($0.name) }), name != entry.name else { continue }
      if !names.contains(name) { names.append(name) }
    }
    settings[setting] = names.joined(separator: ",")
    queue.add(
      Job(
        fileID: first, path: FilePath.folder(of: job.path) + "/" + entry.name,
        kind: .rerun(engine: engine.name, settings: settings), readyAt: now))
    return true
  }

  /// What an operator chose for the file's last run.
  private func chosenSettings(of row: FileRow, _ engine: any AnalysisEngine) -> [String: String] {
    guard let offset = row.run?.offset, case .result(let result)? = log.event(at: offset),
      result.engine == engine.name
    else { return [:] }
    let standards = ParameterValues().texts(for: engine)
    return result.parameters.filter {
      standards[$0.key] != $0.value && settings[engine.name]?[$0.key] != $0.value
    }
  }
}
