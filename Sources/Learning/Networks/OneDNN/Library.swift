import COneDNN
import Glibc

/// The one CPU engine. It has no state that changes, and the library documents it as safe to share.
struct Engine: @unchecked Sendable {
  let handle: dnnl_engine_t

  static let shared: Result<Engine, NetworkError> = {
    OpenMPPolicy.useOneThread()
    var handle: dnnl_engine_t?
    let status = dnnl_engine_create(&handle, dnnl_cpu, 0)
    guard status == dnnl_success, let handle else {
      return .failure(
        .library(call: "dnnl_engine_create", status: Int(status.rawValue), context: "the CPU engine"))
    }
    return .success(Engine(handle: handle))
  }()

  static func get() throws(NetworkError) -> dnnl_engine_t { try shared.get().handle }
}

func check(
  _ status: dnnl_status_t, _ call: String, _ context: @autoclosure () -> String
) throws(NetworkError) {
  guard status == dnnl_success else {
    throw .library(call: call, status: Int(status.rawValue), context: context())
  }
}

/// An execution stream: one for each executor, never shared between threads.
final class Stream {
  let handle: dnnl_stream_t

  init() throws(NetworkError) {
    var handle: dnnl_stream_t?
    let status = dnnl_stream_create(&handle, try Engine.get(), UInt32(dnnl_stream_default_flags.rawValue))
    try check(status, "dnnl_stream_create", "a stream")
    guard let handle else { throw .library(call: "dnnl_stream_create", status: 0, context: "no stream") }
    self.handle = handle
  }

  deinit { dnnl_stream_destroy(handle) }
}

/// Memory the library likes: aligned to pages, zero to begin with.
final class AlignedBuffer: @unchecked Sendable {
  let bytes: UnsafeMutableRawPointer
  let count: Int

  init(byteCount: Int) {
    count = max(byteCount, 64)
    bytes = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: count >= 1 << 16 ? 4096 : 64)
    bytes.initializeMemory(as: UInt8.self, repeating: 0, count: count)
  }

  convenience init(_ values: [Float]) {
    self.init(byteCount: values.count * 4)
    floats.update(from: values, count: values.count)
  }

  deinit { bytes.deallocate() }

  var floats: UnsafeMutablePointer<Float> { bytes.assumingMemoryBound(to: Float.self) }
}
