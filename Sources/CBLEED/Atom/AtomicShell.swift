/// A filled or partly filled shell: `3p2` is n = 3, l = 1 with two electrons.
package struct AtomicShell: Sendable, Equatable {
  package var n: Int
  package var l: Int
  package var electrons: Double

  package init(n: Int, l: Int, electrons: Double) {
    self.n = n
    self.l = l
    self.electrons = electrons
  }

  package init?(parsing text: some StringProtocol) {
    guard let letter = text.firstIndex(where: \.isLetter), let n = Int(text[..<letter]),
      let l = Array("spdf").firstIndex(of: text[letter]),
      let electrons = Double(text[text.index(after: letter)...]), n > l, n < 8, electrons > 0,
      electrons <= Double(4 * l + 2)
    else { return nil }
    self.init(n: n, l: l, electrons: electrons)
  }
}
