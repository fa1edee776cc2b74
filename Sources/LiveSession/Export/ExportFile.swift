import System

/// A file of an export: there when it is whole, with the digest of what was written into it.
final class ExportFile {
  private let file: NewFile
  private var hash = SHA256()

  init(path: String, overwrite: Overwrite) throws(SessionFileError) {
    do {
      file = try NewFile(path: path, overwrite: overwrite)
    } catch {
      throw SessionFileError(error)
    }
  }

  /// Bytes written so far.
  var byteCount: Int { file.byteCount }

  func write(_ bytes: [UInt8]) throws(SessionFileError) {
    hash.update(bytes)
    do {
      try file.write(bytes)
    } catch {
      throw SessionFileError(error)
    }
  }

  func write(_ text: String) throws(SessionFileError) { try write(Array(text.utf8)) }

  /// Gives the file its name and returns the SHA-256 of its bytes.
  @discardableResult
  func finish() throws(SessionFileError) -> String {
    do {
      try file.finish()
    } catch {
      throw SessionFileError(error)
    }
    return hash.hex()
  }
}

extension SessionFileError {
  /// Why an export cannot be written.
  init(_ error: SystemError) {
    self =
      error.cause == .exists
      ? SessionFileError(.exists, "\(error.path): exists already; --overwrite replaces it")
      : SessionFileError(.unwritable, error.description)
  }
}
