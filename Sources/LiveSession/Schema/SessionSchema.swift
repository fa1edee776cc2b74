/// The JSON Schema of the session file's lines. It is part of the program, so that it is there wherever the
/// program is.
package enum SessionSchema {
  package static let fileName = "ewald-session-1.schema.json"
  package static var text: String {
    String(decoding: PackageResources.ewald_session_1_schema_json, as: UTF8.self)
  }
}
