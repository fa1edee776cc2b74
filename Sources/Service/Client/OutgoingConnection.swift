import COpenSSL
import Glibc
import System

/// Why another service could not be asked, in a sentence.
package struct ConnectionError: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// Bytes to and from one service, through TLS where its address says so.
final class OutgoingConnection {
  private let descriptor: Int32
  private let address: HTTPAddress
  private var tls: (context: OpaquePointer, session: OpaquePointer)?

  /// What says nothing for so many seconds is gone.
  private static let patience = 30

  init(_ address: HTTPAddress, trust: String?) throws(ConnectionError) {
    self.address = address
    switch address.place {
    case .unix(let path):
      descriptor = try Self.connect(unix: path)
    case .network(let host, let port, _):
      descriptor = try Self.connect(host, port)
    }
    var limit = timeval(tv_sec: Self.patience, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    if case .network(let host, _, true) = address.place { tls = try secured(host, trust) }
  }

  deinit {
    if let tls {
      SSL_free(tls.session)
      SSL_CTX_free(tls.context)
    }
    close(descriptor)
  }

  func send(_ bytes: [UInt8]) throws(ConnectionError) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { rest in
        let most = Int32(clamping: rest.count)
        return if let tls { Int(SSL_write(tls.session, rest.baseAddress, most)) } else {
          Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
        }
      }
      if count <= 0 {
        if tls == nil, errno == EINTR { continue }
        throw ConnectionError("\(address): broke off while it was sent to")
      }
      sent += count
    }
  }

  /// What comes next; empty at the end.
  func read() throws(ConnectionError) -> [UInt8] {
    while true {
      var count = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, filled in
        if let tls {
          count = Int(SSL_read(tls.session, buffer.baseAddress, Int32(clamping: buffer.count)))
          // An end without a farewell is an end; what is too short is seen by its length.
          if count < 0, SSL_get_error(tls.session, Int32(count)) == SSL_ERROR_ZERO_RETURN { count = 0 }
        } else {
          count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        }
        filled = max(0, count)
      }
      if count >= 0 { return bytes }
      if tls == nil, errno == EINTR { continue }
      throw ConnectionError("\(address): said nothing for \(Self.patience) s, or broke off")
    }
  }

  // MARK: - Opening

  private static func connect(_ host: String, _ port: UInt16) throws(ConnectionError) -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, "\(port)", &hints, &found)
    guard code == 0 else {
      throw ConnectionError("\(host): \(String(cString: gai_strerror(code)))")
    }
    defer { freeaddrinfo(found) }
    var reason = Errno(EADDRNOTAVAIL)
    var next = found
    while let entry = next {
      let descriptor = socket(entry.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      if descriptor >= 0 {
        if isConnected(descriptor, entry.pointee.ai_addr, entry.pointee.ai_addrlen) { return descriptor }
        reason = Errno(errno)
        close(descriptor)
      }
      next = entry.pointee.ai_next
    }
    throw ConnectionError("\(host):\(port): cannot connect: \(reason)")
  }

  /// Within ten seconds, where the system itself would wait for minutes.
  private static func isConnected(
    _ descriptor: Int32, _ address: UnsafePointer<sockaddr>?, _ size: socklen_t
  ) -> Bool {
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    defer { _ = fcntl(descriptor, F_SETFL, flags) }
    if Glibc.connect(descriptor, address, size) == 0 { return true }
    guard errno == EINPROGRESS else { return false }
    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    guard poll(&ready, 1, 10_000) > 0 else {
      errno = ETIMEDOUT
      return false
    }
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
    errno = code
    return code == 0
  }

  private static func connect(unix path: String) throws(ConnectionError) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { room in
      room.copyBytes(from: path.utf8.prefix(room.count - 1))
    }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else {
      let reason = Errno(errno)
      close(descriptor)
      throw ConnectionError("unix:\(path): cannot connect: \(reason)")
    }
    return descriptor
  }

  // MARK: - TLS

  /// Lists of authorities where the systems of the field keep them; OpenSSL looks where the system that built it did.
  private static let authorities = [
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
  ]

  private func secured(
    _ host: String, _ trust: String?
  ) throws(ConnectionError) -> (context: OpaquePointer, session: OpaquePointer) {
    guard let context = SSL_CTX_new(TLS_client_method()) else {
      throw ConnectionError("\(address): TLS cannot be begun")
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    if let trust {
      guard SSL_CTX_load_verify_file(context, trust) == 1 else {
        SSL_CTX_free(context)
        throw ConnectionError("\(trust): holds no certificates in PEM form")
      }
    } else {
      SSL_CTX_set_default_verify_paths(context)
      for path in Self.authorities where FilePath.exists(path) { SSL_CTX_load_verify_file(context, path) }
    }
    guard let session = SSL_new(context) else {
      SSL_CTX_free(context)
      throw ConnectionError("\(address): TLS cannot be begun")
    }
    // The name in the certificate must be the one that was asked for: an address counts as one, too.
    let isNamed =
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1
      || (SSL_set1_host(session, host) == 1 && tls_name(session, host) == 1)
    guard isNamed, SSL_set_fd(session, descriptor) == 1, SSL_connect(session) == 1 else {
      let verdict = SSL_get_verify_result(session)
      SSL_free(session)
      SSL_CTX_free(context)
      let reason =
        verdict == Int(X509_V_OK)
        ? "no TLS is spoken there" : String(cString: X509_verify_cert_error_string(verdict))
      throw ConnectionError("\(address): \(reason)")
    }
    return (context, session)
  }
}
