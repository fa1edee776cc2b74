import System
import Learning

extension PACBEDTraining {
  /// A digest of what must be the same for a checkpoint to be of use. The number of steps may change on the
  /// way.
  public func identity() throws(PACBEDError) -> String {
    var text = try domain.tableRequest().identity
    for b in motions { text += " \(b)" }
    for range in [domain.convergence, domain.thickness, domain.mistilt] {
      text += " \(range.lowerBound) \(range.upperBound)"
    }
    text += " \(batch) \(seed) \(widths) \(dense) \(peakRate)"
    return SHA256.hex(text.utf8)
  }

  /// Beside the checkpoint stands the digest of the training that it belongs to.
  public func write(_ checkpoint: Checkpoint, to path: String) throws(PACBEDError) {
    do {
      var checkpoint = checkpoint
      checkpoint.notes["training"] = try identity()
      try checkpoint.write(to: path)
    } catch let error as PACBEDError {
      throw error
    } catch {
      throw .storage("\(error)")
    }
  }

  /// The checkpoint of this very training; throws where it belongs to another one.
  public func checkpoint(file path: String) throws(PACBEDError) -> Checkpoint {
    let stored: Checkpoint
    do {
      stored = try Checkpoint(file: path)
    } catch {
      throw .storage("\(error)")
    }
    guard stored.notes["training"] == (try identity()) else {
      throw .storage("\(path): is the checkpoint of a training with other settings")
    }
    return stored
  }
}
