import CMicroHTTPD
import Glibc

/// What the library calls for every request: its head, each piece of its body, its end.
let heard: MHD_AccessHandlerCallback = { server, connection, url, method, _, data, size, context in
  guard let server, let connection, let url, let method, let size, let context else { return .NO }
  let host = Unmanaged<HTTPServer>.fromOpaque(server).takeUnretainedValue()
  let link = Connection(pointer: connection)
  guard let kept = context.pointee else {
    guard
      let method = RequestHead.Method(
        rawValue: String(cString: method) == "HEAD" ? "GET" : String(cString: method))
    else { return send(Refusal(405, "GET, POST and DELETE are understood").response, link, host) }
    let head = RequestHead(
      method, String(cString: url), query: values(of: link, .GET_ARGUMENT_KIND),
      headers: values(of: link, .HEADER_KIND), client: client(of: link))
    let exchange = Exchange(host, link, head)
    context.pointee = Unmanaged.passRetained(exchange).toOpaque()
    return exchange.earlyAnswer.map { send($0, link, host) } ?? .YES
  }
  let exchange = Unmanaged<Exchange>.fromOpaque(kept).takeUnretainedValue()
  if size.pointee > 0 {
    let isWanted = exchange.take(UnsafeRawBufferPointer(start: data, count: size.pointee))
    size.pointee = 0
    return isWanted ? .YES : .NO
  }
  return exchange.whole().map { send($0, link, host) } ?? .YES
}

private func send(_ response: Response, _ connection: Connection, _ server: HTTPServer) -> MHD_Result {
  let made: OpaquePointer?
  switch response.body {
  case .bytes(let bytes):
    made = bytes.withUnsafeBytes {
      MHD_create_response_from_buffer(
        $0.count, UnsafeMutableRawPointer(mutating: $0.baseAddress), .RESPMEM_MUST_COPY)
    }
  case .stream(let stream):
    let feed = Unmanaged.passRetained(StreamFeed(stream, connection, server)).toOpaque()
    // The library's word for "of unknown size".
    made = MHD_create_response_from_callback(
      .max, 16 << 10,
      { feed, _, buffer, size in
        guard let feed else { return -1 }
        return Unmanaged<StreamFeed>.fromOpaque(feed).takeUnretainedValue().fill(
          UnsafeMutableRawBufferPointer(start: buffer, count: size))
      }, feed,
      { feed in
        if let feed { Unmanaged<StreamFeed>.fromOpaque(feed).takeRetainedValue().close() }
      })
  }
  guard let made else { return .NO }
  defer { MHD_destroy_response(made) }
  for (name, value) in [("Content-Type", response.type)] + SecurityHeaders.all + response.headers {
    MHD_add_response_header(made, name, value)
  }
  return MHD_queue_response(connection.pointer, UInt32(clamping: response.status), made)
}

/// What every answer carries.
private enum SecurityHeaders {
  static let all = [
    (
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store"),
    ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
  ]
}

private final class Pairs {
  var values: [String: String] = [:]
}

private func values(of connection: Connection, _ kind: MHD_ValueKind) -> [String: String] {
  let pairs = Pairs()
  withExtendedLifetime(pairs) {
    _ = MHD_get_connection_values(
      connection.pointer, kind,
      { pairs, kind, name, value in
        guard let pairs, let name else { return .NO }
        let found = Unmanaged<Pairs>.fromOpaque(pairs).takeUnretainedValue()
        let text = String(cString: name)
        found.values[kind == .HEADER_KIND ? text.lowercased() : text] =
          value.map { String(cString: $0) } ?? ""
        return .YES
      }, Unmanaged.passUnretained(pairs).toOpaque())
  }
  return pairs.values
}

private func client(of connection: Connection) -> String {
  guard let address = cmhd_client(connection.pointer) else { return "" }
  let size =
    address.pointee.sa_family == sa_family_t(AF_INET6)
    ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
  guard [AF_INET, AF_INET6].contains(Int32(address.pointee.sa_family)) else { return "" }
  var text = [CChar](repeating: 0, count: 64)
  guard getnameinfo(address, socklen_t(size), &text, 64, nil, 0, NI_NUMERICHOST) == 0 else { return "" }
  return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
