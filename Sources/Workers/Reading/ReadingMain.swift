import Diffraction
import System
import FrameFormats
import Glibc

/// The reading process: opens what it is told to, hands over summaries and pixels, and dies alone when a
/// file breaks a library.
package enum ReadingMain {
  enum Request {
    static let open = 1, frames = 2, close = 3, digest = 4
  }

  enum Reply {
    static let opened = 1, frames = 2, refusal = 3, notOpen = 4, digest = 5
  }

  /// The first frame goes with the summary if it is at most so large: a frame from a file of its own then takes
  /// one question and one answer.
  private static let aheadBytes = 16 << 20
  /// So many files are held open; of more than that the one used longest ago is opened again when asked for.
  private static let openLimit = 8

  /// Serves until the other side closes the socket. `memoryBytes` bounds what the process may allocate.
  package static func run(memoryBytes: Int = 1 << 30, raw: RawLayout? = nil) -> Never {
    WorkerLimits.bound(memoryBytes: memoryBytes)
    WorkerLimits.dieWithParent()
    let channel = Channel(adopting: WorkerProcess.descriptor)
    var sources = OpenSources(limit: openLimit)
    while let request = try? channel.receive(until: nil) {
      do {
        guard let reply = Message(try answer(request, &sources, raw)) else {
          throw FileRefusal(.tooLarge, "no memory is left for its pixels")
        }
        if !reply.head.isEmpty { try channel.send(reply) }
      } catch let refusal as FileRefusal {
        var reply = MessageWriter()
        reply.put(Reply.refusal)
        reply.put(refusal)
        guard let message = Message(reply), (try? channel.send(message)) != nil else { _exit(1) }
      } catch is NoReply {
        continue
      } catch {
        _exit(1)
      }
    }
    _exit(0)
  }

  private struct NoReply: Error {}

  private static func answer(
    _ request: Message, _ sources: inout OpenSources, _ raw: RawLayout?
  ) throws -> MessageWriter {
    var reader = try MessageReader(request)
    var reply = MessageWriter()
    switch try reader.int() {
    case Request.open:
      let (number, path, limits) = (try reader.int(), try reader.text(), try reader.limits())
      let fetch = WorkerReader.Fetch(rawValue: try reader.int()) ?? .summary
      // Before anything is read: a file that is written to meanwhile must not look as if it had rested.
      let identity = fetch == .identified ? try identity(of: path) : nil
      let digest = fetch == .identified ? try contentHash(ofFile: path) : nil
      let source = try FormatList.open(path: path, limits: limits, raw: raw)
      sources[number] = source
      reply.put(Reply.opened)
      reply.put(source.summary)
      reply.put(identity) { $0.put($1) }
      reply.put(digest) { $0.put($1) }
      reply.put(fetch == .summary ? nil : ahead(source)) { $0.put($1) }
    case Request.frames:
      let (number, first, count) = (try reader.int(), try reader.int(), try reader.int())
      guard let source = sources[number] else {
        reply.put(Reply.notOpen)
        return reply
      }
      reply.put(Reply.frames)
      reply.put(try block(of: source, from: first, count: count)) { $0.put($1) }
    case Request.close:
      sources[try reader.int()] = nil
      throw NoReply()
    case Request.digest:
      reply.put(Reply.digest)
      reply.put(try contentHash(ofFile: try reader.text()))
    default: throw MessageReader.Broken()
    }
    return reply
  }

  private static func identity(of path: String) throws(FileRefusal) -> FileIdentity {
    do {
      return try FileIdentity(path: path)
    } catch {
      throw FileRefusal(.unreadable, error.reason)
    }
  }

  /// The first frame. That it cannot be read is said when it is asked for.
  private static func ahead(_ source: any FrameSource) -> Frame? {
    let summary = source.summary
    guard summary.frames > 0, summary.frameBytes <= aheadBytes else { return nil }
    return try? source.frame(at: 0)
  }

  /// Frames one after the other, up to the first that cannot be read.
  private static func block(
    of source: any FrameSource, from first: Int, count: Int
  ) throws(FileRefusal) -> [Frame] {
    var frames = [try source.frame(at: first)]
    while frames.count < count, first + frames.count < source.summary.frames {
      guard let next = try? source.frame(at: first + frames.count) else { break }
      frames.append(next)
    }
    return frames
  }
}

/// The files that are open, by the number that the other side gave them.
private struct OpenSources {
  private var sources: [(number: Int, source: any FrameSource)] = []
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  subscript(number: Int) -> (any FrameSource)? {
    mutating get {
      guard let index = sources.firstIndex(where: { $0.number == number }) else { return nil }
      let entry = sources.remove(at: index)
      sources.append(entry)
      return entry.source
    }
    set {
      sources.removeAll { $0.number == number }
      if let newValue { sources.append((number, newValue)) }
      if sources.count > limit { sources.removeFirst() }
    }
  }
}

extension FileSummary {
  /// What one frame takes; a product that no number holds is more than anything.
  var frameBytes: Int {
    let (area, isHuge) = width.multipliedReportingOverflow(by: height)
    let (bytes, isHuger) = area.multipliedReportingOverflow(by: sample.byteCount)
    return isHuge || isHuger ? .max : bytes
  }
}
