import Testing
import Workers

/// Of `sh`, which stands for the program.
@Suite struct ErrandTests {
  private func said(_ script: String) async throws -> String {
    try await #require(Errand(executable: "/bin/sh", ["-c", script])).run()
  }

  private func failure(_ script: String) async -> String? {
    do {
      _ = try await said(script)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func whatItSaysLastIsItsAnswer() async throws {
    #expect(try await said("echo first >&2; echo second >&2") == "second")
    #expect(try await said("echo to nobody; true") == "")
  }

  @Test func aFailureSaysWhy() async {
    #expect(await failure("echo disk full >&2; exit 5") == "disk full")
    #expect(await failure("exit 5") == "ended with status 5")
    #expect(await failure("kill -9 $$") == "was ended by signal 9 (killed)")
  }

  @Test func aReportOfATrapBecomesOneLine() async {
    let words = "*** Swift runtime failure: Index out of range ***"
    #expect(await failure("echo '\(words)' >&2; echo more >&2; kill -ILL $$") == "Index out of range")
  }

  @Test func cancelledItEnds() async throws {
    let errand = try #require(Errand(executable: "/bin/sh", ["-c", "exec sleep 1000"]))
    let task = Task { try? await errand.run() }
    task.cancel()
    #expect(await task.value == nil)
  }

  @Test func aMissingProgramIsNotStarted() {
    #expect(Errand(executable: "/nonexistent/ewald", []) == nil)
  }
}
