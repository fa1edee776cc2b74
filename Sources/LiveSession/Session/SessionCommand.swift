import Diffraction

/// What an operator can ask of the session.
public enum SessionCommand: Sendable, Equatable {
  /// Marks, tags, notes, exclusions: one note for each file.
  case note([Int], NoteRecord.Kind, String)
  /// A new run of each file with these settings; nothing is overwritten.
  case reanalyse([Int], engine: String, settings: [String: String])
  /// The same settings for every frame from now on.
  case setForFuture(engine: String, settings: [String: String])
  /// Makes another run the one that counts.
  case accept(fileID: Int, run: Int)
  /// `*` is every alarm.
  case acknowledge(String)
  /// Tries a refused file again, now.
  case retry([Int])
}
