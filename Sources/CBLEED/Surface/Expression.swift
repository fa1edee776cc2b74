import Glibc

/// Arithmetic of a surface file: numbers, names, + - * /, brackets and `sqrt`.
indirect enum Expression: Sendable, Equatable {
  case number(Double)
  case name(String)
  case squareRoot(Expression)
  case sum(Expression, Expression)
  case difference(Expression, Expression)
  case product(Expression, Expression)
  case quotient(Expression, Expression)

  func value(_ names: [String: Double]) -> Double {
    switch self {
    case .number(let number): number
    case .name(let name): names[name] ?? .nan
    case .squareRoot(let a): a.value(names).squareRoot()
    case .sum(let a, let b): a.value(names) + b.value(names)
    case .difference(let a, let b): a.value(names) - b.value(names)
    case .product(let a, let b): a.value(names) * b.value(names)
    case .quotient(let a, let b): a.value(names) / b.value(names)
    }
  }

  var names: Set<String> {
    switch self {
    case .number: []
    case .name(let name): [name]
    case .squareRoot(let a): a.names
    case .sum(let a, let b), .difference(let a, let b), .product(let a, let b), .quotient(let a, let b):
      a.names.union(b.names)
    }
  }
}

/// Why a text is no expression.
struct ExpressionError: Error, Equatable {
  var reason: String
}

extension Expression {
  init(parsing text: Substring) throws(ExpressionError) {
    var parser = ExpressionParser(text)
    self = try parser.sum()
    guard parser.rest.isEmpty else {
      throw ExpressionError(reason: "\"\(parser.rest)\" is not expected here")
    }
  }
}

private struct ExpressionParser {
  var rest: Substring
  /// Brackets and signs nest; a file must not be able to exhaust the stack.
  var depth = 0

  init(_ text: Substring) { rest = text }

  mutating func take(_ characters: String) -> Character? {
    guard let first = rest.first, characters.contains(first) else { return nil }
    return rest.removeFirst()
  }

  mutating func sum() throws(ExpressionError) -> Expression {
    var result = try product()
    while let sign = take("+-") {
      let next = try product()
      result = sign == "+" ? .sum(result, next) : .difference(result, next)
    }
    return result
  }

  mutating func product() throws(ExpressionError) -> Expression {
    var result = try factor()
    while let sign = take("*/") {
      let next = try factor()
      result = sign == "*" ? .product(result, next) : .quotient(result, next)
    }
    return result
  }

  mutating func factor() throws(ExpressionError) -> Expression {
    depth += 1
    defer { depth -= 1 }
    guard depth < 50 else { throw ExpressionError(reason: "too many brackets or signs") }
    if take("-") != nil { return .difference(.number(0), try factor()) }
    if take("(") != nil {
      let inner = try sum()
      guard take(")") != nil else { throw ExpressionError(reason: "a bracket is not closed") }
      return inner
    }
    let word = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "_") }
    rest = rest.dropFirst(word.count)
    guard let first = word.first else {
      throw ExpressionError(reason: rest.isEmpty ? "an expression ends too early" : "\"\(rest)\" is no value")
    }
    guard first.isLetter else {
      guard let number = Double(word), number.isFinite else {
        throw ExpressionError(reason: "\"\(word)\" is no number")
      }
      return .number(number)
    }
    if word == "sqrt" {
      guard rest.first == "(" else { throw ExpressionError(reason: "sqrt needs a bracket") }
      return .squareRoot(try factor())
    }
    return .name(String(word))
  }
}
