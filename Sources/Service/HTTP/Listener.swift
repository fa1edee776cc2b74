import Glibc
import System

/// Where the service is spoken to: `127.0.0.1:8230`, `[::1]:8230`, `unix:PATH`.
package struct Listener: Sendable {
  package enum Place: Sendable, Equatable {
    case network(host: String, port: UInt16)
    case unix(path: String)
  }

  package let place: Place
  package let descriptor: Int32

  package static func place(_ text: String) -> Place? {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      // What the system can hold, with its end.
      return path.isEmpty || path.utf8.count > 107 ? nil : .unix(path: path)
    }
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
      return nil
    }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    return host.isEmpty ? nil : .network(host: host, port: port)
  }

  /// Whether only this machine can reach it.
  package static func isLocal(_ place: Place) -> Bool {
    switch place {
    case .unix: true
    case .network(let host, _): host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }
  }

  package init(_ place: Place) throws(SystemError) {
    switch place {
    case .network(let host, let port):
      descriptor = try Self.bind(host, port)
      self.place = .network(host: host, port: Self.port(of: descriptor) ?? port)
    case .unix(let path):
      descriptor = try Self.bind(path)
      self.place = place
    }
    guard listen(descriptor, 256) == 0 else { throw SystemError("\(place)", "listen on it") }
  }

  private static func bind(_ host: String, _ port: UInt16) throws(SystemError) -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let found else {
      throw SystemError("\(host):\(port)", "listen on it", .system(Errno(EADDRNOTAVAIL)))
    }
    defer { freeaddrinfo(found) }
    let descriptor = socket(found.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError("\(host):\(port)", "listen on it") }
    var on: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
    guard Glibc.bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else {
      let error = SystemError("\(host):\(port)", "listen on it")
      close(descriptor)
      throw error
    }
    return descriptor
  }

  private static func bind(_ path: String) throws(SystemError) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError(path, "listen on it") }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { room in
      room.copyBytes(from: path.utf8.prefix(room.count - 1))
    }
    func call(_ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
      withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
    }
    // A socket that nobody answers was left by a service that was killed.
    if FilePath.exists(path), call(connect) != 0, errno == ECONNREFUSED { unlink(path) }
    let before = umask(0o117)
    let result = call(Glibc.bind)
    umask(before)
    guard result == 0 else {
      let error = SystemError(path, "listen on it")
      close(descriptor)
      throw error
    }
    return descriptor
  }

  private static func port(of descriptor: Int32) -> UInt16? {
    var address = sockaddr_in6()
    var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    // The port lies at the same place for both families.
    return result == 0 ? UInt16(bigEndian: address.sin6_port) : nil
  }
}
