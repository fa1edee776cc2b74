import CLinux
import Diffraction
import Glibc

/// The reading process: opens what it is told to, hands over summaries and pixels, and dies alone when a
/// file breaks a library.
public enum WorkerMain {
  /// The socket, as the parent leaves it.
  static let descriptor: Int32 = 3

  enum Request {
    static let open = 1, frame = 2
  }

  enum Reply {
    static let summary = 1, frame = 2, refusal = 3
  }

  /// The first frame goes with the summary if it is at most so large: a frame from a file of its own then takes
  /// one question and one answer.
  static let aheadBytes = 16 << 20

  /// Serves until the other side closes the socket. `memoryBytes` bounds what the process may allocate.
  public static func run(memoryBytes: Int = 1 << 30, raw: RawLayout? = nil) -> Never {
    limit(memoryBytes)
    dieWithParent()
    let channel = WorkerChannel(descriptor: descriptor)
    var source: (any FrameSource)?
    while let request = try? channel.receive(until: nil) {
      if let attached = request.attached { close(attached) }
      var reader = WireReader(request.message)
      do {
        switch try reader.int() {
        case Request.open:
          source = nil
          let path = try reader.text()
          let opened = try FormatList.open(path: path, limits: try reader.limits(), raw: raw)
          source = opened
          var reply = WireWriter()
          reply.put(Reply.summary)
          reply.put(opened.summary)
          let first = try reader.int() == 1 ? ahead(opened) : nil
          reply.put(first?.frame) { $0.put($1) }
          defer { if let first { close(first.memory) } }
          try channel.send(reply.bytes, with: first?.memory)
        case Request.frame:
          guard let source else { _exit(1) }
          let frame = try source.frame(at: try reader.int())
          let memory = try share(frame.pixels)
          defer { close(memory) }
          var reply = WireWriter()
          reply.put(Reply.frame)
          reply.put(frame)
          try channel.send(reply.bytes, with: memory)
        default: _exit(1)
        }
      } catch let refusal as FileRefusal {
        var reply = WireWriter()
        reply.put(Reply.refusal)
        reply.put(refusal)
        guard (try? channel.send(reply.bytes)) != nil else { _exit(1) }
      } catch {
        _exit(1)
      }
    }
    _exit(0)
  }

  /// The first frame. That it cannot be read is said when it is asked for.
  private static func ahead(_ source: any FrameSource) -> (frame: Frame, memory: Int32)? {
    let summary = source.summary
    guard summary.frames > 0,
      let bytes = checkedProduct(summary.width, summary.height, summary.sample.byteCount), bytes <= aheadBytes
    else { return nil }
    do throws(FileRefusal) {
      let frame = try source.frame(at: 0)
      return (frame, try share(frame.pixels))
    } catch {
      return nil
    }
  }

  /// Puts the pixels into memory that can be mapped elsewhere and never changes again.
  private static func share(_ pixels: Pixels) throws(FileRefusal) -> Int32 {
    let memory = linux_memory("pixels")
    guard memory >= 0 else { throw DiskFile.refusal(errno) }
    var done = 0
    while done < pixels.byteCount {
      let count = pixels.withBytes { write(memory, $0.baseAddress.map { $0 + done }, $0.count - done) }
      if count > 0 {
        done += count
      } else if errno != EINTR {
        let code = errno
        close(memory)
        throw DiskFile.refusal(code)
      }
    }
    guard linux_seal(memory) == 0 else {
      let code = errno
      close(memory)
      throw DiskFile.refusal(code)
    }
    return memory
  }

  private static func limit(_ memoryBytes: Int) {
    // What is allocated, not what is mapped: libraries map much and use little.
    var data = rlimit(rlim_cur: rlim_t(memoryBytes), rlim_max: rlim_t(memoryBytes))
    setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &data)
    var core = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &core)
  }

  /// A thread that wakes only when the other side is gone: a worker stuck in a file must not outlive it.
  private static func dieWithParent() {
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { _ in
        while true {
          var entry = pollfd(fd: WorkerMain.descriptor, events: 0, revents: 0)
          if poll(&entry, 1, -1) > 0 && entry.revents & Int16(POLLHUP | POLLERR) != 0 { _exit(0) }
        }
      }, nil)
    pthread_detach(thread)
  }
}
