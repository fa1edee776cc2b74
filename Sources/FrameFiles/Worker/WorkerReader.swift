import CLinux
import Diffraction
import Glibc
import Synchronization

/// Reads files in a process of its own, so that a file that breaks or hangs a library costs one refusal and
/// not the session. The process is started when first needed and replaced when it dies or hangs.
///
/// A request during which the worker dies is tried once more in a fresh one, because anything may have ended
/// it (an operator, the kernel); dying twice over the same request is the file's fault.
public final class WorkerReader: @unchecked Sendable {
  private struct State {
    var process: WorkerProcess?
    /// Which source's file the worker has open.
    var openSource = 0
    var nextSource = 1
  }

  private let lock = Mutex(())
  /// Touched only with `lock` held.
  private var state = State()
  private let executable: String
  private let arguments: [String]
  private let timeLimit: Duration

  /// `executable` run with `arguments` has to end in `WorkerMain.run()`.
  public init(executable: String, arguments: [String], timeLimit: Duration = .seconds(20)) {
    self.executable = executable
    self.arguments = arguments
    self.timeLimit = timeLimit
  }

  /// The worker that runs now, if one does.
  public var processID: Int32? { lock.withLock { _ in state.process?.id } }

  /// What is fetched when a file is opened.
  public enum Fetch: Sendable {
    /// For a look at the header.
    case summary
    /// The first frame, too, in the same question: most files hold one.
    case firstFrame
  }

  public func open(path: String, limits: ReadLimits = ReadLimits(), fetch: Fetch = .firstFrame)
    throws(FileRefusal) -> any FrameSource
  {
    let result = lock.withLock { _ in
      let number = state.nextSource
      state.nextSource += 1
      return attempt { () throws(Failure) in (try open(path, limits, number, fetch), number) }
    }
    let (opened, number) = try result.get()
    return WorkerFrames(
      self, summary: opened.summary, first: opened.first, path: path, limits: limits, number: number)
  }

  fileprivate func frame(at index: Int, of frames: WorkerFrames) throws(FileRefusal) -> Frame {
    let result = lock.withLock { _ in
      attempt { () throws(Failure) -> Frame in
        if state.openSource != frames.number || state.process == nil {
          _ = try open(frames.path, frames.limits, frames.number, .summary)
        }
        var request = WireWriter()
        request.put(WorkerMain.Request.frame)
        request.put(index)
        return try receiveFrame(try ask(request.bytes))
      }
    }
    return try result.get()
  }

  // MARK: - One request

  private enum Failure: Error {
    case refusal(FileRefusal)
    case channel(WorkerChannel.Failure)
    case broken
    case start
  }

  private func attempt<T>(_ body: () throws(Failure) -> T) -> Result<T, FileRefusal> {
    var ending = ""
    for _ in 0..<2 {
      do throws(Failure) {
        return .success(try body())
      } catch {
        switch error {
        case .refusal(let refusal): return .failure(refusal)
        case .start: return .failure(FileRefusal(.unreadable, "the reading process cannot be started"))
        case .channel(.timedOut):
          _ = replace(.timedOut)
          // A network share that hangs looks the same, and may come back.
          return .failure(FileRefusal(.unreadable, "the reading process gave no answer within \(timeLimit)"))
        case .channel(.closed), .broken: ending = replace(.closed)
        }
      }
    }
    return .failure(FileRefusal(.damaged, "the reading process \(ending), twice"))
  }

  private func replace(_ failure: WorkerChannel.Failure) -> String {
    let ending = failure == .timedOut ? state.process?.end() : state.process?.outcome()
    state.process = nil
    state.openSource = 0
    return ending ?? "is gone"
  }

  private func open(_ path: String, _ limits: ReadLimits, _ number: Int, _ fetch: Fetch) throws(Failure)
    -> (summary: FileSummary, first: Frame?)
  {
    state.openSource = 0
    var request = WireWriter()
    request.put(WorkerMain.Request.open)
    request.put(path)
    request.put(limits)
    request.put(fetch == .firstFrame ? 1 : 0)
    let (message, attached) = try ask(request.bytes)
    defer { if let attached { close(attached) } }
    var reader = WireReader(message)
    do {
      switch try reader.int() {
      case WorkerMain.Reply.summary:
        let summary = try reader.summary()
        let first = try reader.int() == 1 ? try frame(&reader, attached) : nil
        state.openSource = number
        return (summary, first)
      case WorkerMain.Reply.refusal: throw Failure.refusal(try reader.refusal())
      default: throw Failure.broken
      }
    } catch let failure as Failure {
      throw failure
    } catch {
      throw .broken
    }
  }

  private func ask(_ request: [UInt8]) throws(Failure) -> (
    message: [UInt8], attached: Int32?
  ) {
    if state.process == nil { state.process = WorkerProcess(executable: executable, arguments: arguments) }
    guard let process = state.process else { throw .start }
    do throws(WorkerChannel.Failure) {
      try process.channel.send(request)
      return try process.channel.receive(until: .now + timeLimit)
    } catch {
      throw .channel(error)
    }
  }

  private func receiveFrame(_ reply: (message: [UInt8], attached: Int32?)) throws(Failure) -> Frame {
    defer { if let attached = reply.attached { close(attached) } }
    var reader = WireReader(reply.message)
    do {
      switch try reader.int() {
      case WorkerMain.Reply.frame: return try frame(&reader, reply.attached)
      case WorkerMain.Reply.refusal: throw Failure.refusal(try reader.refusal())
      default: throw Failure.broken
      }
    } catch let failure as Failure {
      throw failure
    } catch {
      throw .broken
    }
  }

  private func frame(_ reader: inout WireReader, _ attached: Int32?) throws -> Frame {
    let (width, height) = (try reader.int(), try reader.int())
    let sample = try reader.sample()
    let (calibration, beam, index) = (try reader.calibration(), try reader.beam(), try reader.int())
    guard let attached, width > 0, height > 0,
      let bytes = checkedProduct(width, height, sample.byteCount), let storage = adopt(attached, bytes)
    else { throw Failure.broken }
    let pixels = Pixels(width: width, height: height, sample: sample, storage: storage)
    return Frame(pixels: pixels, calibration: calibration, beam: beam, index: index)
  }

  /// Maps the worker's memory. Only sealed memory is taken: it can neither shrink under the reader nor change.
  private func adopt(_ descriptor: Int32, _ bytes: Int) -> PixelStorage? {
    var status = stat()
    guard linux_is_sealed(descriptor) != 0, fstat(descriptor, &status) == 0, Int(status.st_size) >= bytes,
      let address = mmap(nil, bytes, PROT_READ, MAP_SHARED | Int32(MAP_POPULATE), descriptor, 0),
      address != MAP_FAILED
    else { return nil }
    let number = UInt(bitPattern: address)
    return PixelStorage(adopting: UnsafeRawBufferPointer(start: address, count: bytes)) {
      munmap(UnsafeMutableRawPointer(bitPattern: number), bytes)
    }
  }
}

/// A file that the worker reads.
private final class WorkerFrames: FrameSource {
  let summary: FileSummary
  let path: String
  let limits: ReadLimits
  let number: Int
  /// Came with the summary; handed over once.
  private var first: Frame?
  private let reader: WorkerReader

  init(
    _ reader: WorkerReader, summary: FileSummary, first: Frame?, path: String, limits: ReadLimits, number: Int
  ) {
    self.reader = reader
    self.summary = summary
    self.first = first
    self.path = path
    self.limits = limits
    self.number = number
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    try summary.requireFrame(index)
    if let held = first {
      first = nil
      if held.index == index { return held }
    }
    return try reader.frame(at: index, of: self)
  }
}
