import Glibc
import JSON
import Testing

/// Speaks HTTP/1.1 over a Unix socket, as plainly as can be: also wrongly, where a test wants that.
struct Client {
  struct Reply {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]
    var json: JSONValue { (try? JSONValue(body)) ?? .null }
    var error: String { json["error"]?.string ?? String(decoding: body, as: UTF8.self) }
  }

  struct Unreachable: Error {}

  let path: String

  func connect() throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else {
      close(descriptor)
      throw Unreachable()
    }
    return descriptor
  }

  func send(_ bytes: [UInt8], on descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// What comes until the other side closes.
  func rest(of descriptor: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = Glibc.read(descriptor, &buffer, buffer.count), count > 0 {
      bytes += buffer[..<count]
    }
    return bytes
  }

  /// Reads until the text stands in what came.
  func read(_ descriptor: Int32, until text: String) -> String {
    var said = ""
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while !said.contains(text), case let count = Glibc.read(descriptor, &buffer, buffer.count), count > 0 {
      said += String(decoding: buffer[..<count], as: UTF8.self)
    }
    return said
  }

  static func head(_ method: String, _ target: String, _ headers: [(String, String)]) -> [UInt8] {
    let lines = (["Host: localhost", "Connection: close"] + headers.map { "\($0.0): \($0.1)" }).joined(
      separator: "\r\n")
    return Array("\(method) \(target) HTTP/1.1\r\n\(lines)\r\n\r\n".utf8)
  }

  func ask(
    _ method: String, _ target: String, _ headers: [(String, String)] = [], body: [UInt8]? = nil
  ) throws -> Reply {
    let descriptor = try connect()
    defer { close(descriptor) }
    let length = body.map { [("Content-Length", "\($0.count)")] } ?? []
    send(Self.head(method, target, headers + length) + (body ?? []), on: descriptor)
    return try Self.reply(rest(of: descriptor))
  }

  static func reply(_ bytes: [UInt8]) throws -> Reply {
    let end = try #require(bytes.indices.first { bytes[$0...].starts(with: [13, 10, 13, 10]) })
    let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let pair = line.split(separator: ":", maxSplits: 1)
      headers[pair[0].lowercased()] = pair.count > 1 ? pair[1].drop { $0 == " " }.description : ""
    }
    let status = try #require(Int(lines[0].split(separator: " ")[1]))
    return Reply(status: status, headers: headers, body: Array(bytes[(end + 4)...]))
  }

  func get(_ target: String) throws -> Reply { try ask("GET", target) }

  func post(_ target: String, json: JSONValue) throws -> Reply {
    try ask("POST", target, [("Content-Type", "application/json")], body: json.bytes)
  }

  /// A form as Python's `requests` makes it.
  func post(
    _ target: String, file: [UInt8], named name: String, fields: [String: String] = [:],
    headers: [(String, String)] = []
  ) throws -> Reply {
    let form = Form(file: file, name: name, fields: fields)
    return try ask("POST", target, [("Content-Type", form.type)] + headers, body: form.body)
  }
}

struct Form {
  let type = "multipart/form-data; boundary=0f3b1cd5e0fd4c57"
  var body: [UInt8] = []

  init(file: [UInt8], name: String, fields: [String: String] = [:]) {
    for (field, value) in fields.sorted(by: { $0.key < $1.key }) {
      body += Array(
        "--0f3b1cd5e0fd4c57\r\nContent-Disposition: form-data; name=\"\(field)\"\r\n\r\n\(value)\r\n".utf8)
    }
    body += Array(
      "--0f3b1cd5e0fd4c57\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n\r\n".utf8
    )
    body += file + Array("\r\n--0f3b1cd5e0fd4c57--\r\n".utf8)
  }
}

extension Client {
  /// A ticket once nothing is done for it any more. A training may take as long as the machine lets it.
  func settled(_ ticket: String) throws -> JSONValue {
    while true {
      let answer = try get("/api/v1/tickets/\(ticket)").json
      guard let state = answer["state"]?.string, ["queued", "running"].contains(state) else { return answer }
      usleep(5000)
    }
  }
}
