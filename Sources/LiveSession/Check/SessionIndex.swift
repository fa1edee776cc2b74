/// Where the lines of a session's files and results are, so that one at a time can be read in full.
struct SessionIndex {
  enum Step {
    case file(id: Int, offset: Int)
    case result(offset: Int)
  }

  private(set) var folder = ""
  /// Lines that say what a file held, and results, in the file's order.
  private(set) var steps: [Step] = []
  private(set) var results: [Identifier: Int] = [:]
  private(set) var problems: [LineProblem] = []
  private var latest: [Int: Int] = [:]

  init(_ session: SessionFile) {
    var index = SessionIndex()
    index.problems = session.forEachEvent(.summary) { index.take($0.event, $1) }.filter { !$0.isTornTail }
    self = index
  }

  private init() {}

  private mutating func take(_ event: SessionEvent?, _ offset: Int) {
    switch event {
    case .session(let record), .resume(let record): folder = record.folders.first ?? folder
    case .file(let record):
      latest[record.fileID] = offset
      if record.content != nil { steps.append(.file(id: record.fileID, offset: offset)) }
    case .result(let record):
      results[record.resultID] = offset
      steps.append(.result(offset: offset))
    default: break
    }
  }

  func latestLine(ofFile id: Int) -> Int? { latest[id] }
}
