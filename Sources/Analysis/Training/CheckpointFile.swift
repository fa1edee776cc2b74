import Glibc  // unlink
import Learning
import System

/// Where a training keeps what it needs to go on: beside the model that it will become, with the digest of all that
/// must be the same for it to be of use.
package struct CheckpointFile: Sendable {
  package let path: String
  private let identity: String
  private static let note = "training"

  package init(beside output: String, identity: String) {
    path = output + ".checkpoint"
    self.identity = identity
  }

  /// Nil where nothing is kept; throws where it belongs to another training.
  package func read() throws(NetworkError) -> Checkpoint? {
    guard FilePath.exists(path) else { return nil }
    let kept = try Checkpoint(file: path)
    guard kept.notes[Self.note] == identity else {
      throw .file(path: path, reason: "is the checkpoint of a training with other settings")
    }
    return kept
  }

  package func write(_ checkpoint: Checkpoint) throws(NetworkError) {
    var checkpoint = checkpoint
    checkpoint.notes[Self.note] = identity
    try checkpoint.write(to: path)
  }

  /// When the model is there.
  package func remove() { unlink(path) }
}
