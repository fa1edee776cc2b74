import Foundation
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
