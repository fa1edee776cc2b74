import Glibc

/// Whole files in and out, without Foundation.
package enum FileBytes {
  package static func read(_ path: String, limit: Int = 1 << 31) throws(NetworkError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path, "open") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(path, "stat") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .file(path: path, reason: "not a regular file") }
    let size = Int(status.st_size)
    guard size <= limit else { throw .file(path: path, reason: "\(size) bytes are too many") }
    var done = 0
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while done < size {
        let got = Glibc.read(descriptor, buffer.baseAddress.map { $0 + done }, size - done)
        if got < 0 && errno == EINTR { continue }
        if got <= 0 {
          code = got < 0 ? errno : 0
          break
        }
        done += got
      }
      count = done
    }
    guard done == size else {
      throw .file(path: path, reason: code == 0 ? "ended early" : String(cString: strerror(code)))
    }
    return bytes
  }

  /// Written beside its place, made durable and then renamed: a reader sees the old file or the new one.
  package static func write(_ pieces: [[UInt8]], to path: String) throws(NetworkError) {
    let draft = path + ".part"
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(draft, "create") }
    var isDone = false
    defer { if !isDone { unlink(draft) } }
    for piece in pieces {
      var done = 0
      while done < piece.count {
        let put = piece.withUnsafeBytes {
          Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done)
        }
        if put < 0 && errno == EINTR { continue }
        guard put > 0 else {
          let error = failure(draft, "write")
          close(descriptor)
          throw error
        }
        done += put
      }
    }
    let synced = fsync(descriptor)
    guard close(descriptor) == 0, synced == 0 else { throw failure(draft, "write") }
    guard rename(draft, path) == 0 else { throw failure(path, "rename") }
    isDone = true
  }

  private static func failure(_ path: String, _ action: String) -> NetworkError {
    .file(path: path, reason: "\(action): \(String(cString: strerror(errno)))")
  }
}
