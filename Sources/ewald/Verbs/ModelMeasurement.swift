import CLinux
import Glibc
import JSON
import Learning
import PACBED
import System

/// A PACBED network measured on fresh patterns.
struct ModelMeasurement {
  private let model: PACBEDModel
  private let count: Int
  private let seed: UInt64
  private let arguments: Arguments
  private let interruption = Interruption()

  init(_ name: String, _ library: ModelLibrary, _ arguments: Arguments) throws {
    model = try PACBEDModel(library.model(name, of: PACBEDModel.engine))
    count = Int(try arguments.number("--patterns", 2000, in: 20...1e6))
    seed = UInt64(try arguments.number("--seed", 1, in: 0...1e15))
    self.arguments = arguments
  }

  /// Says what it is worth, and with `--report` writes that down.
  func validate() throws -> ExitCode {
    let path = arguments["--report"]
    if let path, FilePath.exists(path) { throw UsageError("models: \(path) is there already") }
    if let parent = arguments["--progress"] {
      linux_end_with_parent(SIGKILL)
      guard parent == "\(getppid())" else { return .interrupted }
      // Nobody waits for it at a microscope.
      setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
    }
    guard let report = try measured() else { return stopped }
    if let path { try NewFile.write(Array(report.json.text.utf8), to: path) }
    return .ok
  }

  /// Writes it, with `--output`, with the temperatures that were found.
  func calibrate() throws -> ExitCode {
    let output = arguments["--output"]
    if let output, FilePath.exists(output) { throw UsageError("models: \(output) is there already") }
    guard let report = try measured() else { return stopped }
    guard let output else { return .ok }
    let command = (["ewald"] + CommandLine.arguments.dropFirst()).joined(separator: " ")
    let id = output.split(separator: "/").last.map(String.init) ?? output
    let written = try model.write(calibratedBy: report, command: command, id: id, to: output)
    Console.line("\(output): \(written.sha256)")
    return .ok
  }

  private var stopped: ExitCode {
    Console.message("stopped; nothing was written")
    return .interrupted
  }

  /// Nil where it was interrupted.
  private func measured() throws -> ValidationReport? {
    let (interruption, isTold) = (interruption, arguments.has("--progress"))
    do {
      let report = try model.validate(
        seed: seed, count: count, isCancelled: { interruption.came },
        table: { fraction in
          if isTold {
            Console.line(#"{"phase":"tables","progress":\#(fraction / 2)}"#)
          } else if isatty(2) == 1 {
            Console.write("\rtable \(Int(fraction * 100)) %\(fraction < 1 ? "" : "\r")", to: 2)
          }
        },
        progress: { fraction in
          if isTold { Console.line(#"{"phase":"validation","progress":\#(0.5 + fraction / 2)}"#) }
        })
      for row in report.rows { Console.line(row.line) }
      return report
    } catch PACBEDError.cancelled {
      return nil
    }
  }
}
