/// Names of earlier versions for what is called otherwise today. Who comes with an old command line or an old file is
/// told the name of today instead of a list; nothing old is taken silently. (Codes of reasons stand in session files
/// and are read there: `ReasonCode`.)
package enum RenamedSettings {
  /// By the old name: today's, and an example where the form has changed, too.
  package static let table: [String: Renaming] = [
    "--set": Renaming(
      today: "--drift-limit-px", form: "each setting is a flag: --set NAME=VALUE is --NAME VALUE")
  ]

  package struct Renaming: Sendable {
    /// An option or a setting that there is.
    package let today: String
    package let form: String
  }
}
