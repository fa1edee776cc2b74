import Diffraction
import System
import FrameFormats
import Synchronization

/// Reads files in a process of its own, so that a file that breaks or hangs a library costs one refusal and
/// not the session. The process is started when first needed and replaced when it dies or hangs.
///
/// A request during which the worker dies is tried once more in a fresh one, because anything may have ended
/// it (an operator, the kernel); dying twice over the same request is the file's fault.
package final class WorkerReader: Sendable {
  private struct State {
    var process: WorkerProcess?
    var nextNumber = 1
  }

  private let state = Mutex(State())
  /// Files that nobody reads any more, while the worker is busy.
  private let closed = Mutex<[Int]>([])
  private let executable: String
  private let arguments: [String]
  private let timeLimit: Duration
  private let incidents: IncidentLog?

  /// `executable` run with `arguments` has to end in `ReadingMain.run()`.
  package init(
    executable: String, arguments: [String], timeLimit: Duration = .seconds(20), incidents: IncidentLog? = nil
  ) {
    self.executable = executable
    self.arguments = arguments
    self.timeLimit = timeLimit
    self.incidents = incidents
  }

  /// The worker that runs now, if one does.
  package var processID: Int32? { state.withLock { $0.process?.id } }

  /// What is fetched when a file is opened.
  package enum Fetch: Int, Sendable {
    /// For a look at the header.
    case summary
    /// The first frame, too, in the same question: most files hold one.
    case firstFrame
    /// Also which file it is: hashed once, by the process that reads it.
    case identified
  }

  /// A file, opened, and which file it was before it was read.
  package struct Identified {
    package var source: any FrameSource
    package var identity: FileIdentity
    package var content: String

    package init(source: any FrameSource, identity: FileIdentity, content: String) {
      self.source = source
      self.identity = identity
      self.content = content
    }
  }

  package func open(
    path: String, limits: ReadLimits = ReadLimits(), fetch: Fetch = .firstFrame
  ) throws(FileRefusal) -> any FrameSource {
    try opened(path, limits, fetch).source
  }

  package func identify(
    path: String, limits: ReadLimits = ReadLimits()
  ) throws(FileRefusal) -> Identified {
    let (source, identity, content) = try opened(path, limits, .identified)
    guard let identity, let content else { throw FileRefusal(.unreadable, "the reading process is broken") }
    return Identified(source: source, identity: identity, content: content)
  }

  /// What tells whether two files hold the same, of a file that may be no image.
  package func digest(path: String) throws(FileRefusal) -> String {
    try attempt { state throws(Failure) in
      var request = MessageWriter()
      request.put(ReadingMain.Request.digest)
      request.put(path)
      let answer = try ask(request, &state)
      return try decode(answer, as: ReadingMain.Reply.digest) { reader throws(MessageReader.Broken) in
        try reader.text()
      }
    }
  }

  private func opened(
    _ path: String, _ limits: ReadLimits, _ fetch: Fetch
  ) throws(FileRefusal) -> (source: WorkerFrames, identity: FileIdentity?, content: String?) {
    let (opening, number) = try attempt { state throws(Failure) in
      let number = state.nextNumber
      state.nextNumber += 1
      return (try open(path, limits, number, fetch, &state), number)
    }
    let source = WorkerFrames(
      self, summary: opening.summary, first: opening.first, path: path, limits: limits, number: number)
    return (source, opening.identity, opening.content)
  }

  /// Frames of a file one after the other, as they came: to be looked at, or to be handed on.
  fileprivate func block(
    of frames: WorkerFrames, from first: Int, count: Int
  ) throws(FileRefusal) -> Message {
    try attempt { state throws(Failure) in
      var request = MessageWriter()
      request.put(ReadingMain.Request.frames)
      request.put(frames.number)
      request.put(first)
      request.put(count)
      var answer = try ask(request, &state)
      if answer.kind == ReadingMain.Reply.notOpen {
        _ = try open(frames.path, frames.limits, frames.number, .summary, &state)
        answer = try ask(request, &state)
      }
      return try decode(answer, as: ReadingMain.Reply.frames) { _ in answer.message }
    }
  }

  /// The worker closes the file: on some shares an open file cannot be renamed.
  fileprivate func close(_ number: Int) {
    closed.withLock { $0.append(number) }
    _ = state.withLockIfAvailable { flush(&$0) }
  }

  private func flush(_ state: inout State) {
    let numbers = closed.withLock { numbers in
      defer { numbers = [] }
      return numbers
    }
    for number in numbers {
      var request = MessageWriter()
      request.put(ReadingMain.Request.close)
      request.put(number)
      if let message = Message(request) { try? state.process?.channel.send(message) }
    }
  }

  // MARK: - One request

  private enum Failure: Error {
    case refusal(FileRefusal)
    case channel(Channel.Failure)
    case broken
    case start
  }

  private func attempt<T>(
    _ body: (inout sending State) throws(Failure) -> T
  ) throws(FileRefusal) -> T {
    let result: Result<T, FileRefusal> = state.withLock { state in
      var ending = ""
      for _ in 0..<2 {
        do throws(Failure) {
          flush(&state)
          return .success(try body(&state))
        } catch {
          switch error {
          case .refusal(let refusal): return .failure(refusal)
          case .start: return .failure(FileRefusal(.unreadable, "the reading process cannot be started"))
          case .channel(.timedOut):
            state.process?.end()
            state.process = nil
            // A network share that hangs looks the same, and may come back.
            return .failure(
              FileRefusal(.unreadable, "the reading process gave no answer within \(timeLimit)"))
          case .channel(.closed), .broken: ending = bury(&state)
          }
        }
      }
      return .failure(FileRefusal(.damaged, "the reading process \(ending), twice"))
    }
    return try result.get()
  }

  private func bury(_ state: inout State) -> String {
    guard let process = state.process else { return "is gone" }
    state.process = nil
    let ending = process.ending()
    incidents?.record("the reading process \(ending)", details: [], ending.lastWords)
    return "\(ending)"
  }

  private func open(
    _ path: String, _ limits: ReadLimits, _ number: Int, _ fetch: Fetch, _ state: inout State
  ) throws(Failure) -> (summary: FileSummary, identity: FileIdentity?, content: String?, first: Frame?) {
    var request = MessageWriter()
    request.put(ReadingMain.Request.open)
    request.put(number)
    request.put(path)
    request.put(limits)
    request.put(fetch.rawValue)
    return try decode(try ask(request, &state), as: ReadingMain.Reply.opened) {
      reader throws(MessageReader.Broken) in
      let summary = try reader.summary()
      let identity = try reader.optional { reader throws(MessageReader.Broken) in try reader.identity() }
      let content = try reader.optional { reader throws(MessageReader.Broken) in try reader.text() }
      let first = try reader.optional { reader throws(MessageReader.Broken) in try reader.frame() }
      return (summary, identity, content, first)
    }
  }

  private struct Answer {
    var message: Message
    var reader: MessageReader
    var kind: Int
  }

  private func ask(_ request: MessageWriter, _ state: inout State) throws(Failure) -> Answer {
    if state.process == nil {
      state.process = WorkerProcess(executable: executable, arguments: arguments)
    }
    guard let process = state.process else { throw .start }
    guard let message = Message(request) else { throw .broken }
    do throws(Channel.Failure) {
      try process.channel.send(message)
      let reply = try process.receive(from: process.channel, until: .now + timeLimit)
      do throws(MessageReader.Broken) {
        var reader = try MessageReader(reply)
        let kind = try reader.int()
        return Answer(message: reply, reader: reader, kind: kind)
      } catch {
        throw Channel.Failure.closed
      }
    } catch {
      throw .channel(error)
    }
  }

  private func decode<T>(
    _ answer: Answer, as kind: Int, _ body: (inout MessageReader) throws(MessageReader.Broken) -> T
  ) throws(Failure) -> T {
    var reader = answer.reader
    let result: Result<T, Failure>
    do throws(MessageReader.Broken) {
      switch answer.kind {
      case kind: result = .success(try body(&reader))
      case ReadingMain.Reply.refusal: result = .failure(.refusal(try reader.refusal()))
      default: result = .failure(.broken)
      }
    } catch {
      throw .broken
    }
    return try result.get()
  }
}

/// A file that the worker reads.
final class WorkerFrames: FrameSource {
  let summary: FileSummary
  fileprivate let path: String
  fileprivate let limits: ReadLimits
  fileprivate let number: Int
  /// Frames that were fetched and that nobody asked for yet.
  private var held: [Frame] = []
  private var next = 0
  private let reader: WorkerReader

  fileprivate init(
    _ reader: WorkerReader, summary: FileSummary, first: Frame?, path: String, limits: ReadLimits, number: Int
  ) {
    self.reader = reader
    self.summary = summary
    self.path = path
    self.limits = limits
    self.number = number
    if let first { held = [first] }
  }

  deinit { reader.close(number) }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    try summary.requireFrame(index)
    // The first is handed over once: whoever needs it again reads it again.
    if let place = held.firstIndex(where: { $0.index == index }) {
      let frame = held[place]
      held.removeFirst(place + 1)
      next = index + 1
      return frame
    }
    let message = try block(from: index, count: index == next ? FrameBlock.length(of: summary) : 1)
    guard let frames = FrameBlock.frames(in: message), let frame = frames.first, frame.index == index else {
      throw FileRefusal(.damaged, "the reading process handed over another frame")
    }
    held = Array(frames.dropFirst())
    next = index + 1
    return frame
  }

  /// As the reading process hands it over, for another process.
  func block(from first: Int, count: Int) throws(FileRefusal) -> Message {
    try reader.block(of: self, from: first, count: count)
  }
}
