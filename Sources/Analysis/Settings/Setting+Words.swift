import Diffraction

// MARK: One of several words

extension Setting {
  /// The words are the type's raw values.
  package init(_ name: String, _ title: String, standard: Value)
  where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    let parameter = Parameter.choice(name, title, of: Value.self, standard: .text(standard.rawValue))
    self.init(parameter, standard: standard) { said throws(InvalidParameter) in
      try parameter.word(said, Value.self) ?? standard
    }
  }

  /// Open where nothing is said.
  package init<Choice>(_ name: String, _ title: String)
  where
    Value == Choice?, Choice: RawRepresentable & CaseIterable & Sendable, Choice.RawValue == String
  {
    let parameter = Parameter.choice(name, title, of: Choice.self, standard: .automatic)
    self.init(parameter, standard: nil) { said throws(InvalidParameter) in
      try parameter.word(said, Choice.self)
    }
  }
}

extension Setting where Value == Bool {
  /// `on` or `off`.
  package init(_ name: String, _ title: String, standard: Bool) {
    let word: (Bool) -> String = { $0 ? "on" : "off" }
    let parameter = Parameter(
      name: name, title: title, unit: "", domain: .choice(["on", "off"]), standard: .text(word(standard)))
    self.init(parameter, standard: standard) { said in said == .automatic ? standard : said != .text("off") }
  }
}

extension Parameter {
  fileprivate static func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, _ title: String, of type: Choice.Type, standard: ParameterValue
  ) -> Parameter where Choice.RawValue == String {
    Parameter(
      name: name, title: title, unit: "", domain: .choice(Choice.allCases.map(\.rawValue)),
      standard: standard)
  }

  fileprivate func word<Choice: RawRepresentable & CaseIterable>(
    _ said: ParameterValue, _ type: Choice.Type
  ) throws(InvalidParameter) -> Choice? where Choice.RawValue == String {
    if said == .automatic { return nil }
    guard case .text(let text) = said, let choice = Choice(rawValue: text) else {
      let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw InvalidParameter("\(name): \"\(said)\" is none of \(words)")
    }
    return choice
  }
}

// MARK: Text with a grammar

extension Setting {
  /// What is written is read by `parse`; nothing, and `auto`, is the standard. `isOpen`: the standard is shown as
  /// `auto`, not as an empty text.
  package init(
    _ name: String, _ title: String, unit: String = "", isOpen: Bool, standard: Value,
    parse: @escaping @Sendable (String) throws(InvalidParameter) -> Value
  ) {
    let parameter = Parameter(
      name: name, title: title, unit: unit, domain: .text, standard: isOpen ? .automatic : .text(""))
    self.init(parameter, standard: standard) { said throws(InvalidParameter) in
      let text = said.description
      if said == .automatic || text.isEmpty || text == ParameterValue.automaticWord { return standard }
      return try parse(text)
    }
  }
}

extension Setting where Value == String? {
  /// A name, of a model or of a material.
  package init(_ name: String, _ title: String) {
    self.init(name, title, isOpen: true, standard: nil) { text throws(InvalidParameter) in text }
  }
}

extension Setting where Value == ScanShape? {
  /// The shape of a scan whose file does not state it: `256x256`.
  package init(scan title: String, unit: String = "") {
    self.init("scan", title, unit: unit, isOpen: true, standard: nil) { text throws(InvalidParameter) in
      let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
      guard sides.count == 2, let width = sides[0], let height = sides[1], width > 0, height > 0 else {
        throw InvalidParameter("scan: \"\(text)\" is no shape such as 256x256")
      }
      return ScanShape(width: width, height: height)
    }
  }
}
