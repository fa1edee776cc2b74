/// Where a service answers: `https://host:port/prefix`, or `unix:PATH`.
package struct HTTPAddress: Sendable, Equatable, CustomStringConvertible {
  package enum Place: Sendable, Equatable {
    case network(host: String, port: UInt16, isSecure: Bool)
    case unix(path: String)
  }

  package let place: Place
  /// What stands before every path, as behind a proxy; without an end of its own.
  package let prefix: String

  package init?(_ text: String) {
    if text.hasPrefix("unix:") {
      guard case .unix(let path) = Listener.place(text) else { return nil }
      (place, prefix) = (.unix(path: path), "")
      return
    }
    let isSecure = text.hasPrefix("https://")
    guard isSecure || text.hasPrefix("http://") else { return nil }
    let rest = text.dropFirst(isSecure ? 8 : 7)
    let authority = rest.prefix { $0 != "/" }
    let path = rest[authority.endIndex...]
    guard path.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
    else { return nil }
    var host = authority
    var port: UInt16 = isSecure ? 443 : 80
    // The last colon, unless it belongs to an address in brackets.
    if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
      guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else { return nil }
      port = number
      host = authority[..<colon]
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard 1...253 ~= host.utf8.count,
      host.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "@") && $0 != UInt8(ascii: "/") })
    else { return nil }
    place = .network(host: String(host), port: port, isSecure: isSecure)
    prefix = String(path.hasSuffix("/") ? path.dropLast() : path)
  }

  /// For the `Host` header.
  var host: String {
    switch place {
    case .unix: "localhost"
    case .network(let host, let port, let isSecure):
      (host.contains(":") ? "[\(host)]" : host) + (port == (isSecure ? 443 : 80) ? "" : ":\(port)")
    }
  }

  package var description: String {
    switch place {
    case .unix(let path): "unix:\(path)"
    case .network(_, _, let isSecure): "\(isSecure ? "https" : "http")://\(host)\(prefix)"
    }
  }
}
