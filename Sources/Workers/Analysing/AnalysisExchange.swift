import Diffraction

/// One analysis, on the side of the session: hands it over, answers what the analysing process asks for, and
/// watches for progress, cancellation and death.
struct AnalysisExchange {
  enum Outcome {
    case finding(Finding)
    case failure(AnalysisError)
    case cancelled
    /// It does not look whether it is wanted any more.
    case ignoredCancel
    case standstill
    case died
  }

  private let call: AnalysisCall
  private let process: WorkerProcess
  private let limits: AnalystPool.Limits

  /// How often it is looked whether the analysis is still wanted.
  private static let look = Duration.milliseconds(50)

  init(_ call: AnalysisCall, _ process: WorkerProcess, _ limits: AnalystPool.Limits) {
    self.call = call
    self.process = process
    self.limits = limits
  }

  func run() -> Outcome {
    process.converse {
      let outcome = exchange()
      if case .died = outcome { process.noteDeathAtWork() }
      return outcome
    }
  }

  private func exchange() -> Outcome {
    let channel: Channel
    do throws(Channel.Failure) {
      guard let begun = try begin() else { return .failure(.failed("no memory is left")) }
      channel = begun
    } catch {
      // Killed a moment ago, its end of the channel is closed before the system tells that it is gone.
      return .died
    }
    var lastSign = ContinuousClock.now
    var cancelledAt: ContinuousClock.Instant?
    var fraction = -1.0
    while true {
      do throws(Channel.Failure) {
        let message = try channel.receive(until: .now + Self.look)
        let note = read(message)
        if case .progress(let value) = note, value == fraction { continue }
        lastSign = .now
        switch note {
        case .progress(let value):
          fraction = value
          call.context.progress(value)
        case .frames(let first, let count):
          guard let reply = frames(from: first, count: count) else {
            return .failure(.failed("no memory is left"))
          }
          try channel.send(reply)
        case .artifact(let artifact): try channel.send(written(artifact))
        case .finding(let finding): return .finding(finding)
        case .failure(let error): return error == .cancelled ? .cancelled : .failure(error)
        case .broken: return .died
        }
      } catch {
        guard error == .timedOut, process.isAlive else { return cancelledAt == nil ? .died : .cancelled }
        let now = ContinuousClock.now
        if let cancelledAt {
          if now - cancelledAt > limits.patience { return .ignoredCancel }
        } else if call.context.isCancelled() {
          cancelledAt = now
          channel.stopSending()
        } else if now - lastSign > limits.standstill {
          return .standstill
        }
      }
    }
  }

  /// Nil where there is no memory for it here.
  private func begin() throws(Channel.Failure) -> Channel? {
    guard let (near, far) = Channel.pair() else { return nil }
    // The far end is the other process's from now on.
    let distant = Channel(adopting: far)
    guard let request = Message(call.request()) else { return nil }
    defer { withExtendedLifetime(distant) {} }
    try process.channel.send(end: far)
    try near.send(request)
    return near
  }

  private enum Note {
    case progress(Double)
    case frames(first: Int, count: Int)
    case artifact(Artifact)
    case finding(Finding)
    case failure(AnalysisError)
    case broken
  }

  private func read(_ message: Message) -> Note {
    do throws(MessageReader.Broken) {
      var reader = try MessageReader(message)
      switch try reader.int() {
      case AnalysisWire.Note.progress: return .progress(try reader.double())
      case AnalysisWire.Note.frames: return .frames(first: try reader.int(), count: try reader.int())
      case AnalysisWire.Note.artifact: return .artifact(try reader.artifact())
      case AnalysisWire.Note.finding: return .finding(try reader.finding())
      case AnalysisWire.Note.failure: return .failure(try reader.analysisError())
      default: return .broken
      }
    } catch {
      return .broken
    }
  }

  /// Frames of the scan that is analysed: handed on as the reading process gave them, where one did.
  private func frames(from first: Int, count: Int) -> Message? {
    guard case .scan(let source) = call.subject else {
      return FrameBlock.message(.failure(FileRefusal(.unsupported, "this is no scan")))
    }
    do throws(FileRefusal) {
      if let source = source as? WorkerFrames { return try source.block(from: first, count: count) }
      return FrameBlock.message(.success([try source.frame(at: first)]))
    } catch {
      return FrameBlock.message(.failure(error))
    }
  }

  private func written(_ artifact: Artifact) throws(Channel.Failure) -> Message {
    var reply = MessageWriter()
    do throws(AnalysisError) {
      guard let write = call.context.write else { throw .failed("no file is wanted") }
      let path = try write(artifact)
      reply.put(AnalysisWire.Reply.written)
      reply.put(path)
    } catch {
      reply = MessageWriter()
      reply.put(AnalysisWire.Reply.failure)
      reply.put(error)
    }
    guard let message = Message(reply) else { throw .closed }
    return message
  }
}
