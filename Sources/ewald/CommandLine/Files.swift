import Glibc

/// Files and folders as the verbs need them: small, and possibly not there.

/// The whole file; nil when it cannot be read or holds more than `limit` bytes.
func wholeFile(_ path: String, limit: Int = 1 << 30) -> [UInt8]? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 18)
  while bytes.count <= limit {
    let count = read(descriptor, &buffer, buffer.count)
    if count < 0, errno == EINTR { continue }
    guard count >= 0 else { return nil }
    if count == 0 { return bytes }
    bytes += buffer[..<count]
  }
  return nil
}

func readTextFile(_ path: String, limit: Int) -> String? {
  wholeFile(path, limit: limit).map { String(decoding: $0, as: UTF8.self) }
}

/// The names in a folder, in no order; none when it cannot be read.
func fileNames(in folder: String) -> [String] {
  guard let directory = opendir(folder) else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    names.append(
      withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      })
  }
  return names
}

/// The folder without `.`, `..` and links, so that a session knows it again from anywhere.
func realFolder(_ path: String) throws -> String {
  guard let resolved = realpath(path, nil) else {
    throw Failure("\(path): \(String(cString: strerror(errno)).lowercased())")
  }
  defer { free(resolved) }
  var status = stat()
  guard stat(resolved, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
    throw Failure("\(path): is not a folder")
  }
  return String(cString: resolved)
}
