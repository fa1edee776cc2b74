import System

/// Whole files in and out, with this module's error.
package enum FileBytes {
  package static func read(_ path: String, limit: Int = 1 << 31) throws(NetworkError) -> [UInt8] {
    do {
      return try WholeFile.bytes(path, limit: limit)
    } catch {
      throw NetworkError(error)
    }
  }

  package static func write(_ bytes: [UInt8], to path: String) throws(NetworkError) {
    do {
      try NewFile.write(bytes, to: path)
    } catch {
      throw NetworkError(error)
    }
  }
}

extension NetworkError {
  package init(_ error: SystemError) {
    self = .file(path: error.path, reason: "cannot \(error.action): \(error.reason)")
  }
}
