import System
import Diffraction
import FrameFormats
import Foundation
import LiveSession
import Testing

import ewald

/// kill -9 at random moments while frames arrive: whatever was shown, however lately, is in the file, nothing
/// is there twice, and the next start goes on.
@Suite(.serialized)
struct CrashTests {
  @Test func killedTwoHundredTimesNothingIsLostAndNothingIsDouble() async throws {
    let folder = try TemporaryFolder()
    let frames = try folder.sub("frames")
    let session = "\(folder.path)/day.session.jsonl"
    var random = SplitMix64(seed: 99)
    var written = 0
    var known = 0
    for round in 0..<200 {
      let process = try Spawned(Program.path, ["watch", frames, "--session", session, "--line"])
      // The moment: after a random number of frames, and at a random point of the work on the last one.
      for _ in 0..<Int(1 + random.next() % 3) {
        written += 1
        let pixels = Pixels(width: 8, height: 8, values: (0..<64).map { UInt16(($0 * written) % 60_000) })
        try TIFFWriter.write([TIFFWriter.Page(pixels)], to: "\(frames)/\(written).tif")
      }
      try await Task.sleep(for: .microseconds(Int64(random.next() % 120_000)))
      process.signal(SIGKILL)
      let shown = try await process.wait().output.components(separatedBy: ": frame ").count - 1
      guard FileManager.default.fileExists(atPath: session) else { continue }
      let (state, problems) = try SessionFile(path: session).state()
      #expect(problems.allSatisfy { $0.reason.contains("torn") }, "round \(round): \(problems)")
      #expect(state.sequenceGaps <= problems.count, "round \(round)")
      // Nothing that was in the file before is missing now.
      #expect(state.resultCount >= known + shown, "round \(round)")
      known = state.resultCount
    }
    // A last run finds everything.
    let lines = try await watchUntilThere(frames, session, results: written)
    let (state, _) = try SessionFile(path: session).state()
    let paths = state.files.filter { $0.status == .done }.map(\.path)
    #expect(paths.count == written, "\(lines.suffix(500))")
    #expect(Set(paths).count == written)
    #expect(state.files.allSatisfy { $0.runs.count <= 1 })
    let check = try await Program.run(["check", session])
    #expect(check.code == 0)
  }

  /// Runs `watch --line` until as many results stand in the session, then ends it as an operator would.
  private func watchUntilThere(_ frames: String, _ session: String, results: Int) async throws -> String {
    let process = try Spawned(Program.path, ["watch", frames, "--session", session, "--line"])
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline, try SessionFile(path: session).state().state.resultCount < results {
      try await Task.sleep(for: .milliseconds(50))
    }
    process.signal(SIGTERM)
    return try await process.wait().output
  }

  @Test func aFullDiskIsToldAndNothingIsLostOnceThereIsRoom() async throws {
    let folder = try TemporaryFolder()
    let frames = try folder.sub("frames")
    let session = "\(folder.path)/day.session.jsonl"
    for number in 1...12 {
      let pixels = SimulatedBeam(size: 32, seed: 3).frame(number)
      try TIFFWriter.write([TIFFWriter.Page(pixels)], to: "\(frames)/\(number).tif")
    }
    // Blocks of 512 bytes: the file ends in the middle of a line.
    let process = try Spawned(
      "/bin/sh", ["-c", "ulimit -f 8; exec \(Program.path) watch \(frames) --session \(session) --line"])
    // Analysis goes on while lines wait in memory.
    let deadline = ContinuousClock.now + patience
    while process.output.components(separatedBy: "frame accept").count <= 12, ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(20))
    }
    process.signal(SIGTERM)
    let said = try await process.wait().output
    #expect(said.components(separatedBy: "frame accept").count == 13)
    let (before, problems) = try SessionFile(path: session).state()
    #expect(before.resultCount < 12)
    #expect(problems.count <= 1)
    // With room again, the session is continued and what was never written is done again.
    _ = try await watchUntilThere(frames, session, results: 12)
    let (after, _) = try SessionFile(path: session).state()
    #expect(after.files.filter { $0.status == .done && $0.runs.count >= 1 }.count == 12)
  }
}
