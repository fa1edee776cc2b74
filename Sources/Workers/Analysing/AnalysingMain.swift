import Diffraction
import Dispatch
import FrameFormats
import Glibc
import Synchronization
import System

/// The analysing process: engines with their models, which stay warm from frame to frame. A trap, a hang or a
/// hunger for memory in one of them ends this process and not the session.
package enum AnalysingMain {
  /// Serves until the other side closes the socket.
  package static func run(engines: [any AnalysisEngine], memoryBytes: Int) -> Never {
    WorkerLimits.bound(memoryBytes: memoryBytes)
    WorkerLimits.dieWithParent()
    let control = Channel(adopting: WorkerProcess.descriptor)
    // Below the session's own threads: an analysis on every core must not delay a key.
    let queue = DispatchQueue(label: "analyses", qos: .utility, attributes: .concurrent)
    let tidying = Tidying()
    while true {
      do throws(Channel.Failure) {
        guard let channel = try control.receiveEnd() else { continue }
        queue.async {
          AnalysisService(channel).serve(engines)
          tidying.schedule()
        }
      } catch {
        _exit(0)
      }
    }
  }
}

/// Gives what the last analyses left back to the system, some seconds after them: their pieces lie scattered
/// over the heaps of many threads, and would stay.
private final class Tidying: Sendable {
  private let isDue = Atomic<Bool>(false)

  func schedule() {
    guard !isDue.exchange(true, ordering: .relaxed) else { return }
    DispatchQueue.global(qos: .background).asyncAfter(deadline: .now() + 5) { [self] in
      isDue.store(false, ordering: .relaxed)
      Heap.giveBack()
    }
  }
}

/// One analysis, on the side that does it.
private struct AnalysisService {
  private let conversation: Conversation

  init(_ channel: Channel) { conversation = Conversation(channel) }

  func serve(_ engines: [any AnalysisEngine]) {
    guard let request = try? conversation.channel.receive(until: nil) else { return }
    var answer = MessageWriter()
    do {
      var reader = try MessageReader(request)
      let name = try reader.text()
      let parameters = try reader.parameters()
      let previous = try reader.optional { reader throws(MessageReader.Broken) in try reader.finding() }
      let isWriting = try reader.bool()
      let subject: Subject =
        try reader.int() == 0
        ? .frame(try reader.frame())
        : .scan(DistantFrames(try reader.summary(), conversation))
      guard let engine = engines.first(where: { $0.name == name }) else {
        throw AnalysisError.failed("\(name): no such engine")
      }
      let finding = try engine.analyze(subject, parameters, context(previous, isWriting))
      answer.put(AnalysisWire.Note.finding)
      answer.put(finding)
    } catch let error as AnalysisError {
      answer = MessageWriter()
      answer.put(AnalysisWire.Note.failure)
      answer.put(error)
    } catch {
      // The other side speaks another language: nothing it says can be trusted.
      _exit(1)
    }
    if let message = Message(answer) {
      try? conversation.channel.send(message)
    } else {
      var failure = MessageWriter()
      failure.put(AnalysisWire.Note.failure)
      failure.put(AnalysisError.failed("no memory is left for its exhibits"))
      if let message = Message(failure) { try? conversation.channel.send(message) }
    }
  }

  private func context(_ previous: Finding?, _ isWriting: Bool) -> AnalysisContext {
    var context = AnalysisContext(
      previous: previous, isCancelled: { [conversation] in conversation.isCancelled },
      progress: { [conversation] in conversation.report($0) })
    if isWriting {
      context.write = { [conversation] artifact throws(AnalysisError) in try conversation.write(artifact) }
    }
    return context
  }
}

/// What an analysis says to the session while it works; engines may do so from any of their threads.
private final class Conversation: Sendable {
  let channel: Channel
  private let turn = Mutex(())
  private let lastLook = Atomic<UInt64>(0)
  private let wasHungUp = Atomic<Bool>(false)
  private let lastReport = Atomic<UInt64>(0)

  init(_ channel: Channel) { self.channel = channel }

  /// Asked in inner loops: the socket is looked at now and then.
  var isCancelled: Bool {
    if wasHungUp.load(ordering: .relaxed) { return true }
    guard isDue(lastLook, every: 2_000_000) else { return false }
    guard channel.isHungUp else { return false }
    wasHungUp.store(true, ordering: .relaxed)
    return true
  }

  func report(_ fraction: Double) {
    guard isDue(lastReport, every: 50_000_000) else { return }
    var note = MessageWriter()
    note.put(AnalysisWire.Note.progress)
    note.put(fraction)
    if let message = Message(note) { channel.offer(message) }
  }

  private func isDue(_ last: borrowing Atomic<UInt64>, every nanoseconds: UInt64) -> Bool {
    let now = DispatchTime.now().uptimeNanoseconds
    let before = last.load(ordering: .relaxed)
    guard now >= before + nanoseconds else { return false }
    return last.compareExchange(expected: before, desired: now, ordering: .relaxed).exchanged
  }

  func frames(from first: Int, count: Int) throws(FileRefusal) -> [Frame] {
    var question = MessageWriter()
    question.put(AnalysisWire.Note.frames)
    question.put(first)
    question.put(count)
    let reply = try ask(question)
    if let frames = FrameBlock.frames(in: reply) { return frames }
    throw FrameBlock.refusal(in: reply) ?? Self.lost
  }

  func write(_ artifact: Artifact) throws(AnalysisError) -> String {
    var question = MessageWriter()
    question.put(AnalysisWire.Note.artifact)
    question.put(artifact)
    do {
      var reader = try MessageReader(try ask(question))
      switch try reader.int() {
      case AnalysisWire.Reply.written: return try reader.text()
      case AnalysisWire.Reply.failure: throw try reader.analysisError()
      default: throw MessageReader.Broken()
      }
    } catch let error as AnalysisError {
      throw error
    } catch let error as FileRefusal {
      throw .file(error)
    } catch {
      throw .file(Self.lost)
    }
  }

  private static let lost = FileRefusal(.unreadable, "the session does not answer")

  /// One question at a time.
  private func ask(_ question: MessageWriter) throws(FileRefusal) -> Message {
    guard let message = Message(question) else { throw Self.lost }
    let reply: Message? = turn.withLock { _ -> Message? in
      guard (try? channel.send(message)) != nil else { return nil }
      return try? channel.receive(until: nil)
    }
    guard let reply else { throw Self.lost }
    return reply
  }
}

/// A scan whose file another process reads.
private final class DistantFrames: FrameSource {
  let summary: FileSummary
  private let conversation: Conversation
  private var held: [Frame] = []
  private var next = 0

  init(_ summary: FileSummary, _ conversation: Conversation) {
    self.summary = summary
    self.conversation = conversation
  }

  func frame(at index: Int) throws(FileRefusal) -> Frame {
    try summary.requireFrame(index)
    if let place = held.firstIndex(where: { $0.index == index }) {
      let frame = held[place]
      held.removeFirst(place)
      next = index + 1
      return frame
    }
    let count = index == next ? FrameBlock.length(of: summary) : 1
    held = try conversation.frames(from: index, count: count)
    next = index + 1
    guard let frame = held.first, frame.index == index else {
      throw FileRefusal(.damaged, "the reading process handed over another frame")
    }
    return frame
  }
}
