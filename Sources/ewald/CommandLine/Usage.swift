/// The help texts, made from the list of verbs.
enum Usage {
  static var overview: String {
    var text = """
      ewald watches the folder of an electron microscope and shows what every frame means.

      usage: ewald VERB …

      """
    for verb in verbs where !verb.isHidden {
      text += "  \(pad(verb.name + " " + verb.operands, 24)) \(verb.summary)\n"
    }
    text += """

      ewald VERB --help tells a verb's options. Start with: ewald demo
      Exit codes: 0 all well, 1 failed, 2 wrong usage, 3 some inputs refused, 130 interrupted.
      """
    return text
  }

  static func text(_ verb: Verb) -> String {
    if !verb.kinds.isEmpty {
      return "usage: ewald \(verb.name) \(verb.operands)\n\n\(verb.summary)\n"
        + verb.kinds.map { "\n\(verb.name) \($0.name): \($0.summary)\n" + options($0) }.joined()
    }
    var text = "usage: ewald \(verb.name) \(verb.operands)\n\n\(verb.summary)\n"
    if !verb.options.isEmpty { text += "\n" + options(verb) }
    return text
  }

  private static func options(_ verb: Verb) -> String {
    var text = ""
    for option in verb.options {
      let name = option.value.map { "\(option.name) \($0)" } ?? option.name
      text += "  \(pad(name, 28)) \(option.summary)\n"
    }
    return text
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
