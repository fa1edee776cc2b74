import Diffraction
import Foundation
import FrameFormats
import Testing

import ewald

private func settings(_ words: String...) throws -> [String: [String: String]] {
  let run = try #require(verbs.first { $0.name == "run" })
  return try EngineOptions.settings(try Arguments(words[...], for: run))
}

private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("ewald-test-\(UUID()).txt").path
  try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  defer { try? FileManager.default.removeItem(atPath: path) }
  try body(path)
}

@Test func everySettingOfAnEngineIsAFlag() throws {
  #expect(try settings("--drift-limit-px", "2")["frame"] == ["drift_limit_px": "2"])
  #expect(try settings("a.tif").isEmpty)
}

@Test func aFlagComesBeforeTheSettingsFile() throws {
  try withFile("# this beam time\ndrift_limit_px = 3 # loose\n\ndefect_limit_ppm=10\n") { path in
    let values = try settings("--settings", path, "--drift-limit-px=7")["frame"]
    #expect(values == ["drift_limit_px": "7", "defect_limit_ppm": "10"])
  }
}

@Test(arguments: ["no_such_setting = 1", "drift_limit_px = wide", "drift_limit_px", "drift_limit_px = -1"])
func aWrongLineOfASettingsFileIsRefusedInOneLine(_ line: String) throws {
  try withFile(line + "\n") { path in
    let error = #expect(throws: UsageError.self) { try settings("--settings", path) }
    #expect(error?.description.hasPrefix(path) == true)
    #expect(error?.description.contains("\n") == false)
    if line.hasPrefix("no") { #expect(error?.description.contains("drift_limit_px") == true) }
  }
}

@Test func aNameThatSeveralEnginesKnowBelongsToTheChosenOne() throws {
  let chosen = try settings("--engine", "pacbed", "--method", "network")
  #expect(chosen["pacbed"]?["method"] == "network")
  #expect(chosen["sped"]?["method"] == nil)
  // Without a choice it is the setting of whoever takes the value.
  #expect(try settings("--method", "nmf")["sped"]?["method"] == "nmf")
  #expect(throws: UsageError.self) { try settings("--engine", "sped", "--method", "network") }
  #expect(throws: UsageError.self) { try settings("--method", "nonsense") }
}

@Test func aMistypedFlagIsToldTheNearestAndNotFiftyNames() throws {
  let run = try #require(verbs.first { $0.name == "run" })
  let error = #expect(throws: UsageError.self) { try Arguments(["--materail", "x"][...], for: run) }
  #expect(error?.description == "run: --materail is no option of it; is --material meant?")
  let other = #expect(throws: UsageError.self) { try Arguments(["--xyzzy"][...], for: run) }
  #expect(other?.description == "run: --xyzzy is no option of it; ewald run --help lists them")
}

@Test func everyWordOfTheScreenIsExplained() async throws {
  for words in [["explain", "2pk"], ["explain", "SAT", "lag"], ["explain"]] {
    let outcome = try await Program.run(words)
    #expect(outcome.code == 0 && outcome.output.contains("."), "\(outcome)")
  }
  let unknown = try await Program.run(["explain", "SATT"])
  #expect(unknown.code == 2 && unknown.errors.contains("is SAT meant?"), "\(unknown)")
}

/// A folder's session goes on with its marks and settings, unless a new one is asked for.
@Test func theLastSessionOfAFolderGoesOn() async throws {
  let folder = try TemporaryFolder()
  let frames = try folder.sub("frames")
  try TIFFWriter.write([TIFFWriter.Page(SimulatedBeam(size: 64, seed: 3).frame(1))], to: "\(frames)/a.tif")
  let environment = ["XDG_DATA_HOME": folder.path]
  func watch(_ extra: String..., until words: String) async throws -> String {
    let watch = try Spawned(Program.path, ["watch", frames, "--line"] + extra, environment: environment)
    try await watch.said(words)
    watch.signal(SIGTERM)
    return try await watch.wait().output
  }
  #expect(try await watch("--drift-limit-px", "3", until: "a.tif: frame").contains("Session "))
  let second = try await watch("--drift-limit-px", "4", until: "is now 4")
  #expect(second.contains("continues on") && second.contains("drift_limit_px is now 4"), "\(second)")
  let third = try await watch("--new-session", until: "a.tif: frame")
  #expect(third.contains(" watches ") && !third.contains("continues on"))
}
