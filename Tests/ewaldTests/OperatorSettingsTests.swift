import Foundation
import TerminalUI
import Testing

import ewald

private func read(_ text: String) throws -> OperatorSettings {
  let folder = try TemporaryFolder()
  let path = "\(folder.path)/settings"
  try Data(text.utf8).write(to: URL(filePath: path))
  return try OperatorSettings(path: path)
}

@Test func themeKeysAndPresetsAreRead() throws {
  let settings = try read(
    """
    theme = light # for the day
    pictures = braille
    pixels = sixel
    mouse = yes
    bell = yes
    notice = yes
    key.mark = x Space
    preset.thin = pacbed convergence_mrad=19.5
    """)
  #expect(settings.theme == .light && settings.pictures == .braille && settings.bell && settings.notice)
  #expect(settings.pixels == .sixel && settings.mouse)
  #expect(settings.bindings == ["mark": [.char("x"), .char(" ")]])
  #expect(settings.presets.map(\.values) == [["convergence_mrad": "19.5"]])
}

@Test(
  arguments: [
    ("theme = drak", "is dark meant?"), ("thme = dark", "is theme meant?"),
    ("key.makr = x", "is mark meant?"),
    ("key.mark = Ctrl-Q", "is no key"), ("bell = perhaps", "yes, no"), ("pixels = kity", "is kitty meant?"),
    ("mouse = on", "yes, no"),
    ("theme = dark\ntheme = light", "twice"),
    ("key.mark = t", "t is mark and tag in every view"), ("preset.a = pacbde x=1", "an engine comes first"),
    ("preset.a = pacbed convergence=1", "is convergence_mrad meant?"),
    ("preset.a = pacbed convergence_mrad=much", "convergence_mrad"),
  ])
func whatIsNotUnderstoodIsRefusedInOneLine(_ text: String, _ why: String) {
  let error = #expect(throws: UsageError.self) { try read(text) }
  #expect(error?.description.contains(why) == true, "\(error?.description ?? "")")
  #expect(error?.description.contains("\n") == false)
}

@Test func theFileThatIsWrittenIsUnderstoodAndChangesNothing() throws {
  let settings = try read("preset.thin = pacbed convergence_mrad=19.5\nkey.mark = x\n")
  let again = try read(settings.file)
  #expect(again.bindings == settings.bindings && again.presets == settings.presets)
  #expect(try read(OperatorSettings().file).rows.allSatisfy { $0.origin == "standard" })
}

@Test func anOperatorsKeysGoBeforeTheStandardOnes() throws {
  var model = Model(
    size: Size(width: 80, height: 24), capabilities: SampleSession.capabilities(), title: "s",
    engines: Ewald.engines,
    settings: try read("key.mark = x\nkey.values = E\npreset.thin = pacbed convergence_mrad=19.5"))
  #expect(model.command(bound: .char("x"))?.id == "mark")
  #expect(model.command(bound: .char("m")) == nil)
  #expect(model.commandsHere.contains { $0.id == "preset-thin" })
  model.type("2")
  #expect(model.command(bound: .char("E"))?.id == "values")
}

@Test func presetsFillTheForm() throws {
  var model = SampleSession.model(
    settings: try read("preset.calm = frame drift_limit_px=9\npreset.thin = pacbed convergence_mrad=19.5"))
  model.type("r", "C-p")
  #expect(draw(model).text.contains("preset calm"))
  guard case .form(let form)? = model.overlay else {
    Issue.record("there is no form")
    return
  }
  #expect(form.changes == 1)
  #expect(
    form.fields.first { $0.isChanged }.map { [$0.parameter.name, $0.input.text] } == ["drift_limit_px", "9"])
  // Those of another engine are not offered; the next one is what holds now.
  model.type("C-p")
  guard case .form(let again)? = model.overlay else { return }
  #expect(again.changes == 0 && again.preset == nil)
  // Without presets it is an ordinary key.
  var plain = SampleSession.model()
  plain.type("r")
  #expect(!draw(plain).text.contains("preset"))
}

@Test func everyThemeDrawsTheSameWords() {
  var texts: Set<String> = []
  for name in Theme.Name.allCases {
    var model = SampleSession.model()
    model.theme = Theme(.trueColour, name)
    texts.insert(draw(model).text)
  }
  #expect(texts.count == 1)
}
