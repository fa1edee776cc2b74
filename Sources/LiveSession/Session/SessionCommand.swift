import Diffraction

/// What an operator can ask of the session.
///
/// A command that depends on what is there (turn a mark round, go to the run before) says so and nothing more: the
/// session decides when its turn has come. The screen shows what was true a moment ago, and two keys typed
/// within that moment would otherwise ask for the same thing twice.
package enum SessionCommand: Sendable, Equatable {
  /// Marks, tags, notes, exclusions: one note for each file.
  case note(FileSelection, NoteRecord.Kind, String)
  /// Gives all of them the opposite of what the file `like` has.
  case toggle(FileFlag, FileSelection, like: Int)
  /// A new run of each file with these settings; nothing is overwritten.
  case reanalyse(FileSelection, engine: String, settings: [String: String])
  /// The same settings for every frame from now on.
  case setForFuture(engine: String, settings: [String: String])
  /// Makes another run the one that counts: so many later (earlier, if negative) than the one that counts now.
  case stepRun(fileID: Int, by: Int)
  case acknowledge(AlarmSelection)
  /// Tries refused files again, now.
  case retry(FileSelection)
}

/// Which files a command is about.
package enum FileSelection: Sendable, Equatable, ExpressibleByArrayLiteral {
  case these([Int])
  /// All that are marked when its turn comes; where none is, this one.
  case marked(otherwise: Int?)

  package init(arrayLiteral elements: Int...) { self = .these(elements) }
}

/// What one key switches on and off.
package enum FileFlag: Sendable, Equatable { case mark, exclusion }

package enum AlarmSelection: Sendable, Equatable { case oldest, all }

extension FileFlag {
  /// The note that turns it round for this file.
  func opposite(of row: FileRow) -> NoteRecord.Kind {
    switch self {
    case .mark: row.isMarked ? .unmark : .mark
    case .exclusion: row.isExcluded ? .include : .exclude
    }
  }
}

extension SessionState {
  /// The numbers of the files that are meant, of those that there are.
  package func numbers(of selection: FileSelection) -> [Int] {
    switch selection {
    case .these(let numbers): return numbers.filter { self[file: $0] != nil }
    case .marked(let other):
      let marked = files.filter { $0.isMarked && $0.status != nil }.map(\.id)
      return marked.isEmpty ? [other].compactMap { $0 }.filter { self[file: $0] != nil } : marked
    }
  }
}

/// What came of a command, in a few words for the screen.
package struct SessionReply: Sendable, Equatable {
  package var text: String
  /// It could not be done.
  package var isProblem: Bool

  package static func done(_ text: String) -> SessionReply { SessionReply(text: text, isProblem: false) }
  package static func refused(_ text: String) -> SessionReply { SessionReply(text: text, isProblem: true) }
}
