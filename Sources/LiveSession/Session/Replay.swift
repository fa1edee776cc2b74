import Diffraction
import Dispatch
import System

/// A recorded session, to be walked through event by event, also while someone else goes on writing it. Nothing is
/// written.
package actor Replay: SessionSource {
  package nonisolated let snapshots: AsyncStream<Snapshot>
  private let publisher: AsyncStream<Snapshot>.Continuation
  private var file: SessionFile
  /// Where each line that could be read begins.
  private var lines: [Int] = []
  private let analyst: Analyst
  private let folder: String?
  /// The state before every `spacing`-th line: a step back folds again from the nearest.
  private var saved: [SessionState] = [SessionState()]
  package private(set) var state = SessionState()
  package private(set) var position = 0
  /// What was drawn last: the probe of a map asks for it again and again.
  private var kept: (result: Identifier, exhibits: [Exhibit])?
  package var count: Int { lines.count }
  private var live = LiveStatus()

  private static let spacing = 4096

  /// Opens the session at its end. `folder` is where the frames are now, if they were moved.
  package init(path: String, analyst: Analyst, folder: String? = nil) throws(SessionFileError) {
    file = try SessionFile(path: path, wholeLines: true)
    self.analyst = analyst
    (snapshots, publisher) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    var state = SessionState()
    var saved = [state]
    var lines: [Int] = []
    _ = file.forEachEvent(.summary) { recorded, offset in
      state.apply(recorded, offset)
      lines.append(offset)
      if lines.count % Self.spacing == 0 { saved.append(state) }
    }
    guard let session = state.session else {
      throw SessionFileError(.notASession, "\(path): not a session file: it has no session line")
    }
    self.lines = lines
    self.folder = folder ?? session.folders.first
    self.saved = saved
    self.state = state
    position = lines.count
    publisher.yield(Snapshot(state: state))
  }

  /// Reads what was written since; whoever stood at the end stands there again. False where the file has become
  /// another one, or cannot be read.
  package func follow() -> Bool {
    if !live.isLookedOn {
      live.isLookedOn = true
      publisher.yield(Snapshot(state: state, live: live))
    }
    guard let now = try? SessionFile(path: file.path, wholeLines: true), now.inode == file.inode,
      now.byteCount >= file.byteCount
    else { return false }
    guard now.byteCount > file.byteCount else { return true }
    let end = file.byteCount
    let stoodAtEnd = position == lines.count
    file = now
    // Where someone looks at an earlier moment, the end is folded when it is asked for.
    var state = self.state
    _ = now.forEachEvent(.summary, from: end) { recorded, offset in
      if stoodAtEnd { state.apply(recorded, offset) }
      lines.append(offset)
      if stoodAtEnd, lines.count % Self.spacing == 0, saved.count == lines.count / Self.spacing {
        saved.append(state)
      }
    }
    if stoodAtEnd {
      self.state = state
      position = lines.count
      publisher.yield(Snapshot(state: state, live: live))
    }
    return true
  }

  package func step(by count: Int) -> (at: Int, count: Int)? {
    let target = min(max(1, position + count), lines.count)
    if target < position {
      let index = min(target / Self.spacing, saved.count - 1)
      state = saved[index]
      position = index * Self.spacing
    }
    while position < target {
      if let recorded = file.recorded(at: lines[position]) { state.apply(recorded, lines[position]) }
      position += 1
    }
    publisher.yield(Snapshot(state: state, live: live))
    return (position, lines.count)
  }

  package func perform(_ command: SessionCommand) -> SessionReply? { nil }

  package func detail(of fileID: Int, run: Int?, frame index: Int) async -> FrameDetail {
    guard let row = state[file: fileID] else { return FrameDetail(fileID: fileID, problem: "unknown file") }
    var detail = FrameDetail(fileID: fileID)
    if let chosen = run ?? row.accepted, row.runs.indices.contains(chosen),
      let offset = row.runs[chosen].offset,
      case .result(let record)? = file.event(at: offset)
    {
      detail.result = record
    }
    guard let folder else { return detail }
    let path = FilePath.absolute(row.path, in: folder)
    let open = analyst.files.open
    let read = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(returning: FrameRead(path: path, index: index, open: open))
      }
    }
    detail.take(read)
    return detail
  }

  package func exhibits(of detail: FrameDetail) async -> [Exhibit]? {
    guard let result = detail.result, let row = state[file: detail.fileID], let folder else { return [] }
    if let kept, kept.result == result.resultID { return kept.exhibits }
    let path = FilePath.absolute(row.path, in: folder)
    let (analyst, size) = (analyst, row.size)
    var previous: Finding?
    if let offset = result.previous.flatMap({ state.offset(of: $0, before: row.id) }),
      case .result(let record)? = file.event(at: offset)
    {
      previous = record.finding
    }
    let monitor = JobMonitor()
    let exhibits = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        DispatchQueue.global().async { [previous] in
          continuation.resume(
            returning: analyst.exhibits(of: result, path: path, size: size, previous: previous) {
              monitor.isCancelled
            })
        }
      }
    } onCancel: {
      monitor.cancel()
    }
    if let exhibits { kept = (result.resultID, exhibits) }
    return exhibits
  }
}

extension SessionState {
  mutating func apply(_ recorded: RecordedEvent, _ offset: Int) {
    if let event = recorded.event {
      apply(event, recorded.stamp, offset: offset)
    } else {
      skip(recorded.stamp)
    }
  }
}

/// One frame of a file, read for the screen.
struct FrameRead: Sendable {
  var summary: FileSummary?
  var frame: Frame?
  var problem: String?

  init(path: String, index: Int, open: OpenFile) {
    do throws(FileRefusal) {
      let source = try open(path)
      summary = source.summary
      frame = try source.frame(at: index)
    } catch {
      problem = error.reason
    }
  }
}

extension FrameDetail {
  mutating func take(_ read: FrameRead) {
    summary = read.summary
    frame = read.frame
    frames = read.summary?.frames ?? 0
    problem = read.problem
  }
}
