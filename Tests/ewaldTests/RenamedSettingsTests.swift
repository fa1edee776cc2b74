import Testing

import ewald

@Suite struct RenamedSettingsTests {
  @Test func `An old option is answered with today's, in one line`() throws {
    let run = try #require(verbs.first { $0.name == "run" })
    let words = ["--set", "drift_limit_px=2", "a.tif"]
    let error = #expect(throws: UsageError.self) { try Arguments(words[...], for: run) }
    #expect(
      error?.description
        == "run: --set is no option of it; each setting is a flag: --set NAME=VALUE is --NAME VALUE")
  }

  @Test func `Nothing in the table is a name of today, and what it leads to is there`() throws {
    let run = try #require(verbs.first { $0.name == "run" })
    for (old, renaming) in RenamedSettings.table {
      for verb in verbs {
        #expect(throws: UsageError.self, "\(verb.name) \(old)") { try Arguments([old, "x"][...], for: verb) }
      }
      _ = try Arguments([renaming.today, "1"][...], for: run)
    }
  }
}
