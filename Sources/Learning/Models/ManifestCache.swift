import Synchronization
import System

/// Manifests that were read: read again only where the file has changed. A list of models is asked for with every
/// frame.
final class ManifestCache: Sendable {
  static let shared = ManifestCache()

  private let known = Mutex<[String: (identity: FileIdentity, folder: ModelFolder)]>([:])

  func folder(_ path: String) throws(NetworkError) -> ModelFolder {
    // Looked at before it is read: what is written meanwhile has another identity.
    guard let identity = try? FileIdentity(path: "\(path)/\(ModelFolder.manifestFile)") else {
      return try ModelFolder(path: path)
    }
    if let found = known.withLock({ $0[path] }), found.identity == identity { return found.folder }
    let folder = try ModelFolder(path: path)
    known.withLock { $0[path] = (identity, folder) }
    return folder
  }
}
