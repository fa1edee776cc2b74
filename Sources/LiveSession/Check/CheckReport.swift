/// What is wrong with a session file, if anything.
public struct CheckReport: Sendable, Equatable {
  /// A place in the file and what is wrong there.
  public struct Problem: Sendable, Equatable, CustomStringConvertible {
    public enum Kind: String, Sendable {
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

    public var kind: Kind
    public var line: Int
    public var offset: Int
    public var text: String

    public var description: String { "line \(line) (byte \(offset)): \(text)" }
  }

  public var path: String
  public var byteCount = 0
  public var lineCount = 0
  public var fileCount = 0
  public var resultCount = 0
  /// How often a later run of the program continued the session.
  public var resumeCount = 0
  /// Digests that agreed with the bytes before them.
  public var digestsVerified = 0
  /// Lines of types that a later version added.
  public var unknownTypes = 0
  /// The last line is an `end`.
  public var isClosed = false
  /// Where the unfinished last line begins: the program was stopped while it wrote. Told, not held against
  /// the session.
  public var tornTail: Int?
  /// Torn lines that a later run closed with a newline and went on behind.
  public var tornLines = 0
  public var hasSessionLine = false
  /// The first of them; `problemCount` counts all.
  public internal(set) var problems: [Problem] = []
  public internal(set) var problemCount = 0

  static let listLimit = 100

  public init(path: String) { self.path = path }

  /// Everything that was recorded is there and is what was written.
  public var isSound: Bool { hasSessionLine && problemCount == 0 }

  mutating func add(_ problem: Problem) {
    problemCount += 1
    if problems.count < Self.listLimit { problems.append(problem) }
  }

  /// A few plain lines for a person.
  public var text: String {
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
