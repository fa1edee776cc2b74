import Diffraction

/// Frames that travel together: a scan is thousands of small ones.
enum FrameBlock {
  private static let bytes = 4 << 20
  private static let limit = 256

  /// How many frames of a file are fetched at once.
  static func length(of summary: FileSummary) -> Int {
    min(limit, max(1, bytes / max(1, summary.frameBytes)))
  }

  static func frames(in message: Message) -> [Frame]? {
    do throws(MessageReader.Broken) {
      var reader = try MessageReader(message)
      guard try reader.int() == ReadingMain.Reply.frames else { return nil }
      return try reader.array { reader throws(MessageReader.Broken) in try reader.frame() }
    } catch {
      return nil
    }
  }

  /// Why there are none.
  static func refusal(in message: Message) -> FileRefusal? {
    do throws(MessageReader.Broken) {
      var reader = try MessageReader(message)
      return try reader.int() == ReadingMain.Reply.refusal ? try reader.refusal() : nil
    } catch {
      return nil
    }
  }

  /// Says them, in place of the reading process.
  static func message(_ frames: Result<[Frame], FileRefusal>) -> Message? {
    var reply = MessageWriter()
    switch frames {
    case .success(let frames):
      reply.put(ReadingMain.Reply.frames)
      reply.put(frames) { $0.put($1) }
    case .failure(let refusal):
      reply.put(ReadingMain.Reply.refusal)
      reply.put(refusal)
    }
    return Message(reply)
  }
}
