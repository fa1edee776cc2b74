import Dispatch
import Glibc
import Synchronization
import System

/// Damaged requests for a service that listens on a port of this machine. What it must not do: die, hang, or answer
/// a sound request between two damaged ones with anything but 200.
struct HTTPFuzz: Sendable {
  let port: UInt16
  let seed: UInt64
  /// Seconds that a connection waits for an answer to what may be half a request.
  private static let patience = 0.002
  private static let form =
    "--b\r\nContent-Disposition: form-data; name=\"settings\"\r\n\r\n{\"model\": \"x\", \"convergence_mrad\": 20}\r\n"
    + "--b\r\nContent-Disposition: form-data; name=\"parameters\"\r\n\r\n{\"file_params\":{\"typ\":\"raw\",\"dtype\":"
    + "\"uint8\",\"width\":4,\"height\":4},\"physical_params\":{\"acceleration_voltage\":80000,\"zone_axis\":{\"u\":0,"
    + "\"v\":0,\"w\":1},\"crystal_structure\":\"none\",\"convergence_angle\":20}}\r\n"
    + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.raw\"\r\n\r\n0123456789abcdef\r\n--b--\r\n"

  /// One of each kind; trainings name a crystal that there is not.
  static let requests: [[UInt8]] = {
    func head(_ line: String, _ more: [String] = []) -> String {
      ([line + " HTTP/1.1", "Host: localhost"] + more).joined(separator: "\r\n") + "\r\n\r\n"
    }
    let gets = [
      "/", "/app.js", "/api/v1", "/api/v1/openapi.json", "/api/v1/engines", "/api/v1/models",
      "/api/v1/models/rutile-80kv",
      "/api/v1/models/rutile-80kv/network.ewald", "/api/v1/tickets",
      "/api/v1/tickets/01a2216b-9033-7544-937f-f13e5e71cdaf",
      "/api/v1/requests?limit=3", "/api/v1/sessions", "/api/v1/sessions/a?rows=5",
      "/api/v1/sessions/a/events?from=1",
      "/api/v1/sessions/a/files/1", "/inference/delayed/x", "/pattern/?crystal_structure=none&thickness=10",
    ].map { head("GET \($0)") }
    let type = "Content-Type: multipart/form-data; boundary=b"
    let training =
      #"{"crystal":"none","voltage_kv":80,"convergence_mrad":[15,25],"zone":[0,0,1],"cif":"data_x"}"#
    let posts = ["/api/v1/analyses", "/api/v1/descriptions", "/inference/"].map { path in
      head("POST \(path)", [type, "Content-Length: \(form.utf8.count)"]) + form
    }
    let json =
      head(
        "POST /api/v1/tickets", ["Content-Type: application/json", "Content-Length: \(training.utf8.count)"])
      + training
    let chunked =
      head("POST /api/v1/analyses", [type, "Transfer-Encoding: chunked"])
      + "\(String(form.utf8.count, radix: 16))\r\n\(form)\r\n0\r\n\r\n"
    let others = [
      head("DELETE /api/v1/tickets/x"), head("HEAD /"), head("OPTIONS *"),
      head("GET /", ["Authorization: Bearer x"]),
      head("GET /", ["Origin: http://localhost"]),
      head("POST /inference/", ["Expect: 100-continue", "Content-Length: 9"]),
    ]
    return (gets + posts + [json, chunked] + others).map { Array($0.utf8) }
  }()

  /// Returns how many requests were sent, or what went wrong.
  func run(_ executions: Range<Int>, threads: Int = 32) -> Result<Int, FuzzFailure> {
    let attack = Attack(first: executions.lowerBound)
    let ended = DispatchSemaphore(value: 0)
    var started = 0
    // They mostly wait: for answers to halves of requests there is none.
    for _ in 0..<threads {
      let isStarted = DetachedThread.start {
        while attack.failure.withLock({ $0 == nil }) {
          let number = attack.next.add(1, ordering: .relaxed).oldValue
          guard number < executions.upperBound else { break }
          attempt(number, attack)
        }
        ended.signal()
      }
      if isStarted { started += 1 }
    }
    for _ in 0..<started { ended.wait() }
    let failure = attack.failure.withLock { $0 }
    if let text = failure { return .failure(FuzzFailure(description: text)) }
    return .success(executions.count)
  }

  private final class Attack: Sendable {
    let next: Atomic<Int>
    let failure = Mutex<String?>(nil)

    init(first: Int) { next = Atomic(first) }
  }

  private func attempt(_ number: Int, _ attack: Attack) {
    var mutator = Mutator(random: Random(seed: seed, execution: UInt64(number)))
    let all = Self.requests
    let one = all[mutator.random.below(all.count)]
    send(mutator.mutate(one, other: all[mutator.random.below(all.count)]))
    if number % 1000 == 0, !isSound() {
      attack.failure.withLock { $0 = "after execution \(number) a sound request is not answered with 200" }
    }
  }

  struct FuzzFailure: Error { let description: String }

  private func connect() -> Int32? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if result == 0 { return descriptor }
    close(descriptor)
    return nil
  }

  private func send(_ bytes: [UInt8]) {
    guard let descriptor = connect() else { return }
    // A reset, so that a million connections do not wait for their ports.
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    var wait = timeval(tv_sec: 0, tv_usec: Int(Self.patience * 1e6))
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    var buffer = [UInt8](repeating: 0, count: 4096)
    _ = read(descriptor, &buffer, buffer.count)
    close(descriptor)
  }

  private func isSound() -> Bool {
    guard let descriptor = connect() else { return false }
    defer { close(descriptor) }
    let request = Array("GET /api/v1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
    _ = request.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    var wait = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = read(descriptor, &buffer, buffer.count), count > 0 { answer += buffer[..<count] }
    return answer.starts(with: Array("HTTP/1.1 200".utf8))
  }
}
