import Diffraction
import FrameFormats
import Foundation
import LiveSession
import System
import Testing

import ewald

/// An engine that traps, hangs, eats memory or is killed costs a frame its answer and nothing else: the real
/// program, with the engine that does so on demand.
@Suite(.serialized, .enabled(if: !System.Program.isSanitized, "memory is not bounded under a sanitizer"))
struct IsolationTests {
  private let folder: TemporaryFolder
  private let frames: String
  private let session: String

  init() throws {
    folder = try TemporaryFolder()
    frames = try folder.sub("frames")
    session = "\(folder.path)/day.session.jsonl"
  }

  /// What a drill's first pixel asks for.
  private enum Fault: UInt16, CaseIterable {
    case none, trap, hang, hunger, exit, abort, recursion
  }

  /// `number` makes every frame another.
  @discardableResult
  private func write(_ fault: Fault, delay: UInt16 = 0, number: Int) throws -> String {
    let pixels = Pixels(width: 4, height: 1, values: [fault.rawValue, delay, UInt16(number), 7])
    let path = "\(frames)/\(1000 + number).tif"
    try TIFFWriter.write([TIFFWriter.Page(pixels)], to: path)
    return path
  }

  private let limits = ["--engine", "drill", "--max-memory", "256", "--give-up-after", "4"]

  @Test func `Every fault is a row with its reason, and the next frame is answered`() async throws {
    let faults: [(Fault, String)] = [
      (.trap, "illegal instruction"), (.hang, "no sign of life"), (.hunger, "more memory than it may have"),
      (.exit, "status 9"), (.abort, "signal 6"), (.recursion, "signal"),
    ]
    var paths: [String] = []
    for (number, fault) in faults.enumerated() {
      paths.append(try write(fault.0, number: 2 * number))
      paths.append(try write(.none, number: 2 * number + 1))
    }
    let data = "\(folder.path)/data"
    // On a busy machine eating memory takes its time, too, and is no hang.
    let outcome = try await Program.run(
      ["run"] + limits.dropLast() + ["12", "--json"] + paths, environment: ["XDG_DATA_HOME": data])
    #expect(outcome.code == 3, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n")
    try #require(lines.count == paths.count, "\(outcome.output)")
    for (index, fault) in faults.enumerated() {
      #expect(lines[2 * index].contains("DIED") && lines[2 * index].contains(fault.1), "\(lines[2 * index])")
      #expect(lines[2 * index + 1].contains(#""verdict":"accept""#), "\(lines[2 * index + 1])")
    }
    let reports = try String(contentsOfFile: "\(data)/ewald/sessions/incidents.txt", encoding: .utf8)
    #expect(reports.contains("1000.tif is not tried again") && reports.contains("engine: drill"))
  }

  @Test func `A session lives through every fault, in order, and its replay finds the same`() async throws {
    for number in 0..<3 { try write(.none, number: number) }
    try write(.trap, number: 3)
    try write(.none, number: 4)
    try write(.exit, number: 5)
    try write(.hang, number: 6)
    try write(.none, number: 7)
    let process = try Spawned(
      Program.path, ["watch", frames, "--session", session, "--line"] + limits)
    try await waitForResults(8)
    process.signal(SIGTERM)
    let said = try await process.wait()
    #expect(said.code == 0)
    let (state, problems) = try SessionFile(path: session).state()
    #expect(problems.isEmpty && state.isClosed)
    let codes = state.files.map { $0.run.map { "\($0.verdict) \($0.codes.joined())" } ?? "" }
    #expect(
      codes.count { $0.hasPrefix("accept") } == 5 && codes.count { $0.contains("DIED") } == 3, "\(codes)")
    #expect(state.files.allSatisfy { $0.runs.count == 1 })
    #expect(said.output.contains("3.tif is not tried again"))
    #expect(FileManager.default.fileExists(atPath: "\(folder.path)/day.incidents.txt"))
    let verified = try await Program.run(["replay", session, "--verify", "--give-up-after", "4"])
    #expect(verified.code == 0 && verified.output.contains("8 results: 8 same"), "\(verified.output)")
  }

  @Test func `Kills of the analysing process lose no frame, double none and keep the order`() async throws {
    let kills = ProcessInfo.processInfo.environment["EWALD_KILLS"].flatMap { Int($0) } ?? 25
    let process = try Spawned(
      Program.path, ["watch", frames, "--session", session, "--line", "--engine", "drill"])
    var random = SplitMix64(seed: 5)
    var written = 0
    var killed = 0
    let deadline = ContinuousClock.now + patience * 5
    while killed < kills, ContinuousClock.now < deadline {
      try write(.none, delay: UInt16(random.next() % 60), number: written)
      written += 1
      try await Task.sleep(for: .milliseconds(Int64(20 + random.next() % 200)))
      let victims = Self.analysts(of: process.process)
      let heard = process.output.utf8.count
      guard let victim = victims.randomElement(using: &random), kill(victim, SIGKILL) == 0 else { continue }
      killed += 1
      // A frame whose process is killed again and again is given up: on a busy machine the next kill waits until
      // something was answered since. What was there may all have been answered before, so there is one more.
      try write(.none, delay: UInt16(random.next() % 60), number: written)
      written += 1
      while process.output.utf8.count == heard, ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(5))
      }
    }
    try await waitForResults(written)
    process.signal(SIGTERM)
    let said = try await process.wait()
    #expect(said.code == 0 && killed == kills)
    let (state, problems) = try SessionFile(path: session).state()
    #expect(problems.isEmpty && state.sequenceGaps == 0)
    #expect(state.files.count == written && state.resultCount == written)
    // One that was killed twice is given up, and says so; on a busy machine that may happen to a few.
    let died = state.files.count { $0.run?.codes == ["DIED"] }
    #expect(state.files.allSatisfy { $0.runs.count == 1 } && 5 * died <= kills, "\(died) given up")
    #expect(state.files.count { $0.run?.verdict == .accept } == written - died)
    // Frames of one name after the other were answered one after the other, but for the two in flight.
    #expect(said.output.components(separatedBy: "process ").count > 1)
  }

  private func waitForResults(_ count: Int) async throws {
    let deadline = ContinuousClock.now + patience * 2
    while ContinuousClock.now < deadline {
      if let state = try? SessionFile(path: session).state().state, state.resultCount >= count { return }
      try await Task.sleep(for: .milliseconds(30))
    }
  }

  private static func analysts(of parent: pid_t) -> [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.sorted().filter { id in
      guard let status = try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8),
        status.contains("PPid:\t\(parent)\n"),
        let command = try? String(contentsOfFile: "/proc/\(id)/cmdline", encoding: .utf8)
      else { return false }
      return command.contains("analysis-worker")
    }
  }
}
