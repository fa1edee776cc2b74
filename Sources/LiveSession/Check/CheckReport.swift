/// What is wrong with a session file, if anything.
package struct CheckReport: Sendable, Equatable {
  /// A place in the file and what is wrong there.
  package struct Problem: Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable {
      /// A line that cannot be read.
      case unreadable
      /// Sequence numbers are missing: lines were lost.
      case gap
      /// A sequence number came again, or one that was passed already.
      case duplicate
      /// The bytes before a checkpoint are not those that were there when it was written.
      case digest
      /// A checkpoint counted other files or results than there are.
      case count
      /// A line speaks of a file or a result that no line before it made known.
      case unknown
    }

    package var kind: Kind
    package var line: Int
    package var offset: Int
    package var text: String

    package var description: String { "line \(line) (byte \(offset)): \(text)" }
  }

  package var path: String
  package var byteCount = 0
  package var lineCount = 0
  package var fileCount = 0
  package var resultCount = 0
  /// How often a later run of the program continued the session.
  package var resumeCount = 0
  /// Digests that agreed with the bytes before them.
  package var digestsVerified = 0
  /// Lines of types that a later version added.
  package var unknownTypes = 0
  /// The last line is an `end`.
  package var isClosed = false
  /// Where the unfinished last line begins: the program was stopped while it wrote. Told, not held against
  /// the session.
  package var tornTail: Int?
  /// Torn lines that a later run closed with a newline and went on behind.
  package var tornLines = 0
  package var hasSessionLine = false
  /// The first of them; `problemCount` counts all.
  package internal(set) var problems: [Problem] = []
  package internal(set) var problemCount = 0

  static let listLimit = 100

  package init(path: String) { self.path = path }

  /// Everything that was recorded is there and is what was written.
  package var isSound: Bool { hasSessionLine && problemCount == 0 }

  mutating func add(_ problem: Problem) {
    problemCount += 1
    if problems.count < Self.listLimit { problems.append(problem) }
  }

  /// A few plain lines for a person.
  package var text: String {
    var lines = [
      "\(path): \(isSound ? "sound" : "NOT SOUND")",
      "\(lineCount) lines, \(byteCount) bytes, \(fileCount) files, \(resultCount) results",
      "\(isClosed ? "closed" : "not closed"), continued \(times(resumeCount)), \(digestsVerified) digests verified",
    ]
    if !hasSessionLine { lines.append("no session line: not a session file") }
    if unknownTypes > 0 { lines.append("\(unknownTypes) lines of types that this version does not know") }
    if let tornTail {
      lines.append("byte \(tornTail): the last line is unfinished, the program was stopped while it wrote")
    }
    if tornLines > 0 {
      lines.append("\(tornLines) unfinished lines, behind which the session went on without loss of a number")
    }
    lines += problems.map(\.description)
    if problemCount > problems.count { lines.append("and \(problemCount - problems.count) more") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func times(_ count: Int) -> String {
    switch count {
    case 0: "never"
    case 1: "once"
    default: "\(count) times"
    }
  }
}
