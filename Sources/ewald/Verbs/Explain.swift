import Analysis
import LiveSession

let explainVerb = Verb(
  name: "explain", operands: "CODE…",
  summary: "what a code or a word of the screen means and what to do: ewald explain 2PK",
  options: [],
  run: { arguments in
    guard !arguments.operands.isEmpty else {
      for code in ReasonCode.allCases { Console.line("\(code.rawValue)\t\(code.explanation)") }
      for (word, meaning) in Explanation.words { Console.line("\(word)\t\(meaning)") }
      return .ok
    }
    for word in arguments.operands { Console.line("\(word): \(try Explanation.of(word))") }
    return .ok
  })

/// What the words of the list and of the status line mean.
enum Explanation {
  static let words: [(String, String)] = [
    ("accept", "The answer may be used."),
    ("doubtful", "The answer may be right; look at the reason."),
    ("foreign", "The model or the physics is not for this frame (out_of_domain)."),
    ("not_analysable", "There is no answer."),
    ("grow", "The file was seen and rests until it is surely finished."),
    ("wait", "Something is missing still: a sidecar, an end, a right to read."),
    ("next", "Finished, waits for its turn."),
    ("busy", "Being read or analysed."),
    ("BAD", "The file was refused; the result pane says why. It is tried again when it changes, and by R."),
    ("TIME", "Reading took too long and was given up."),
    ("gone", "The file is not there any more."),
    ("skip", "It was there at the start, and --existing skip was said."),
    ("same", "The content of another file, which is named."),
    ("lost", "Files that were gone before they could be read."),
    ("lag", "Seconds from a file's being ready to its result; of the oldest one while files wait."),
    ("HELD", "Someone moved: the screen stays where it is; +7 results came since. F follows again."),
    ("VIEW", "Someone else's session, looked on at by ewald view: nothing can be changed from here."),
    ("FOLLOW", "The screen shows the newest result."),
  ]

  static func of(_ word: String) throws -> String {
    if let code = ReasonCode(code: word.uppercased()) { return code.explanation }
    if let known = words.first(where: { $0.0.lowercased() == word.lowercased() }) { return known.1 }
    let all = ReasonCode.allCases.map(\.rawValue) + words.map(\.0)
    throw UsageError(
      "explain \(word): is no word of the screen\(Spelling.hint(word, among: all)); ewald explain lists them all"
    )
  }
}
