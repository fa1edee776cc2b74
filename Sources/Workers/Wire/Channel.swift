import Glibc

/// One end of a socket between two processes: whole messages, with at most one descriptor beside each.
package final class Channel: Sendable {
  package enum Failure: Error {
    /// The other process is gone, or hung up.
    case closed
    case timedOut
  }

  private let descriptor: Int32
  // A control message with one descriptor: a header of 16 bytes, the descriptor, padding to 8.
  private static let controlBytes = 24
  private static let scmRights: Int32 = 1

  init(adopting descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Two ends. Packets, not a stream: a message is there whole or not at all.
  static func pair() -> (near: Channel, far: Int32)? {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return nil }
    return (Channel(adopting: ends[0]), ends[1])
  }

  func send(_ message: Message) throws(Failure) {
    try send(message.head, with: message.memory?.descriptor)
  }

  /// Hands over one end of another channel; it stays open here.
  func send(end: Int32) throws(Failure) { try send([UInt8](repeating: 0, count: 8), with: end) }

  /// For news that may be missed: nothing is sent where the other side has not read the earlier ones.
  func offer(_ message: Message) { _ = packet(message.head, with: nil, flags: Int32(MSG_DONTWAIT)) }

  private func send(_ head: [UInt8], with attached: Int32?) throws(Failure) {
    while packet(head, with: attached, flags: 0) != head.count {
      if errno != EINTR { throw .closed }
    }
  }

  private func packet(_ bytes: [UInt8], with attached: Int32?, flags: Int32) -> Int {
    bytes.withUnsafeBytes { raw in
      var part = iovec(iov_base: UnsafeMutableRawPointer(mutating: raw.baseAddress), iov_len: raw.count)
      return withUnsafeMutablePointer(to: &part) { part in
        withUnsafeTemporaryAllocation(byteCount: Self.controlBytes, alignment: 8) { control in
          var header = msghdr()
          header.msg_iov = part
          header.msg_iovlen = 1
          if let attached {
            control.initializeMemory(as: UInt8.self, repeating: 0)
            control.storeBytes(of: 20, toByteOffset: 0, as: Int.self)
            control.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: Int32.self)
            control.storeBytes(of: Self.scmRights, toByteOffset: 12, as: Int32.self)
            control.storeBytes(of: attached, toByteOffset: 16, as: Int32.self)
            header.msg_control = control.baseAddress
            header.msg_controllen = Self.controlBytes
          }
          return sendmsg(descriptor, &header, Int32(MSG_NOSIGNAL) | flags)
        }
      }
    }
  }

  /// The next message. `deadline` is on the monotonic clock.
  func receive(until deadline: ContinuousClock.Instant?) throws(Failure) -> Message {
    let (head, attached) = try receivePacket(until: deadline)
    return Message(head: head, adopting: attached)
  }

  /// The next end of another channel; nil where something else came.
  func receiveEnd() throws(Failure) -> Channel? {
    try receivePacket(until: nil).attached.map { Channel(adopting: $0) }
  }

  private func receivePacket(until deadline: ContinuousClock.Instant?) throws(Failure) -> (
    head: [UInt8], attached: Int32?
  ) {
    if let deadline { try wait(until: deadline) }
    var attached: Int32?
    var isCut = false
    var count = -1
    let head = [UInt8](unsafeUninitializedCapacity: Message.packetBytes) { buffer, used in
      repeat { count = packet(into: buffer, &attached, &isCut) } while count < 0 && errno == EINTR
      used = max(0, count)
    }
    guard count > 0, !isCut else {
      if let attached { close(attached) }
      throw .closed
    }
    return (head, attached)
  }

  private func packet(
    into buffer: UnsafeMutableBufferPointer<UInt8>, _ attached: inout Int32?, _ isCut: inout Bool
  ) -> Int {
    var part = iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
    return withUnsafeMutablePointer(to: &part) { part in
      withUnsafeTemporaryAllocation(byteCount: Self.controlBytes, alignment: 8) { control in
        control.initializeMemory(as: UInt8.self, repeating: 0)
        var header = msghdr()
        header.msg_iov = part
        header.msg_iovlen = 1
        header.msg_control = control.baseAddress
        header.msg_controllen = Self.controlBytes
        let got = recvmsg(descriptor, &header, Int32(MSG_CMSG_CLOEXEC))
        isCut = header.msg_flags & Int32(MSG_TRUNC) != 0
        if got > 0, header.msg_controllen >= 20,
          control.load(fromByteOffset: 12, as: Int32.self) == Self.scmRights
        {
          attached = control.load(fromByteOffset: 16, as: Int32.self)
        }
        return got
      }
    }
  }

  private func wait(until deadline: ContinuousClock.Instant) throws(Failure) {
    while true {
      let left = ContinuousClock.now.duration(to: deadline).components
      let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1
      guard milliseconds > 0 else { throw .timedOut }
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let count = poll(&entry, 1, Int32(clamping: milliseconds))
      if count > 0 { return }
      if count < 0 && errno != EINTR { throw .closed }
    }
  }

  /// Says to the other side that nothing more is wanted; it may still answer.
  func stopSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Ends the conversation for whoever waits at either end.
  func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Whether the other side wants nothing more, or is gone.
  var isHungUp: Bool {
    // POLLRDHUP, which the C headers show only with _GNU_SOURCE.
    let half = Int16(0x2000)
    var entry = pollfd(fd: descriptor, events: half, revents: 0)
    return poll(&entry, 1, 0) > 0 && entry.revents & (half | Int16(POLLHUP) | Int16(POLLERR)) != 0
  }

  /// Returns when the other side is gone.
  func waitForEnd() {
    while true {
      var entry = pollfd(fd: descriptor, events: 0, revents: 0)
      if poll(&entry, 1, -1) > 0, entry.revents & Int16(POLLHUP | POLLERR) != 0 { return }
    }
  }
}
