import Glibc

/// The program once more, for work that takes memory or seconds which the screen keeps for its keys.
package struct Errand: Sendable {
  /// Why it came to nothing.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  private let process: WorkerProcess

  /// Started at once, behind everything else that wants the processor. Nil where no process can be started.
  package init?(executable: String = "/proc/self/exe", _ arguments: [String]) {
    guard let process = WorkerProcess(executable: executable, arguments: arguments) else { return nil }
    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), UInt32(process.id), 10)
    self.process = process
  }

  /// What it said last, once it has ended. Cancelled, it is ended.
  package func run() async throws(Failure) -> String {
    let ending = await withTaskCancellationHandler {
      await process.finished()
    } onCancel: {
      process.end()
    }
    let said = ending.lastWords.text.split(separator: "\n").last.map(String.init) ?? ""
    guard ending.cause == .status(0) else {
      let isReport = if case .signal = ending.cause { true } else { said.isEmpty }
      throw Failure(description: isReport ? ending.lastWords.cause ?? ending.description : said)
    }
    return said
  }
}
