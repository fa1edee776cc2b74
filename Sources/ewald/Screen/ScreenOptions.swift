import TerminalUI

/// What is said of the screen on the command line.
enum ScreenOptions {
  static let pixels = Verb.Option(
    "--pixels", PixelChoice.allCases.map(\.rawValue).joined(separator: "|"),
    "pictures in true pixels or in characters (auto: what the terminal answers)")

  /// The operator's settings with what is said here.
  static func settings(_ arguments: Arguments) throws -> OperatorSettings {
    var settings = try OperatorSettings.current()
    settings.pixels = try arguments.choice(pixels.name, settings.pixels)
    // Said now goes before what was written once.
    if arguments.has(pixels.name) { settings.pictures = nil }
    return settings
  }
}
