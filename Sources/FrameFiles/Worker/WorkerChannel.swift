import Glibc

/// One end of the socket between reader and worker: messages with a length in front, and now and then a
/// descriptor alongside.
struct WorkerChannel {
  enum Failure: Error {
    /// The other process is gone.
    case closed
    case timedOut
  }

  let descriptor: Int32
  /// No message is longer; a damaged process could claim anything.
  private static let limit = 16 << 20
  // A control message with one descriptor: a header of 16 bytes, the descriptor, padding to 8.
  private static let controlBytes = 24
  private static let scmRights: Int32 = 1

  func send(_ message: [UInt8], with attached: Int32? = nil) throws(Failure) {
    var head = WireWriter()
    head.put(message.count)
    let bytes = head.bytes + message
    var done = 0
    while done < bytes.count {
      let count = sendPart(bytes, from: done, with: done == 0 ? attached : nil)
      if count > 0 {
        done += count
      } else if errno != EINTR {
        throw .closed
      }
    }
  }

  private func sendPart(_ bytes: [UInt8], from start: Int, with attached: Int32?) -> Int {
    bytes.withUnsafeBytes { raw in
      var part = iovec(
        iov_base: UnsafeMutableRawPointer(mutating: raw.baseAddress.map { $0 + start }),
        iov_len: raw.count - start)
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
          return sendmsg(descriptor, &header, Int32(MSG_NOSIGNAL))
        }
      }
    }
  }

  /// Nearly every message comes whole in one piece of this size.
  private static let pieceBytes = 4096

  /// The next message and the descriptor that came with it. `deadline` is on the monotonic clock.
  ///
  /// Question and answer alternate, so whatever lies in the socket belongs to this message.
  func receive(until deadline: ContinuousClock.Instant?) throws(Failure) -> (
    message: [UInt8], attached: Int32?
  ) {
    var attached: Int32?
    do throws(Failure) {
      var bytes = [UInt8](repeating: 0, count: Self.pieceBytes)
      var done = try receive(into: &bytes, from: 0, atLeast: 8, until: deadline, &attached)
      var reader = WireReader(Array(bytes[..<8]))
      guard let count = try? reader.int(), (0...Self.limit).contains(count), done <= count + 8 else {
        throw Failure.closed
      }
      bytes.removeSubrange(..<8)
      if bytes.count < count { bytes += [UInt8](repeating: 0, count: count - bytes.count) }
      bytes.removeLast(bytes.count - count)
      done -= 8
      if done < count {
        _ = try receive(into: &bytes, from: done, atLeast: count - done, until: deadline, &attached)
      }
      return (bytes, attached)
    } catch {
      if let attached { close(attached) }
      throw error
    }
  }

  /// Fills `bytes` from `start` on with at least so many bytes, and tells how many.
  private func receive(
    into bytes: inout [UInt8], from start: Int, atLeast wanted: Int,
    until deadline: ContinuousClock.Instant?, _ attached: inout Int32?
  ) throws(Failure) -> Int {
    var done = 0
    while done < wanted {
      try wait(until: deadline)
      let got = receivePart(&bytes, from: start + done, &attached)
      if got > 0 {
        done += got
      } else if got == 0 || (errno != EINTR && errno != EAGAIN) {
        throw .closed
      }
    }
    return done
  }

  private func receivePart(_ bytes: inout [UInt8], from start: Int, _ attached: inout Int32?) -> Int {
    var found: Int32?
    let got = bytes.withUnsafeMutableBytes { raw -> Int in
      var part = iovec(iov_base: raw.baseAddress.map { $0 + start }, iov_len: raw.count - start)
      return withUnsafeMutablePointer(to: &part) { part in
        withUnsafeTemporaryAllocation(byteCount: Self.controlBytes, alignment: 8) { control in
          control.initializeMemory(as: UInt8.self, repeating: 0)
          var header = msghdr()
          header.msg_iov = part
          header.msg_iovlen = 1
          header.msg_control = control.baseAddress
          header.msg_controllen = Self.controlBytes
          let got = recvmsg(descriptor, &header, Int32(MSG_CMSG_CLOEXEC))
          if got > 0, header.msg_controllen >= 20,
            control.load(fromByteOffset: 12, as: Int32.self) == Self.scmRights
          {
            found = control.load(fromByteOffset: 16, as: Int32.self)
          }
          return got
        }
      }
    }
    if let found {
      if let earlier = attached { close(earlier) }
      attached = found
    }
    return got
  }

  private func wait(until deadline: ContinuousClock.Instant?) throws(Failure) {
    while true {
      var milliseconds: Int32 = -1
      if let deadline {
        let left = ContinuousClock.now.duration(to: deadline)
        guard left > .zero else { throw .timedOut }
        milliseconds = Int32(
          clamping: left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1)
      }
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let count = poll(&entry, 1, milliseconds)
      if count > 0 { return }
      if count < 0 && errno != EINTR { throw .closed }
    }
  }
}
