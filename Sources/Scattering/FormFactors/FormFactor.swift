import Glibc  // exp

/// A family of fits to the electron scattering of atoms. Two independent ones check each other.
package enum FormFactorFamily: String, Sendable, Hashable, CaseIterable {
  case kirkland, lobato
}

/// The electron scattering factor of a neutral atom at rest, in Å (first Born approximation).
package struct FormFactor: Sendable, Hashable {
  package let element: Element
  package let family: FormFactorFamily
  private let terms: [Double]

  package init(_ element: Element, family: FormFactorFamily = .kirkland) {
    self.element = element
    self.family = family
    switch family {
    case .kirkland: terms = Self.numbers(of: element, in: kirklandTable, count: 12)
    case .lobato: terms = Self.numbers(of: element, in: lobatoTable, count: 10)
    }
  }

  /// At the spatial frequency whose square is `g2`, in 1/Å².
  package func callAsFunction(squaredFrequency g2: Double) -> Double {
    var f = 0.0
    switch family {
    case .kirkland:
      for i in 0..<3 {
        f += terms[2 * i] / (g2 + terms[2 * i + 1])
        f += terms[6 + 2 * i] * exp(-terms[7 + 2 * i] * g2)
      }
    case .lobato:
      for i in 0..<5 {
        let x = 1 + terms[5 + i] * g2
        f += terms[i] * (1 + x) / (x * x)
      }
    }
    return f
  }

  package func callAsFunction(_ g: Double) -> Double { self(squaredFrequency: g * g) }

  /// The numbers behind an element's symbol in a table of text.
  private static func numbers(of element: Element, in table: StaticString, count: Int) -> [Double] {
    table.withUTF8Buffer { text in
      let symbol = Array(element.symbol.utf8)
      var at = 0
      while at < text.count {
        // A symbol starts with a capital; numbers hold no capitals.
        guard text[at] >= 65, text[at] <= 90 else {
          at += 1
          continue
        }
        var end = at
        while end < text.count, text[end] > 32 { end += 1 }
        if text[at..<end].elementsEqual(symbol) {
          return text[end...].split(maxSplits: count, whereSeparator: { $0 <= 32 }).prefix(count).map {
            word in
            guard let value = Double(String(decoding: word, as: UTF8.self)) else {
              preconditionFailure("the table of \(element) holds numbers")
            }
            return value
          }
        }
        at = end
      }
      preconditionFailure("the table holds every element to lawrencium")
    }
  }
}
