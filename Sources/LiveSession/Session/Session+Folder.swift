import System
import Diffraction
import FolderWatch
import FrameFormats

/// What the watcher says becomes rows and jobs.
extension Session {
  func take(_ changes: [FileChange]) {
    for change in changes { take(change) }
    pump()
    changed()
  }

  private func take(_ change: FileChange) {
    switch change {
    case .appeared(let file, let fileState): appear(file, fileState)
    case .revised(let file, let old, let how):
      if let previous = index.number(of: old), how == .grown || file.offer == .sidecar || isSeries(previous) {
        // A growing scan stays one entry; its results supersede each other.
        index.bind(file.id, to: previous)
      } else {
        appear(file, .waiting(.settling))
      }
    case .state(let id, let fileState): update(id, fileState)
    case .ready(let file): ready(file)
    case .renamed(let id, let path):
      guard let fileID = index.number(of: id), let row = state[file: fileID] else { return }
      var record = row.record
      record.path = PathText.text(path.bytes)
      note(.file(record))
    case .folder(let folderState): take(folderState)
    }
  }

  /// Whether what is written anew under the file's name goes on with it.
  private func isSeries(_ fileID: Int) -> Bool {
    analyst.engine(named: state[file: fileID]?.run?.engine ?? analyst.choice)?.readsSeries ?? false
  }

  private func appear(_ file: WatchedFile, _ fileState: FileState) {
    let path = PathText.text(file.path.bytes)
    if let number = index.known(file.identity, at: path, in: state) {
      index.bind(file.id, to: number)
      return
    }
    let earlier = index.latest(at: path, in: state)
    if let earlier, earlier.status != .gone, isSeries(earlier.id) {
      // It went on while nobody watched.
      index.bind(file.id, to: earlier.id)
      return
    }
    let id = index.add(file.id, at: path)
    var record = FileRecord(fileID: id, path: path, revision: file.revision, status: .waiting)
    record.identity = file.identity
    if let earlier { record.revision = max(record.revision, earlier.revision + 1) }
    fileState.describe(in: &record) { index.number(of: $0) }
    note(.file(record))
  }

  private func update(_ id: FileID, _ fileState: FileState) {
    guard let fileID = index.number(of: id), let row = state[file: fileID] else { return }
    var record = row.record
    switch fileState {
    case .done, .partial, .ready: return
    case .refused, .waiting:
      // Once refused, a file stays BAD with its reason while it is tried again.
      if row.status == .refused || row.status == .done { return }
    case .incomplete:
      record.reason = "incomplete: stopped growing at \(row.frames) of \(row.declaredFrames) patterns"
    case .gone:
      // Not what only waited under a name that says it is being copied, or empty.
      if row.status?.awaitsReading == true { live.lost += 1 }
    case .sameAs, .sidecar: break
    }
    fileState.describe(in: &record) { index.number(of: $0) }
    if record.status != row.status || record.reason ?? "" != row.reason { note(.file(record)) }
  }

  private func ready(_ file: WatchedFile) {
    guard let fileID = index.number(of: file.id), let row = state[file: fileID] else { return }
    index.bind(file.id, to: fileID)
    let identity = file.identity
    if index.isUnchanged(fileID, identity), file.offer == .first, let outcome = outcomeBefore(row) {
      watcher?.report(outcome, for: file.id, read: file.identity)
      return
    }
    if file.atStart, options.existing == .skip, file.offer == .first, row.run == nil {
      var record = row.record
      record.status = .skipped
      note(.file(record))
      watcher?.report(.done, for: file.id, read: file.identity)
      return
    }
    var record = row.record
    record.identity = identity
    if row.status != .refused, row.status != .done, row.status != .partial {
      record.status = .queued
      record.reason = nil
      note(.file(record))
    }
    // In full of what it was: nobody waits for that any more.
    for running in running.values where running.job.fileID == fileID && running.job.isRefinement {
      running.monitor.cancel()
    }
    queue.add(
      Job(
        fileID: fileID, path: PathText.text(file.absolutePath.bytes), kind: .first, readyAt: now,
        isOld: file.atStart))
    if !file.atStart { queue.noteArrival(at: now) }
  }

  /// What an earlier run of the session made of a file that has not changed since; nil to try again.
  private func outcomeBefore(_ row: FileRow) -> ReadOutcome? {
    switch row.status {
    // A file whose line was written and whose result was not (the program was killed between the two) is
    // read again.
    case .done: row.runs.isEmpty ? nil : .done
    case .duplicate: .done
    case .partial: .partial
    case .skipped: options.existing == .skip ? .done : nil
    default: nil
    }
  }

  private func take(_ folderState: FolderState) {
    switch folderState {
    case .watched(.events): live.folder = .watched
    case .watched(.polling(let reason)):
      live.folder = .polled(reason.sentence)
      note(.event(IncidentRecord(.polling, text: "the folder is polled: \(reason.sentence)")))
    case .inventory(let files):
      let count = "\(files) \(files == 1 ? "file" : "files")"
      note(.event(IncidentRecord(.inventory, text: "\(count) in the folder at the start")))
    case .missing:
      live.folder = .missing
      note(
        .event(IncidentRecord(.folderMissing, text: "\(folder) is missing; looked for every 2 s")))
    case .unreadable(let reason):
      live.folder = .unreadable(reason)
      note(.event(IncidentRecord(.folderMissing, text: "\(folder): \(reason)")))
    case .notResponding(let seconds):
      if case .notResponding = live.folder {
      } else {
        note(.event(IncidentRecord(.notResponding, text: "\(folder) does not answer")))
      }
      live.folder = .notResponding(seconds: seconds)
    case .back:
      live.folder = .watched
      note(.event(IncidentRecord(.folderBack, text: "\(folder) is back")))
    case .overflow:
      note(
        .event(
          IncidentRecord(.overflow, text: "more events than the kernel keeps: looking at every file"))
      )
    case .subfolderUnreadable(let path, let reason):
      note(.event(IncidentRecord(.error, text: "\(PathText.text(path.bytes)): \(reason)")))
    case .subfolderTooDeep(let path):
      note(
        .event(
          IncidentRecord(.tooDeep, text: "\(PathText.text(path.bytes)) is not watched: too deep")))
    }
  }
}

extension FileState {
  /// Says this state in a record: its word and, where there is one, its reason.
  fileprivate func describe(in record: inout FileRecord, fileID: (FileID) -> Int?) {
    record.reason = nil
    switch self {
    case .waiting(let wait):
      record.status = wait == .settling ? .settling : .waiting
      record.reason = wait.sentence
    case .ready: record.status = .queued
    case .done: record.status = .done
    case .partial: record.status = .partial
    case .incomplete: record.status = .partial
    case .refused(let reason):
      record.status = .refused
      record.reason = reason
    case .sameAs(let other):
      record.status = .duplicate
      record.sameAs = fileID(other)
      record.reason = "another name of the same file"
    case .sidecar:
      record.status = .skipped
      record.reason = "belongs to another file"
    case .gone:
      record.status = .gone
      record.reason = "deleted or moved away"
    }
  }
}

extension Wait {
  fileprivate var sentence: String? {
    switch self {
    case .temporaryName: "its name says that it is being copied"
    case .empty: "empty so far"
    case .settling: nil
    case .sidecar: "waits for its sidecar"
    case .target: "the link leads nowhere yet"
    case .truncated(let reason): reason
    }
  }
}

extension PollingReason {
  fileprivate var sentence: String {
    switch self {
    case .asked: "as asked"
    case .networkMount(let name): "\(name) tells nothing of other machines"
    case .watchLimit: "the kernel gives no more watches"
    case .noEvents(let reason): reason
    }
  }
}

extension FileRow {
  /// The row as a record, to be recorded again with a change.
  var record: FileRecord {
    FileRecord(
      fileID: id, path: path, revision: revision, size: size, modifiedNanoseconds: modifiedNanoseconds,
      device: device, inode: inode, status: status ?? .waiting, frames: frames == 0 ? nil : frames,
      declaredFrames: declaredFrames == 0 ? nil : declaredFrames, reason: reason.isEmpty ? nil : reason)
  }

  var identity: FileIdentity { record.identity }
}
