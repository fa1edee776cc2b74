import Foundation
import Testing

/// A validator for the keywords of JSON Schema (draft 2020-12) that the session's schema uses.
struct JSONSchema {
  static let keywords: Set<String> = [
    "$schema", "$id", "$ref", "$defs", "title", "description", "type", "required", "properties",
    "additionalProperties", "items", "enum", "const", "oneOf", "not", "minimum", "minLength", "pattern",
  ]

  private let root: [String: Any]

  init(_ text: String) throws {
    root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
  }

  /// Words of the schema that this validator would pass over in silence.
  var unknownKeywords: Set<String> { Self.unknown(in: root) }

  func accepts(_ line: some Sequence<UInt8>) -> Bool {
    guard let value = try? JSONSerialization.jsonObject(with: Data(line), options: .fragmentsAllowed) else {
      return false
    }
    return accepts(value, root)
  }

  private func accepts(_ value: Any, _ schema: [String: Any]) -> Bool {
    schema.allSatisfy { keyword, rule in
      switch keyword {
      case "$ref": accepts(value, resolve(rule as? String ?? ""))
      case "type": (rule as? [String] ?? [rule as? String ?? ""]).contains { Self.isType(value, $0) }
      case "required":
        (value as? [String: Any]).map { has in (rule as? [String] ?? []).allSatisfy { has[$0] != nil } }
          ?? true
      case "properties":
        (rule as? [String: [String: Any]] ?? [:]).allSatisfy { name, schema in
          (value as? [String: Any])?[name].map { accepts($0, schema) } ?? true
        }
      case "additionalProperties":
        (value as? [String: Any])?.allSatisfy { name, member in
          (schema["properties"] as? [String: Any])?[name] != nil
            || accepts(member, rule as? [String: Any] ?? [:])
        } ?? true
      case "items": (value as? [Any])?.allSatisfy { accepts($0, rule as? [String: Any] ?? [:]) } ?? true
      case "enum": (rule as? [Any] ?? []).contains { Self.equal($0, value) }
      case "const": Self.equal(rule, value)
      case "oneOf": (rule as? [[String: Any]] ?? []).count { accepts(value, $0) } == 1
      case "not": !accepts(value, rule as? [String: Any] ?? [:])
      case "minimum": (value as? NSNumber).map { $0.doubleValue >= rule as? Double ?? .infinity } ?? true
      case "minLength":
        (value as? String).map { $0.unicodeScalars.count >= rule as? Int ?? .max } ?? true
      case "pattern":
        (value as? String).map { $0.range(of: rule as? String ?? "", options: .regularExpression) != nil }
          ?? true
      default: true
      }
    }
  }

  private func resolve(_ reference: String) -> [String: Any] {
    reference.split(separator: "/").dropFirst().reduce(root) {
      $0[String($1)] as? [String: Any] ?? ["not": [:]]
    }
  }

  private static func isType(_ value: Any, _ type: String) -> Bool {
    switch type {
    case "object": value is [String: Any]
    case "array": value is [Any]
    case "string": value is String
    case "null": value is NSNull
    case "number": !(value is String) && value is NSNumber
    case "integer":
      !(value is String) && (value as? NSNumber).map { $0.doubleValue == $0.doubleValue.rounded() } == true
    default: false
    }
  }

  private static func equal(_ a: Any, _ b: Any) -> Bool {
    if let a = a as? String, let b = b as? String { return a == b }
    if let a = a as? NSNumber, let b = b as? NSNumber { return a == b }
    return false
  }

  private static func unknown(in schema: [String: Any]) -> Set<String> {
    var unknown: Set<String> = []
    for (keyword, rule) in schema {
      if !keywords.contains(keyword) { unknown.insert(keyword) }
      switch (keyword, rule) {
      case ("properties", let members as [String: [String: Any]]),
        ("$defs", let members as [String: [String: Any]]):
        for member in members.values { unknown.formUnion(Self.unknown(in: member)) }
      case ("oneOf", let choices as [[String: Any]]):
        for choice in choices { unknown.formUnion(Self.unknown(in: choice)) }
      case (_, let inner as [String: Any]): unknown.formUnion(Self.unknown(in: inner))
      default: break
      }
    }
    return unknown
  }
}
