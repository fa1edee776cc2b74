/// What a sweep can do many times: a verb of the program, as far as a plan has to know it.
package struct SweepTask: Sendable {
  /// `train pacbed`: the words that stand in front.
  package var name: String
  /// Its settings as a plan writes them (`voltage_kv`), and whether each takes a value.
  package var settings: [String: Bool]
  /// Those whose value may be a file, which goes into the sweep's folder.
  package var files: Set<String>
  /// Those that every part has to have.
  package var required: [String]
  /// Those that belong to the sweep.
  package var reserved: Set<String>
  /// Words that every part has: what makes the same part the same bytes.
  package var always: [String]
  /// Whether it can start from what another part learned.
  package var learns: Bool
  /// Throws where a part's words are wrong, in the verb's own sentence.
  package var check: @Sendable ([String]) throws -> Void

  package init(
    name: String, settings: [String: Bool], files: Set<String> = [], required: [String] = [],
    reserved: Set<String> = [], always: [String] = [], learns: Bool = false,
    check: @escaping @Sendable ([String]) throws -> Void
  ) {
    self.name = name
    self.settings = settings
    self.files = files
    self.required = required
    self.reserved = reserved
    self.always = always
    self.learns = learns
    self.check = check
  }

  /// The flags of those settings that may be files.
  package var fileFlags: Set<String> { Set(files.map(Self.flag)) }

  /// `voltage_kv` as `--voltage-kv`.
  static func flag(_ setting: String) -> String {
    "--" + setting.split(separator: "_", omittingEmptySubsequences: false).joined(separator: "-")
  }
}
