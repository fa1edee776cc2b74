/// A file that an engine makes beside its finding: segments, patterns, a table.
///
/// Engines know no file formats: they hand over images or bytes, and whoever runs them writes the file.
public struct Artifact: Sendable {
  public enum Content: Sendable {
    /// Pages of a TIFF file; the description goes to the first.
    case images([Pixels], description: String)
    case bytes([UInt8])
  }

  /// The key in the finding's `artifacts`: `segments`, `patterns`.
  public var role: String
  /// The file's name without a folder.
  public var file: String
  public var content: Content

  public init(role: String, file: String, content: Content) {
    self.role = role
    self.file = file
    self.content = content
  }
}
