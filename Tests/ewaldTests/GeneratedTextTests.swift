import Foundation
import Testing

import ewald

/// Completions and the manual are made from the same lists as the help; the tools they are made for read them.
@Suite struct GeneratedTextTests {
  private func run(_ tool: String, _ arguments: [String], _ input: String) throws -> (
    code: Int32, output: String
  ) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: tool)
    process.arguments = arguments
    let (into, out) = (Pipe(), Pipe())
    process.standardInput = into
    process.standardOutput = out
    process.standardError = out
    try process.run()
    try into.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try into.fileHandleForWriting.close()
    let output = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }

  @Test func bashCompletesVerbsAndFlags() async throws {
    let script = try await Program.run(["completions", "bash"]).output
    let verbs = try run(
      "/bin/bash", [],
      script + "\nCOMP_WORDS=(ewald wa); COMP_CWORD=1; _ewald; echo ${COMPREPLY[@]}\n")
    #expect(verbs.output == "watch\n")
    let flags = try run(
      "/bin/bash", [],
      script + "\nCOMP_WORDS=(ewald watch --drift); COMP_CWORD=2; _ewald; echo ${COMPREPLY[@]}\n")
    #expect(flags.output == "--drift-limit-px\n")
  }

  @Test func everyVerbAndFlagIsInEveryText() async throws {
    for words in [["completions", "zsh"], ["completions", "fish"], ["manual"]] {
      let text = try await Program.run(words).output.replacing("\\-", with: "-")
      for verb in verbs where !verb.isHidden {
        #expect(text.contains(verb.name), "\(words)")
      }
      #expect(text.contains("drift-limit-px"), "\(words)")
    }
  }

  @Test(.enabled(if: access("/usr/bin/groff", X_OK) == 0, "groff is not installed"))
  func theManualIsCleanTroff() async throws {
    let page = try await Program.run(["manual"]).output
    let read = try run("/usr/bin/groff", ["-man", "-Tascii", "-ww", "-z"], page)
    #expect(read.code == 0 && read.output.isEmpty, "\(read.output)")
  }
}
